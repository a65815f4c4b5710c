/**
 * Packets that go round: resubmits that lead back to where they came from, until the switch gives the packet up.
 *
 * How: for every rule that leads to its own or an earlier table, packets that match it are made (alone, and together
 * with each rule of the table that it leads to) and translated from there; only what really ends in the limit is told,
 * with the packet. A loop that needs a packet of another make is not found.
 */
import { type FlowKey, OFF_IN_PORT } from '#flowtable/flow-key.js';
import { formatFlow } from '#src/openflow/flow-format.js';
import type { Action } from '#src/openflow/action/action.js';
import type { Bridge } from '#src/vswitchd/bridge.js';
import type { Rule } from '#src/vswitchd/openflow-table.js';
import { Translation } from '#src/vswitchd/translate/translation.js';
import { filledTables, type Finding, type LintSubject, rulesOf } from './finding.js';
import { jumpsOf } from './jumps.js';
import { intersection } from './shadowed.js';

/** A translation that loops makes thousands of lookups: a bound on how many packets are tried. */
const MAX_PARTNERS = 16;
const MAX_PACKETS = 4000;

export function findLoops({ bridge }: LintSubject, hidden: ReadonlySet<Rule>): readonly Finding[] {
  const findings: Finding[] = [];
  let tried = 0;
  for (const table of filledTables(bridge)) {
    for (const rule of rulesOf(bridge, table)) {
      const back = [...jumpsOf(rule).to].filter((next) => next <= table);
      if (back.length === 0 || hidden.has(rule)) continue;
      for (const key of packetsFor(bridge, rule, back)) {
        if (++tried > MAX_PACKETS) return findings;
        if (!loops(bridge, table, rule, key)) continue;
        findings.push({
          check: 'loop',
          table,
          rule,
          why: `a packet goes round by it until the switch gives up and drops it: ${formatFlow(key, { ports: bridge.portNames, names: true })}`,
          advice: 'let it lead to a later table, or change the packet so that another rule matches when it comes back',
        });
        break;
      }
    }
  }
  return findings;
}

function* packetsFor(bridge: Bridge, rule: Rule, tables: readonly number[]): Iterable<FlowKey> {
  const ports = [...bridge.ports.keys()].filter((port) => port < 0xff00);
  const withPort = (key: FlowKey, isFree: boolean): FlowKey => {
    const packet = key.clone();
    if (isFree && ports[0] !== undefined) packet.setU32(OFF_IN_PORT, ports[0]);
    return packet;
  };
  yield withPort(rule.match.key, rule.match.mask.isZero(OFF_IN_PORT, 4));
  let partners = 0;
  for (const table of tables) {
    for (const other of rulesOf(bridge, table)) {
      if (other === rule || !other.match.overlaps(rule.match)) continue;
      if (++partners > MAX_PARTNERS) return;
      const both = intersection(rule.match, other.match);
      yield withPort(both.key, both.mask.isZero(OFF_IN_PORT, 4));
    }
  }
}

/** Does a packet that is looked up in the table hit the rule and end in the limit? */
function loops(bridge: Bridge, table: number, rule: Rule, flow: FlowKey): boolean {
  if (bridge.table(table).classifier.lookup(flow, bridge.version, null) !== rule) return false;
  const lookup: Action = { kind: 'resubmit', inPort: null, table, withCtOrig: false };
  const { error, recircIds } = new Translation({
    bridge,
    flow,
    packet: null,
    allowSideEffects: false,
    actions: [lookup],
  }).run();
  bridge.backer.recirculation.unref(recircIds);
  return error === 'recursion-too-deep' || error === 'too-many-resubmits';
}
