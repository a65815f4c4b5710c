/** The explanation of a packet as JSON: the same facts as the text, and the account as the tree that it is. */
import type { TraceNode } from '#src/vswitchd/translate/trace.js';
import { type PacketExplanation, ruleText } from './explain-packet.js';
import type { NodeFacts } from './watched-translation.js';

export function packetToJson(explanation: PacketExplanation): object {
  const { fate, decisions, consulted, watched } = explanation;
  return {
    flow: explanation.flow,
    fate: fate.kind,
    ports: fate.ports,
    toController: fate.toController,
    ...(explanation.error === null ? {} : { error: explanation.error }),
    // The last decision ended the packet.
    decisions: decisions.map(({ reason, text, bridge, table, rule, action }) => ({
      reason,
      text,
      bridge: bridge.name,
      table,
      ...(rule === null ? {} : { rule: ruleText(bridge, rule) }),
      ...(action === null ? {} : { action }),
    })),
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
    megaflow: explanation.megaflow,
    datapathActions: explanation.datapathActions,
    trace: treeToJson(explanation.trace, watched.facts),
  };
}

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
