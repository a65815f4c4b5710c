/** output:FIELD[BITS]: to the port whose number stands in the packet's field. Mirrors OUTPUT_REG of lib/ofp-actions.c. */
import { UserError } from '../../report/user-error.js';
import { maskValue } from '../field-value.js';
import {
  checkSource,
  formatSubfield,
  hasNxmHeader,
  packedSubfield,
  readSubfield,
  type Subfield,
  subfieldMask,
} from '../subfield.js';
import type { ActionKind } from './action-kind.js';
import { nicira, requireZeros } from '../wire/action/action-form.js';
import { encodeFieldHeader } from '../wire/match/index.js';
import {
  decodeNxmField,
  decodeUnmaskedField,
  encodeNxmField,
  packBits,
  requireBits,
  unpackBits,
} from '../wire/action/subfield-bytes.js';

export interface OutputRegAction {
  readonly kind: 'output_reg';
  readonly source: Subfield;
  readonly maxLen: number;
  /** It came in the form that has room for the number of any field. */
  readonly wireForm?: 'output_reg2';
}

export const outputRegAction: ActionKind<OutputRegAction> = {
  kind: 'output_reg',
  // The output action's text gives rise to it.
  names: [],

  parse(argument) {
    throw new UserError(`${argument}: output to unknown port`);
  },

  format(action) {
    return `output:${formatSubfield(action.source)}`;
  },

  validate(action, context) {
    return checkSource(action.source, context.match);
  },

  translate(action, context) {
    const port = readSubfield(context.flow, action.source);
    if (port > 0xffffn) {
      context.warn(`output port ${port} is out of range`);
      return;
    }
    context.note(`output port is ${port}`);
    maskValue(context.wc, action.source.field, subfieldMask(action.source));
    context.output(Number(port), action.maxLen);
  },

  // The wire has six bits for a width less one, and the bits of a larger one become part of the offset.
  inVersion(action) {
    return [{ ...action, source: packedSubfield(action.source) }];
  },

  wire: [
    {
      codes: [nicira(15)],
      size: 14,
      carries: ({ source, wireForm }) => wireForm === undefined && hasNxmHeader(source.field),
      decode(body, context) {
        const bits = unpackBits(body.u16());
        const [nxm, maxLen] = [body.part(4), body.u16()];
        requireZeros(body, 6, 'OFPBAC_BAD_ARGUMENT');
        const source = { field: decodeNxmField(nxm, context), ...bits };
        requireBits(source);
        return { kind: 'output_reg', source, maxLen };
      },
      encode({ source, maxLen }, body) {
        body.u16(packBits(source));
        encodeNxmField(source.field, body);
        body.u16(maxLen);
      },
    },
    {
      codes: [nicira(32)],
      size: 14,
      decode(body, context) {
        const bits = unpackBits(body.u16());
        const maxLen = body.u16();
        const source = { field: decodeUnmaskedField(body, context), ...bits };
        requireZeros(body, body.remaining, 'NXBRC_MUST_BE_ZERO');
        requireBits(source);
        return { kind: 'output_reg', source, maxLen, wireForm: 'output_reg2' };
      },
      encode({ source, maxLen }, body) {
        body.u16(packBits(source));
        body.u16(maxLen);
        encodeFieldHeader(source.field, 'nxm', false, body);
      },
    },
  ],
};
