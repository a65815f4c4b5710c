/**
 * Why a packet goes where it goes: its translation watched, the decision that ended it when nobody gets it, and for
 * every table that was asked the rules that it nearly matched.
 *
 * Invariant: asking changes nothing: no address is learned and nothing is sent.
 */
import type { FlowKey } from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import { formatActions } from '#src/openflow/action/action-list.js';
import { formatFlow } from '#src/openflow/flow-format.js';
import { formatMatch } from '#src/openflow/match-format.js';
import type { Bridge } from '#src/vswitchd/bridge.js';
import { formatOdpActions } from '#src/vswitchd/odp/odp-actions-format.js';
import type { Rule } from '#src/vswitchd/openflow-table.js';
import { TRANSLATE_ERROR_TEXT } from '#src/vswitchd/translate/outcome.js';
import type { TraceNode } from '#src/vswitchd/translate/trace.js';
import { dpifPortNames } from '#src/vswitchd/unixctl/dpctl.js';
import { type Decision, decisionsOf } from './decision.js';
import { type Fate, fateOf } from './fate.js';
import { type NearRule, nearestRules } from './nearest-rules.js';
import { type WatchedOutcome, watchTranslation } from './watched-translation.js';

/** A table that was asked, and the answer. */
export interface Consulted {
  readonly bridge: Bridge;
  readonly table: number;
  readonly found: Rule | null;
  readonly nearest: readonly NearRule[];
}

export interface PacketExplanation {
  readonly bridge: Bridge;
  readonly flow: string;
  readonly fate: Fate;
  /** In the words of ovs-appctl; null when translation succeeded. */
  readonly error: string | null;
  /** Empty when the packet is delivered. */
  readonly decisions: readonly Decision[];
  readonly consulted: readonly Consulted[];
  readonly megaflow: string;
  readonly datapathActions: string;
  readonly trace: readonly TraceNode[];
  readonly watched: WatchedOutcome;
}

const MAX_NEAREST = 3;
/** A loop asks thousands of tables: the first ones say it all. */
const MAX_CONSULTED = 64;

export function explainPacket(bridge: Bridge, flow: FlowKey, packet: Uint8Array | null = null): PacketExplanation {
  const watched = watchTranslation({ bridge, flow, packet, allowSideEffects: false, traceNames: true });
  const { outcome, facts } = watched;
  const fate = fateOf(outcome.actions, bridge.backer.dpif);
  const isDelivered = fate.kind === 'delivered' || fate.kind === 'recirculated';
  const consulted: Consulted[] = [];
  for (const { bridge: asked, table, rule, key } of facts.values()) {
    if (key === null || consulted.length === MAX_CONSULTED) continue;
    const rules = asked.table(table).classifier.rules();
    const nearest = isDelivered ? [] : nearestRules(rules, key, rule, asked.portNames, MAX_NEAREST);
    consulted.push({ bridge: asked, table, found: rule, nearest });
  }
  const megaflow = new Match(flow.clone(), outcome.wc.clone());
  megaflow.normalize();
  const ports = { ports: bridge.portNames, names: true };
  return {
    bridge,
    flow: formatFlow(flow, ports),
    fate,
    error: outcome.error === null ? null : TRANSLATE_ERROR_TEXT[outcome.error],
    decisions: isDelivered ? [] : decisionsOf(outcome.trace, facts),
    consulted,
    megaflow: formatMatch(megaflow, ports),
    datapathActions: formatOdpActions(outcome.actions, { portNames: dpifPortNames(bridge.backer.dpif) }),
    trace: outcome.trace,
    watched,
  };
}

/** A rule as people write it: its match, its priority, what it does. */
export function ruleText(bridge: Bridge, rule: Rule): string {
  const actions = formatActions(rule.actions, { ports: bridge.portNames, names: true });
  return `${bridge.describeRule(rule, true)}, actions=${actions}`;
}
