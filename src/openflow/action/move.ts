/** move:SOURCE->DESTINATION: copies bits of a field. Mirrors REG_MOVE of lib/ofp-actions.c; OpenFlow 1.5.1 §7.2.6.8. */
import { UserError } from '../../report/user-error.js';
import { formatFieldText } from '../field-text.js';
import { readValue, valueOnes } from '../field-value.js';
import { formatHex } from '../number-text.js';
import { NO_PORT_NAMES } from '../ports.js';
import {
  checkDestination,
  checkSource,
  copySubfield,
  fieldWidth,
  formatSubfield,
  parseSubfield,
  readSubfield,
  type Subfield,
  scanSubfield,
} from '../subfield.js';
import type { TranslateContext } from '../translate-context.js';
import type { ActionKind } from './action-kind.js';
import { nicira, onf, openflow, requireZeros } from '../wire/action/action-form.js';
import { decodeUnmaskedField, requireBits, requireWritableBits } from '../wire/action/subfield-bytes.js';
import { encodeFieldHeader, type HeaderStyle } from '../wire/match/index.js';
import type { ByteReader } from '../wire/byte-reader.js';
import type { ByteWriter } from '../wire/byte-writer.js';
import type { WireContext } from '../wire/message-kind.js';

export interface MoveAction {
  readonly kind: 'move';
  readonly source: Subfield;
  readonly destination: Subfield;
  /** It came as the copy-field of the ONF or of OpenFlow 1.5. */
  readonly wireForm?: 'copy_field';
}

/** SOURCE->DESTINATION. */
export function parseMove(argument: string): MoveAction {
  const { subfield: source, rest } = scanSubfield(argument);
  if (!rest.startsWith('->')) throw new UserError(`${argument}: missing \`->' following source`);
  const destination = parseSubfield(rest.slice(2));
  if (source.bits !== destination.bits) {
    throw new UserError(
      `${argument}: source field is ${source.bits} bits wide but destination is ${destination.bits} bits wide`,
    );
  }
  return { kind: 'move', source, destination };
}

/** Bits, the two offsets, bytes that do not count, the two fields. */
function decodeMove(
  body: ByteReader,
  context: WireContext,
  { gap, wireForm }: { readonly gap: number; readonly wireForm?: 'copy_field' },
): MoveAction {
  const [bits, from, to] = [body.u16(), body.u16(), body.u16()];
  body.skip(gap);
  const source = { field: decodeUnmaskedField(body, context), offset: from, bits };
  const destination = { field: decodeUnmaskedField(body, context), offset: to, bits };
  requireZeros(body, body.remaining, 'NXBRC_MUST_BE_ZERO');
  requireBits(source);
  requireWritableBits(destination);
  return { kind: 'move', source, destination, ...(wireForm === undefined ? {} : { wireForm }) };
}

function encodeMove(
  { source, destination }: MoveAction,
  body: ByteWriter,
  { gap, style }: { readonly gap: number; readonly style: HeaderStyle },
): void {
  body.u16(destination.bits);
  body.u16(source.offset);
  body.u16(destination.offset);
  body.zeros(gap);
  encodeFieldHeader(source.field, style, false, body);
  encodeFieldHeader(destination.field, style, false, body);
}

export const moveAction: ActionKind<MoveAction> = {
  kind: 'move',
  names: ['move'],

  parse: parseMove,

  format({ source, destination }) {
    return `move:${formatSubfield(source)}->${formatSubfield(destination)}`;
  },

  validate({ source, destination }, { match }) {
    return checkSource(source, match) ?? checkDestination(destination, match);
  },

  translate({ source, destination }, context) {
    copySubfield(source, destination, context.flow, context.wc);
    noteSubfield(destination, context);
  },

  wire: [
    {
      codes: [openflow(28, 15)],
      size: 12,
      grows: true,
      decode: (body, context) => decodeMove(body, context, { gap: 2, wireForm: 'copy_field' }),
      encode: (action, body, { version }) => encodeMove(action, body, { gap: 2, style: version }),
    },
    {
      codes: [onf(3200, 13, 14)],
      size: 14,
      grows: true,
      carries: ({ wireForm }, version) => version === 13 && wireForm === 'copy_field',
      decode(body, context) {
        body.skip(2);
        return decodeMove(body, context, { gap: 2, wireForm: 'copy_field' });
      },
      encode(action, body, { version }) {
        body.zeros(2);
        encodeMove(action, body, { gap: 2, style: version });
      },
    },
    {
      codes: [nicira(6, 10, 14)],
      size: 6,
      grows: true,
      decode: (body, context) => decodeMove(body, context, { gap: 0 }),
      encode: (action, body) => encodeMove(action, body, { gap: 0, style: 'nxm' }),
    },
  ],
};

/** `NXM_NX_REG0[] is now 0x5` in the trace. */
export function noteSubfield(subfield: Subfield, context: TranslateContext): void {
  const { field, offset, bits } = subfield;
  const isWhole = offset === 0 && bits >= fieldWidth(field);
  const value = isWhole
    ? formatFieldText(field, readValue(context.flow, field), valueOnes(field), NO_PORT_NAMES)
    : formatHex(readSubfield(context.flow, subfield));
  context.note(`${formatSubfield(subfield)} is now ${value}`);
}
