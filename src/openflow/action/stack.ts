/** push:FIELD[BITS] and pop:FIELD[BITS]: the translation's stack. Mirrors STACK_PUSH and STACK_POP of lib/ofp-actions.c. */
import { UserError } from '../../report/user-error.js';
import { checkDestination, checkSource, formatSubfield, type Subfield, scanSubfield } from '../subfield.js';
import type { ActionKind } from './action-kind.js';

export interface PushAction {
  readonly kind: 'push';
  readonly subfield: Subfield;
}

export interface PopAction {
  readonly kind: 'pop';
  readonly subfield: Subfield;
}

function parseArgument(argument: string): Subfield {
  const { subfield, rest } = scanSubfield(argument);
  if (rest !== '') throw new UserError(`${rest}: trailing garbage following push or pop`);
  return subfield;
}

export const pushAction: ActionKind<PushAction> = {
  kind: 'push',
  names: ['push'],

  parse(argument) {
    return { kind: 'push', subfield: parseArgument(argument) };
  },

  format(action) {
    return `push:${formatSubfield(action.subfield)}`;
  },

  validate(action, { match }) {
    return checkSource(action.subfield, match);
  },

  translate({ subfield }, context) {
    context.push(subfield.field, subfield.offset, subfield.bits);
  },
};

export const popAction: ActionKind<PopAction> = {
  kind: 'pop',
  names: ['pop'],

  parse(argument) {
    return { kind: 'pop', subfield: parseArgument(argument) };
  },

  format(action) {
    return `pop:${formatSubfield(action.subfield)}`;
  },

  validate(action, { match }) {
    return checkDestination(action.subfield, match);
  },

  translate({ subfield }, context) {
    context.pop(subfield.field, subfield.offset, subfield.bits);
  },
};
