/** set_queue:QUEUE: later outputs go through this queue of their ports. Mirrors SET_QUEUE of lib/ofp-actions.c. */
import { OFF_SKB_PRIORITY } from '#flowtable/flow-key.js';
import { parseU32 } from '../number-text.js';
import type { ActionKind } from './action-kind.js';
import { nicira, numberForm, openflow } from '../wire/action/action-form.js';

export interface SetQueueAction {
  readonly kind: 'set_queue';
  readonly queue: number;
}

export const setQueueAction: ActionKind<SetQueueAction> = {
  kind: 'set_queue',
  names: ['set_queue'],

  parse(argument) {
    return { kind: 'set_queue', queue: parseU32(argument) };
  },

  format(action) {
    return `set_queue:${action.queue}`;
  },

  validate() {
    return null;
  },

  translate(action, context) {
    context.wc.setU32(OFF_SKB_PRIORITY, 0xffffffff);
    context.setQueue(action.queue);
  },

  wire: [
    numberForm({
      codes: [nicira(4, 10, 10), openflow(21, 11)],
      size: 4,
      decode: (queue) => ({ kind: 'set_queue', queue }),
      encode: ({ queue }) => queue,
    }),
  ],
};
