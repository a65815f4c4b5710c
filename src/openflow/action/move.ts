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

export interface MoveAction {
  readonly kind: 'move';
  readonly source: Subfield;
  readonly destination: Subfield;
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
