/** group:ID: the packet goes through a group's buckets. Mirrors GROUP of lib/ofp-actions.c; OpenFlow 1.5.1 §5.10. */
import { parseU32 } from '../number-text.js';
import type { ActionKind } from './action-kind.js';
import { nicira, numberForm, openflow } from '../wire/action/action-form.js';

export interface GroupAction {
  readonly kind: 'group';
  readonly groupId: number;
}

export const groupAction: ActionKind<GroupAction> = {
  kind: 'group',
  names: ['group'],

  parse(argument) {
    return { kind: 'group', groupId: parseU32(argument) };
  },

  format(action) {
    return `group:${action.groupId}`;
  },

  // Whether there is such a group only the switch knows.
  validate() {
    return null;
  },

  translate(action, context) {
    context.group(action.groupId);
  },

  wire: [
    numberForm({
      codes: [nicira(40, 10, 10), openflow(22, 11)],
      size: 4,
      decode: (groupId) => ({ kind: 'group', groupId }),
      encode: ({ groupId }) => groupId,
    }),
  ],
};
