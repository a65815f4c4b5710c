/**
 * check_pkt_larger(SIZE)->FIELD[BIT]: sets a bit when the packet is longer than SIZE bytes.
 * Mirrors CHECK_PKT_LARGER of lib/ofp-actions.c.
 */
import { UserError } from '../../report/user-error.js';
import { parseU16 } from '../number-text.js';
import { formatSubfield, parseSubfield, type Subfield } from '../subfield.js';
import type { ActionKind } from './action-kind.js';
import { splitDestination } from './destination.js';
import { nicira, requireZeros } from '../wire/action/action-form.js';
import { decodeUnmaskedField, requireWritableBits } from '../wire/action/subfield-bytes.js';
import { encodeFieldHeader } from '../wire/match/index.js';

export interface CheckPktLargerAction {
  readonly kind: 'check_pkt_larger';
  readonly size: number;
  /** One bit. */
  readonly destination: Subfield;
}

export const checkPktLargerAction: ActionKind<CheckPktLargerAction> = {
  kind: 'check_pkt_larger',
  names: ['check_pkt_larger'],

  parse(argument) {
    const { value, destination: place } = splitDestination(argument);
    const destination = parseSubfield(place);
    if (destination.bits !== 1) throw new UserError('Only 1-bit destination field is allowed');
    // OVS has no word for the number here, and prints what C prints for none.
    return { kind: 'check_pkt_larger', size: parseU16(value.replace(/\)$/, ''), '(null)'), destination };
  },

  format(action) {
    return `check_pkt_larger(${action.size})->${formatSubfield(action.destination)}`;
  },

  validate() {
    return null;
  },

  translate(action, context) {
    context.checkPacketLarger(action.size, action.destination);
  },

  refusal({ destination }) {
    return destination.field.writable ? null : 'OFPBAC_BAD_SET_ARGUMENT';
  },

  wire: [
    {
      codes: [nicira(49)],
      size: 14,
      grows: true,
      decode(body, context) {
        const [size, offset] = [body.u16(), body.u16()];
        const destination = { field: decodeUnmaskedField(body, context), offset, bits: 1 };
        requireZeros(body, body.remaining, 'NXBRC_MUST_BE_ZERO');
        requireWritableBits(destination);
        return { kind: 'check_pkt_larger', size, destination };
      },
      encode({ size, destination }, body) {
        body.u16(size);
        body.u16(destination.offset);
        encodeFieldHeader(destination.field, 'nxm', false, body);
      },
    },
  ],
};
