/** clear_actions: empties the action set. Mirrors CLEAR_ACTIONS of lib/ofp-actions.c; OpenFlow 1.5.1 §5.5. */
import type { ActionKind } from './action-kind.js';

export interface ClearActionsAction {
  readonly kind: 'clear_actions';
}

export const clearActionsAction: ActionKind<ClearActionsAction> = {
  kind: 'clear_actions',
  names: ['clear_actions'],

  parse() {
    return { kind: 'clear_actions' };
  },

  format() {
    return 'clear_actions';
  },

  validate() {
    return null;
  },

  translate(_action, context) {
    context.clearActions();
  },

  inVersion(action, version) {
    return version === 10 ? [] : [action];
  },

  wire: [],

  instruction: {
    type: 5,
    size: 4,
    decode: () => ({ kind: 'clear_actions' }),
    encode: (_action, body) => body.zeros(4),
  },
};
