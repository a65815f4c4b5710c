/**
 * The action set of OpenFlow 1.1 and later (OpenFlow 1.5.1 §5.6): what write_actions collects, put in the order in
 * which it is executed. Mirrors ofpacts_execute_action_set() of lib/ofp-actions.c.
 */
import type { Action } from '#src/openflow/action/action.js';
import { OFPP_UNSET } from '#src/openflow/ports.js';

type ActionKindName = Action['kind'];

/** Only the last of each counts; executed in this order. */
const SLOTS: readonly string[] = [
  'strip_vlan',
  'pop_mpls',
  'decap',
  'encap',
  'push_mpls',
  'push_vlan',
  'dec_ttl',
  'dec_mpls_ttl',
  'dec_nsh_ttl',
];

/** Without one of these nothing is executed; the last in this list wins, then the last in the set. */
const FINAL: readonly string[] = ['ct', 'ct_clear', 'resubmit', 'output', 'group'];

/** Executed in the order in which they were written. */
const SET_OR_MOVE: ReadonlySet<string> = new Set([
  'set_field',
  'load',
  'move',
  'mod_dl_src',
  'mod_dl_dst',
  'mod_nw_src',
  'mod_nw_dst',
  'mod_nw_tos',
  'mod_nw_ecn',
  'mod_nw_ttl',
  'mod_tp_src',
  'mod_tp_dst',
  'mod_vlan_vid',
  'mod_vlan_pcp',
  'set_mpls_label',
  'set_mpls_tc',
  'set_mpls_ttl',
  'set_queue',
  'set_tunnel',
]);

/** May the action stand in an action set? */
export const isAllowedInActionSet = (kind: ActionKindName): boolean =>
  SLOTS.includes(kind) || FINAL.includes(kind) || SET_OR_MOVE.has(kind);

/** What actset_output says of a set: its port, or that it has none; the one of a set with a group does not count. */
export function outputOfActionSet(actions: readonly Action[]): number {
  let port = OFPP_UNSET;
  for (const action of actions) {
    if (action.kind === 'group') return OFPP_UNSET;
    if (action.kind === 'output') ({ port } = action);
  }
  return port;
}

/** The actions to execute for a set that was collected in this order. */
export function orderActionSet(actions: readonly Action[]): readonly Action[] {
  const slots = new Map<string, Action>();
  const sets: Action[] = [];
  let final: Action | null = null;
  for (const action of actions) {
    if (SLOTS.includes(action.kind)) slots.set(action.kind, action);
    else if (SET_OR_MOVE.has(action.kind)) sets.push(action);
    else if (final === null || FINAL.indexOf(action.kind) >= FINAL.indexOf(final.kind)) final = action;
  }
  if (final === null) return [];
  return [...SLOTS.flatMap((kind) => slots.get(kind) ?? []), ...sets, final];
}
