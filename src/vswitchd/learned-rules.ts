/**
 * Rules that packets teach a bridge. Mirrors ofproto_flow_mod_learn() of ofproto.c; ovs-actions(7) "The learn action".
 */
import type { Action } from '#src/openflow/action/action.js';
import { formatActions } from '#src/openflow/action/action-list.js';
import type { FlowMod } from '#src/openflow/flow-mod.js';
import { NO_PORT_NAMES } from '#src/openflow/ports.js';
import type { LearnRequest } from '#src/openflow/translate-context.js';
import type { Bridge } from './bridge.js';
import { FlowChanges } from './flow-changes.js';
import type { Rule } from './openflow-table.js';
import { type Revision, revise } from './revision.js';

/**
 * Adds the rule, or changes the one in its place, or notes that it was learned again. False where the limit of rules
 * that may be learned is reached. Throws OpenFlowError, and then nothing has changed.
 */
export function learnRule(bridge: Bridge, request: LearnRequest): boolean {
  const { mod } = request;
  const known = findLearned(bridge, mod);
  if (known !== null) {
    known.modifiedNs = bridge.clock.nowNs();
    return true;
  }
  if (!hasRoom(bridge, request)) return false;
  revise((revision) => new FlowChanges(bridge).apply(mod, revision));
  return true;
}

/** The same for a packet-out, as a part of the revision that it belongs to, and as in OVS whatever the limit. */
export function learnWithin(revision: Revision, bridge: Bridge, { mod }: LearnRequest): void {
  const known = findLearned(bridge, mod);
  if (known !== null) known.modifiedNs = bridge.clock.nowNs();
  else new FlowChanges(bridge).apply(mod, revision);
}

export const isLearned = (bridge: Bridge, { mod }: LearnRequest): boolean => findLearned(bridge, mod) !== null;

function findLearned(bridge: Bridge, mod: FlowMod): Rule | null {
  const rule = bridge.table(mod.tableId).classifier.findExactly(mod.match, mod.priority);
  return rule !== null && isAsLearned(rule, mod) ? rule : null;
}

/** May one more rule with this cookie be learned into its table? */
function hasRoom(bridge: Bridge, { mod, limit }: LearnRequest): boolean {
  if (limit === 0) return true;
  let learned = 0;
  for (const rule of bridge.table(mod.tableId).classifier.rules())
    if (rule.cookie === (mod.newCookie ?? -1n)) learned++;
  return learned < limit;
}

function isAsLearned(rule: Rule, mod: FlowMod): boolean {
  return (
    rule.idleTimeout === mod.idleTimeout &&
    rule.hardTimeout === mod.hardTimeout &&
    rule.importance === mod.importance &&
    rule.flags.sendFlowRemoved === mod.flags.sendFlowRemoved &&
    (mod.newCookie === null || rule.cookie === mod.newCookie) &&
    textOf(rule.actions) === textOf(mod.actions)
  );
}

const textOf = (actions: readonly Action[]): string => formatActions(actions, { ports: NO_PORT_NAMES, names: false });
