/** exit: no further action, of this rule or of those that resubmitted to it. Mirrors EXIT of lib/ofp-actions.c. */
import type { ActionKind } from './action-kind.js';
import { emptyForm, nicira } from '../wire/action/action-form.js';

export interface ExitAction {
  readonly kind: 'exit';
}

export const exitAction: ActionKind<ExitAction> = {
  kind: 'exit',
  names: ['exit'],

  parse() {
    return { kind: 'exit' };
  },

  format() {
    return 'exit';
  },

  validate() {
    return null;
  },

  translate(_action, context) {
    context.exit();
  },

  wire: [emptyForm([nicira(17)], () => ({ kind: 'exit' }))],
};
