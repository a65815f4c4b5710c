/** write_actions(…): adds to the action set. Mirrors WRITE_ACTIONS of lib/ofp-actions.c; OpenFlow 1.5.1 §5.6. */
import type { Action } from './action.js';
import type { ActionKind } from './action-kind.js';

export interface WriteActionsAction {
  readonly kind: 'write_actions';
  readonly actions: readonly Action[];
}

export const writeActionsAction: ActionKind<WriteActionsAction> = {
  kind: 'write_actions',
  names: ['write_actions'],

  parse(argument, _name, context) {
    return { kind: 'write_actions', actions: context.parseActions(argument) };
  },

  format(action, context) {
    return `write_actions(${context.formatActions(action.actions)})`;
  },

  validate(action, context) {
    return context.checkNested(action.actions, true);
  },

  translate(action, context) {
    context.writeActions(action.actions);
  },

  inVersion(action, version, context) {
    // OpenFlow 1.0 has no action set; an instruction without actions is left out.
    if (version === 10) return [];
    const actions = context.inVersion(action.actions);
    return actions.length === 0 ? [] : [{ kind: 'write_actions', actions }];
  },
};
