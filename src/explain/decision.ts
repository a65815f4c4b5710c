/**
 * The decisions that ended a packet: where the account of its translation stops without an output, and why.
 *
 * A pipeline can end a packet in several places (a copy in each bridge that it was flooded to, one table after the
 * other): all are told, in the order in which translation came to them. The last one is what was left when nothing else
 * could deliver it.
 */
import type { Action } from '#src/openflow/action/action.js';
import type { TraceNode } from '#src/vswitchd/translate/trace.js';
import type { Rule } from '#src/vswitchd/openflow-table.js';
import type { Bridge } from '#src/vswitchd/bridge.js';
import type { NodeFacts } from './watched-translation.js';

export type DecisionReason =
  | 'no-match'
  | 'rule-drops'
  | 'no-output'
  | 'vlan-filtered'
  | 'ttl-exceeded'
  | 'bpdu'
  | 'translation-error'
  | 'output-to-input-port'
  | 'learned-on-input-port'
  | 'nobody-to-flood-to'
  | 'no-such-port'
  | 'port-refuses'
  | 'no-way-on'
  | 'other';

export interface Decision {
  readonly reason: DecisionReason;
  /** One sentence. */
  readonly text: string;
  readonly bridge: Bridge;
  readonly table: number;
  readonly rule: Rule | null;
  /** The action's text, as the account has it. */
  readonly action: string | null;
}

/** What an ending sentence of the account says, as a reason. Sentences that end nothing are not here. */
const SENTENCES: readonly (readonly [RegExp, DecisionReason])[] = [
  [/dropping.*VLAN|VLAN.*dropping/i, 'vlan-filtered'],
  [/decrement TTL exception/, 'ttl-exceeded'],
  [/reserved destination MAC/, 'bpdu'],
  [/skipping output to input port/, 'output-to-input-port'],
  [/learned port is input port/, 'learned-on-input-port'],
  [/Nonexistent output port/, 'no-such-port'],
  [/nonexistent group|no live bucket/, 'no-way-on'],
  [/received packet on unknown port/, 'no-such-port'],
  [/OFPPC_NO_FWD|protected ports|Not tunneling/, 'port-refuses'],
  [/over .*(depth|resubmit)|of stack|Recirculation context|stack underflow/, 'translation-error'],
  [/not built yet/, 'other'],
  [/tunnel.*(fail|no route)|neighbor cache miss/i, 'no-way-on'],
  [/dropping|skipping output/i, 'other'],
];

/** Nodes that have decisions of their own below them. */
const NESTING_KINDS: ReadonlySet<TraceNode['kind']> = new Set(['table', 'bridge', 'thaw', 'bucket'] as const);

/** Decisions in the order of the account. */
export function decisionsOf(
  nodes: readonly TraceNode[],
  facts: ReadonlyMap<TraceNode, NodeFacts>,
): readonly Decision[] {
  const decisions: Decision[] = [];
  const readList = (list: readonly TraceNode[]): void => {
    for (const group of groupsOf(list)) readGroup(group);
  };
  const readGroup = (group: readonly TraceNode[]): void => {
    const [first, ...rest] = group;
    const at = facts.get(first!);
    if (first === undefined || at === undefined) return;
    if (first.kind === 'table') {
      readTable(first, at);
      readList(rest);
      return;
    }
    if (first.kind !== 'action') {
      readEnding(first, null, at);
      const before = decisions.length;
      readList(first.children);
      if (first.kind === 'bridge' && first.children.length === 0 && decisions.length === before) {
        add(at, 'port-refuses', 'The port that the packet comes in by does not receive (no-receive).', null);
      }
      readList(rest);
      return;
    }
    const before = decisions.length;
    for (const node of rest) {
      if (NESTING_KINDS.has(node.kind)) readGroup([node]);
      else readEnding(node, first.text, at);
    }
    if (decisions.length > before || first.text === 'drop') return;
    if (rest.some((node) => node.text.includes('flooding'))) {
      add(at, 'nobody-to-flood-to', 'No other port of the bridge carries the VLAN, so flooding reached nobody.', first);
    } else if (isOutput(first.text) && rest.length === 0) {
      add(
        at,
        'no-way-on',
        'The port has no way on: it is a patch port without a peer, or down in the datapath.',
        first,
      );
    }
  };
  const add = (at: NodeFacts, reason: DecisionReason, text: string, action: TraceNode | null): void => {
    decisions.push({ reason, text, bridge: at.bridge, table: at.table, rule: at.rule, action: action?.text ?? null });
  };
  const readEnding = (node: TraceNode, action: string | null, at: NodeFacts): void => {
    const found = SENTENCES.find(([sentence]) => sentence.test(node.text));
    if (found === undefined || node.kind === 'table' || node.kind === 'bridge' || node.kind === 'action') return;
    const { bridge, table, rule } = at;
    // An error and the warning after it are one decision; the error says more.
    const last = decisions.at(-1);
    if (node.kind === 'warn' && last?.rule === rule && last?.action === action && last?.table === table) return;
    decisions.push({ reason: found[1], text: sentence(node.text), bridge, table, rule, action });
  };
  const readTable = (node: TraceNode, at: NodeFacts): void => {
    if (at.key !== null && at.rule === null) {
      add(at, 'no-match', `No rule of table ${at.table} matches.`, null);
      return;
    }
    const before = decisions.length;
    readList(node.children);
    if (decisions.length > before || at.rule === null) return;
    if (at.rule.actions.length === 0) add(at, 'rule-drops', 'The rule has no actions: drop.', null);
    else if (node.children.length === 0) {
      add(at, 'port-refuses', 'The port that the packet came in by does not receive (no-receive).', null);
    } else add(at, 'no-output', 'None of the actions sends the packet anywhere.', null);
  };
  readList(nodes);
  return decisions;
}

/** An action with what it led to; other nodes each by themselves. */
function groupsOf(list: readonly TraceNode[]): readonly (readonly TraceNode[])[] {
  const groups: TraceNode[][] = [];
  for (const node of list) {
    if (node.kind === 'action' || groups.length === 0 || groups.at(-1)![0]!.kind !== 'action') groups.push([node]);
    else groups.at(-1)!.push(node);
  }
  return groups;
}

const OUTPUT_KINDS: ReadonlySet<Action['kind']> = new Set(['output', 'output_reg', 'enqueue', 'output_trunc'] as const);

/** `output:2`, `LOCAL`, `ALL`: anything that a packet leaves by. */
const isOutput = (text: string): boolean => {
  const word = /^[\w-]+/.exec(text)?.[0] ?? '';
  return OUTPUT_KINDS.has(word as Action['kind']) || /^(LOCAL|ALL|FLOOD|IN_PORT|NORMAL)$/i.test(word);
};

const sentence = (text: string): string => {
  const capital = text[0]!.toUpperCase() + text.slice(1);
  return /[.!]$/.test(capital) ? capital : `${capital}.`;
};
