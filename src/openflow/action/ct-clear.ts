/** ct_clear: the packet forgets its connection. Mirrors CT_CLEAR of lib/ofp-actions.c. */
import type { ActionKind } from './action-kind.js';
import { emptyForm, nicira } from '../wire/action/action-form.js';

export interface CtClearAction {
  readonly kind: 'ct_clear';
}

export const ctClearAction: ActionKind<CtClearAction> = {
  kind: 'ct_clear',
  names: ['ct_clear'],

  parse() {
    return { kind: 'ct_clear' };
  },

  format() {
    return 'ct_clear';
  },

  validate() {
    return null;
  },

  translate(_action, context) {
    context.ctClear();
  },

  wire: [emptyForm([nicira(43)], () => ({ kind: 'ct_clear' }))],
};
