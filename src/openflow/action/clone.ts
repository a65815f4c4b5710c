/** clone(…): runs actions on a copy of the packet. Mirrors CLONE of lib/ofp-actions.c. */
import type { Action } from './action.js';
import type { ActionKind } from './action-kind.js';
import { nicira } from '../wire/action/action-form.js';

export interface CloneAction {
  readonly kind: 'clone';
  readonly actions: readonly Action[];
}

export const cloneAction: ActionKind<CloneAction> = {
  kind: 'clone',
  names: ['clone'],

  parse(argument, _name, context) {
    context.forgetLimits();
    return { kind: 'clone', actions: context.parseActions(argument) };
  },

  format(action, context) {
    return `clone(${context.formatActions(action.actions)})`;
  },

  validate(action, context) {
    return context.checkNested(action.actions, false);
  },

  translate(action, context) {
    context.clone(action.actions);
  },

  inVersion(action, _version, context) {
    return [{ kind: 'clone', actions: context.inVersion(action.actions) }];
  },

  wire: [
    {
      codes: [nicira(42)],
      size: 6,
      grows: true,
      decode(body, context) {
        body.skip(6);
        return { kind: 'clone', actions: context.decodeNested(body, 'clone') };
      },
      encode(action, body, context) {
        body.zeros(6);
        context.encodeNested(action.actions, body);
      },
    },
  ],
};
