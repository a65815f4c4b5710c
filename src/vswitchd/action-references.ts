/** What actions refer to: groups, meters and ports. Mirrors ofpacts_output_to_group() and ofproto_check_ofpacts(). */

import type { Conjunction } from '#flowtable/conjunction.js';
import type { Action } from '#src/openflow/action/action.js';
import { OpenFlowError } from '#src/openflow/switch-connection.js';
import type { Bridge } from './bridge.js';

/** The actions and those nested in them, in order. */
export function* flattenActions(actions: readonly Action[]): IterableIterator<Action> {
  for (const action of actions) {
    yield action;
    if ('actions' in action) yield* flattenActions(action.actions);
  }
}

/** Ids of the groups that the actions send packets to, each as often as it is named. */
export function groupsOf(actions: readonly Action[]): readonly number[] {
  return [...flattenActions(actions)].flatMap((action) => (action.kind === 'group' ? [action.groupId] : []));
}

export function usesMeter(actions: readonly Action[], meterId: number): boolean {
  for (const action of flattenActions(actions)) {
    if (action.kind === 'meter' && action.meterId === meterId) return true;
  }
  return false;
}

/** Throws where the bridge lacks a group or a meter that the actions name, or cannot do what they ask for. */
export function checkReferences(bridge: Bridge, actions: readonly Action[]): void {
  for (const action of flattenActions(actions)) {
    if (action.kind === 'meter' && bridge.meters.get(action.meterId) === undefined) {
      throw new OpenFlowError('OFPMMFC_INVALID_METER');
    }
    if (action.kind === 'group' && bridge.groups.get(action.groupId) === undefined) {
      throw new OpenFlowError('OFPBAC_BAD_OUT_GROUP');
    }
  }
}

/** A rule with conjunction actions is a part of matches, and has no other actions that count. */
export function conjunctionsOf(actions: readonly Action[]): readonly Conjunction[] | undefined {
  const conjunctions = actions.filter((action) => action.kind === 'conjunction');
  return conjunctions.length === 0 ? undefined : conjunctions;
}
