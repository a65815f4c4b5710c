/** The explanation of a packet as JSON: the same facts as the text, and the account as the tree that it is. */
import type { TraceNode } from '#src/vswitchd/translate/trace.js';
import { CT_STATE_NAMES, formatFlags } from '#src/vswitchd/odp/odp-flags.js';
import { type PacketExplanation, type Round, ruleText } from './explain-packet.js';
import type { NodeFacts } from './watched-translation.js';

export function packetToJson({ fate, decisions, rounds }: PacketExplanation): object {
  const [first, ...returns] = rounds;
  return {
    flow: first.flow,
    fate: fate.kind,
    ports: fate.ports,
    toController: fate.toController,
    // The last decision ended the packet.
    decisions: decisions.map(({ reason, text, bridge, table, rule, action }) => ({
      reason,
      text,
      bridge: bridge.name,
      table,
      ...(rule === null ? {} : { rule: ruleText(bridge, rule) }),
      ...(action === null ? {} : { action }),
    })),
    ...roundToJson(first),
    // Copies that came back to the datapath.
    ...(returns.length === 0
      ? {}
      : {
          recirculated: returns.map((round) => ({
            recircId: round.recircId,
            ...(round.ctState === null ? {} : { ctState: formatFlags(CT_STATE_NAMES, round.ctState, '|') }),
            flow: round.flow,
            ...roundToJson(round),
          })),
        }),
  };
}

const roundToJson = ({ error, consulted, megaflow, datapathActions, trace, watched }: Round): object => ({
  ...(error === null ? {} : { error }),
  tables: consulted.map(({ bridge, table, found, nearest }) => ({
    bridge: bridge.name,
    table,
    found: found === null ? null : ruleText(bridge, found),
    nearest: nearest.map(({ rule, differences, isOutranked }) => ({
      rule: ruleText(bridge, rule),
      priority: rule.priority,
      differences,
      outranked: isOutranked,
    })),
  })),
  megaflow,
  datapathActions,
  trace: treeToJson(trace, watched.facts),
});

/** ofproto/trace as a tree: each node with its kind, its text, and where in the pipeline it stands. */
export function treeToJson(nodes: readonly TraceNode[], facts: ReadonlyMap<TraceNode, NodeFacts>): readonly object[] {
  return nodes.map((node) => {
    const at = facts.get(node);
    const place =
      at === undefined
        ? {}
        : {
            bridge: at.bridge.name,
            table: at.table,
            ...(at.rule === null
              ? {}
              : { rule: at.bridge.describeRule(at.rule, true), cookie: `0x${at.rule.cookie.toString(16)}` }),
          };
    return {
      kind: node.kind,
      text: node.text.trim(),
      ...place,
      ...(node.children.length === 0 ? {} : { children: treeToJson(node.children, facts) }),
    };
  });
}
