/**
 * load:VALUE->FIELD[BITS]: writes bits of a field. Mirrors SET_FIELD in its NXAST_REG_LOAD form (lib/ofp-actions.c): more
 * than 64 bits are several loads in text and on the wire, and OpenFlow 1.5 carries it as set_field.
 */
import { UserError } from '../../report/user-error.js';
import { formatFieldText } from '../field-text.js';
import { hasField, maskNetworkHeader, maskValue, valueOnes } from '../field-value.js';
import { formatHex, parseIntString } from '../number-text.js';
import { NO_PORT_NAMES } from '../ports.js';
import { formatSubfield, parseSubfield, type Subfield, subfieldMask, writeSubfield } from '../subfield.js';
import type { ActionKind } from './action-kind.js';
import { splitDestination } from './destination.js';
import { loadsOf, type SetFieldAction, setFieldAction } from './set-field.js';
import { OpenFlowError } from '../switch-connection.js';
import { nicira } from '../wire/action/action-form.js';
import {
  decodeNxmField,
  encodeNxmField,
  packBits,
  requireWritableBits,
  unpackBits,
} from '../wire/action/subfield-bytes.js';

export interface LoadAction {
  readonly kind: 'load';
  readonly destination: Subfield;
  readonly value: bigint;
}

/** The same write as a set_field. */
function asSetField({ destination, value }: LoadAction): SetFieldAction {
  const { field, offset } = destination;
  // The mask has the field's own bits only, so that a field of no whole bytes is masked even where it is written whole.
  return { kind: 'set_field', field, value: value << BigInt(offset), mask: subfieldMask(destination) };
}

/** In pieces of at most 64 bits. */
function pieces(action: LoadAction): readonly LoadAction[] {
  const { destination, value } = action;
  if (destination.bits <= 64) return [action];
  const list: LoadAction[] = [];
  for (let done = 0; done < destination.bits; done += 64) {
    const bits = Math.min(64, destination.bits - done);
    list.push({
      kind: 'load',
      destination: { field: destination.field, offset: destination.offset + done, bits },
      value: BigInt.asUintN(bits, value >> BigInt(done)),
    });
  }
  return list;
}

export const loadAction: ActionKind<LoadAction> = {
  kind: 'load',
  names: ['load'],

  parse(argument) {
    const { value: text, destination: place } = splitDestination(argument);
    const destination = parseSubfield(place);
    const { field, bits } = destination;
    const value = parseIntString(text, field.wireSize);
    if (!value.ok) throw new UserError(`${argument}: cannot parse integer value`);
    if (value.value >> BigInt(bits) !== 0n) {
      const shown = formatFieldText(field, value.value, valueOnes(field), NO_PORT_NAMES);
      throw new UserError(`${argument}: value ${shown} does not fit into ${bits} bits`);
    }
    return { kind: 'load', destination, value: value.value };
  },

  format(action) {
    return pieces(action)
      .map((piece) => `load:${formatHex(piece.value)}->${formatSubfield(piece.destination)}`)
      .join(',');
  },

  validate(action, context) {
    return setFieldAction.validate(asSetField(action), context);
  },

  translate({ destination, value }, context) {
    const { field } = destination;
    const { flow, wc } = context;
    if (!hasField(field, flow, wc)) {
      context.warn(`unmet prerequisites for ${field.name}, set_field ignored`);
      return;
    }
    maskNetworkHeader(field, flow, wc);
    maskValue(wc, field, subfieldMask(destination));
    writeSubfield(flow, destination, value);
  },

  refusal({ destination }) {
    return destination.field.writable ? null : 'OFPBAC_BAD_SET_ARGUMENT';
  },

  inVersion(action, version) {
    if (version >= 15) return [asSetField(action)];
    // What does not fit into a load goes in OVS's other form, whether it is the whole field or not.
    return loadsOf({ ...asSetField(action), wireForm: 'reg_load2' });
  },

  wire: [
    {
      codes: [nicira(7, 10, 14)],
      size: 14,
      decode(body, context) {
        const bits = unpackBits(body.u16());
        const destination = { field: decodeNxmField(body, context), ...bits };
        requireWritableBits(destination);
        const value = body.u64();
        if (value >> BigInt(destination.bits) !== 0n) throw new OpenFlowError('OFPBAC_BAD_ARGUMENT');
        return { kind: 'load', destination, value };
      },
      encode({ destination, value }, body) {
        body.u16(packBits(destination));
        encodeNxmField(destination.field, body);
        body.u64(value);
      },
    },
  ],
};
