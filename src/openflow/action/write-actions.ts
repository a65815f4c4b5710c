/** write_actions(…): adds to the action set. Mirrors WRITE_ACTIONS of lib/ofp-actions.c; OpenFlow 1.5.1 §5.6. */
import type { Action } from './action.js';
import type { ActionKind } from './action-kind.js';
import { refuse } from '../wire/action/action-form.js';

export interface WriteActionsAction {
  readonly kind: 'write_actions';
  readonly actions: readonly Action[];
}

/** What an action set has a place for (action_set_classify of lib/ofp-actions.c). */
const ACTION_SET_KINDS: ReadonlySet<Action['kind']> = new Set<Action['kind']>([
  ...(['strip_vlan', 'pop_mpls', 'decap', 'encap', 'push_mpls', 'push_vlan'] as const),
  ...(['dec_ttl', 'dec_mpls_ttl', 'dec_nsh_ttl', 'set_field', 'load', 'move', 'mod_dl_dst', 'mod_dl_src'] as const),
  ...(['mod_nw_tos', 'mod_nw_ecn', 'mod_nw_ttl', 'mod_nw_dst', 'mod_nw_src', 'mod_tp_dst', 'mod_tp_src'] as const),
  ...(['set_mpls_label', 'set_mpls_tc', 'set_mpls_ttl', 'set_queue', 'set_tunnel'] as const),
  ...(['mod_vlan_pcp', 'mod_vlan_vid', 'group', 'output', 'resubmit', 'ct', 'ct_clear'] as const),
]);

function checkActionSet({ actions }: WriteActionsAction): string | null {
  return actions.every(({ kind }) => ACTION_SET_KINDS.has(kind)) ? null : 'OFPBAC_BAD_TYPE';
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

  refusal: checkActionSet,

  inVersion(action, version, context) {
    // OpenFlow 1.0 has no action set; an instruction without actions is left out.
    if (version === 10) return [];
    const actions = context.inVersion(action.actions);
    return actions.length === 0 ? [] : [{ kind: 'write_actions', actions }];
  },

  wire: [],

  instruction: {
    type: 3,
    size: 4,
    grows: true,
    decode(body, context) {
      body.skip(4);
      const action: WriteActionsAction = {
        kind: 'write_actions',
        actions: context.decodeNested(body, 'write_actions'),
      };
      refuse(checkActionSet(action));
      return action;
    },
    encode(action, body, context) {
      body.zeros(4);
      context.encodeNested(action.actions, body);
    },
  },
};
