/**
 * Why a packet goes where it goes: its translation watched, the decision that ended it when nobody gets it, and for
 * every table that was asked the rules that it nearly matched.
 *
 * Invariant: asking changes nothing: no address is learned and nothing is sent.
 */
import { type FlowKey, OFF_CT_STATE } from '#flowtable/flow-key.js';
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
import { type Fate, fateOf, fateOfAll } from './fate.js';
import { type NearRule, nearestRules } from './nearest-rules.js';
import { returningCopies } from './returning-copies.js';
import { type WatchedOutcome, watchTranslation } from './watched-translation.js';

/** A table that was asked, and the answer. */
export interface Consulted {
  readonly bridge: Bridge;
  readonly table: number;
  readonly found: Rule | null;
  readonly nearest: readonly NearRule[];
}

/** One way through the tables: the first, or that of a copy that came back to the datapath. */
export interface Round {
  /** The name of the recirculation that the copy came back by; null for the packet as it came in. */
  readonly recircId: number | null;
  /** What was supposed of its connection; null where the copy does not come from the connection tracker. */
  readonly ctState: number | null;
  readonly key: FlowKey;
  readonly flow: string;
  /** In the words of ovs-appctl; null when translation succeeded. */
  readonly error: string | null;
  readonly consulted: readonly Consulted[];
  readonly megaflow: string;
  readonly datapathActions: string;
  readonly trace: readonly TraceNode[];
  readonly watched: WatchedOutcome;
}

export interface PacketExplanation {
  readonly bridge: Bridge;
  /** Of all rounds together. */
  readonly fate: Fate;
  /** Empty when the packet is delivered; the last one ended it. */
  readonly decisions: readonly Decision[];
  /** The packet as it came in, then what comes back, in turn. */
  readonly rounds: readonly [Round, ...Round[]];
}

export interface ExplainOptions {
  readonly packet?: Uint8Array | null;
  /** The states that connections are found in, one after another; beyond them they are new. */
  readonly ctStates?: readonly number[];
}

const MAX_NEAREST = 3;
/** A loop asks thousands of tables: the first ones say it all. */
const MAX_CONSULTED = 64;
/** Copies that come back, at most: the datapath itself stops at some number, too. */
const MAX_ROUNDS = 64;
/** Tracked and new. */
const CS_TRACKED_NEW = 0x21;

interface Start {
  readonly recircId: number | null;
  readonly ctState: number | null;
  readonly key: FlowKey;
  /** Null where only the key is known. */
  readonly packet: Uint8Array | null;
}

export function explainPacket(bridge: Bridge, flow: FlowKey, options: ExplainOptions = {}): PacketExplanation {
  const queue: Start[] = [{ recircId: null, ctState: null, key: flow, packet: options.packet ?? null }];
  const states = [...(options.ctStates ?? [])];
  const ways: (Start & { readonly watched: WatchedOutcome; readonly handsOn: boolean })[] = [];
  for (let start = queue.shift(); start !== undefined && ways.length < MAX_ROUNDS; start = queue.shift()) {
    const { key, packet } = start;
    const watched = watchTranslation({
      bridge,
      flow: key,
      packet,
      allowSideEffects: false,
      traceNames: true,
    });
    const copies = returningCopies(watched.outcome.actions, key, packet);
    const tracked = new Set(watched.outcome.recirculated.map(({ id }) => id));
    ways.push({ ...start, watched, handsOn: copies.length + tracked.size > 0 });
    // What the tracker will say is supposed; all else is what the datapath does.
    for (const { id, flow: back, isConntrack } of watched.outcome.recirculated) {
      const copy = back.clone();
      const ctState = isConntrack ? (states.shift() ?? CS_TRACKED_NEW) : null;
      if (ctState !== null) copy.setU16(OFF_CT_STATE, ctState);
      const bytes = packet === null ? null : (copies.find((one) => one.id === id)?.packet ?? packet);
      queue.push({ recircId: id, ctState, key: copy, packet: bytes });
    }
    for (const copy of copies) {
      if (tracked.has(copy.id)) continue;
      queue.push({ recircId: copy.id, ctState: null, key: copy.key, packet: packet === null ? null : copy.packet });
    }
  }
  for (const { watched } of ways) bridge.backer.recirculation.unref(watched.outcome.recircIds);
  const followed = new Set(ways.flatMap(({ recircId }) => (recircId === null ? [] : [recircId])));
  const fates = ways.map(({ watched }) => fateOf(watched.outcome.actions, bridge.backer.dpif, followed));
  const fate = fateOfAll(fates);
  const isDelivered = fate.kind === 'delivered';
  const rounds = ways.map((way) => roundOf(bridge, way, isDelivered));
  const decisions = ways.flatMap(({ watched, handsOn }, i) => {
    // A round that hands the packet on ends nothing.
    return handsOn || fates[i]!.kind === 'recirculated' ? [] : decisionsOf(watched.outcome.trace, watched.facts);
  });
  return { bridge, fate, decisions: isDelivered ? [] : decisions, rounds: rounds as unknown as readonly [Round] };
}

function roundOf(
  bridge: Bridge,
  { watched, ...start }: Start & { watched: WatchedOutcome },
  isDelivered: boolean,
): Round {
  const { outcome, facts } = watched;
  const consulted: Consulted[] = [];
  for (const { bridge: asked, table, rule, key } of facts.values()) {
    if (key === null || consulted.length === MAX_CONSULTED) continue;
    const rules = asked.table(table).classifier.rules();
    const nearest = isDelivered ? [] : nearestRules(rules, key, rule, asked.portNames, MAX_NEAREST);
    consulted.push({ bridge: asked, table, found: rule, nearest });
  }
  const megaflow = new Match(start.key.clone(), outcome.wc.clone());
  megaflow.normalize();
  const ports = { ports: bridge.portNames, names: true };
  return {
    ...start,
    flow: formatFlow(start.key, ports),
    error: outcome.error === null ? null : TRANSLATE_ERROR_TEXT[outcome.error],
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
