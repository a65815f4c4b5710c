/** output:FIELD[BITS]: to the port whose number stands in the packet's field. Mirrors OUTPUT_REG of lib/ofp-actions.c. */
import { UserError } from '../../report/user-error.js';
import { maskValue } from '../field-value.js';
import { checkSource, formatSubfield, packedSubfield, readSubfield, type Subfield, subfieldMask } from '../subfield.js';
import type { ActionKind } from './action-kind.js';

export interface OutputRegAction {
  readonly kind: 'output_reg';
  readonly source: Subfield;
  readonly maxLen: number;
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
};
