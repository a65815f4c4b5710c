/** pop_queue: back to the queue that the packet came with. Mirrors POP_QUEUE of lib/ofp-actions.c. */
import { OFF_SKB_PRIORITY } from '#flowtable/flow-key.js';
import type { ActionKind } from './action-kind.js';
import { emptyForm, nicira } from '../wire/action/action-form.js';

export interface PopQueueAction {
  readonly kind: 'pop_queue';
}

export const popQueueAction: ActionKind<PopQueueAction> = {
  kind: 'pop_queue',
  names: ['pop_queue'],

  parse() {
    return { kind: 'pop_queue' };
  },

  format() {
    return 'pop_queue';
  },

  validate() {
    return null;
  },

  translate(_action, context) {
    context.wc.setU32(OFF_SKB_PRIORITY, 0xffffffff);
    context.popQueue();
  },

  wire: [emptyForm([nicira(5)], () => ({ kind: 'pop_queue' }))],
};
