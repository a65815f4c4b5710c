/** The explanation of a packet as text: what becomes of it, the decision, the rules it nearly matched, its path. */
import type { Palette } from '#src/report/colour.js';
import type { TraceNode } from '#src/vswitchd/translate/trace.js';
import { CT_STATE_NAMES, formatFlags } from '#src/vswitchd/odp/odp-flags.js';
import type { Decision } from './decision.js';
import { type Consulted, type PacketExplanation, type Round, ruleText } from './explain-packet.js';
import type { Fate } from './fate.js';
import type { NearRule } from './nearest-rules.js';

export function renderPacket(explanation: PacketExplanation, palette: Palette): string {
  const { fate, decisions, rounds } = explanation;
  const error = rounds.find((round) => round.error !== null)?.error ?? null;
  const lines = [rounds[0].flow, '', fateLine(fate, error, palette)];
  const [last] = decisions.slice(-1);
  if (last !== undefined) {
    lines.push('', palette.bold('Decision'), ...decisionLines(last));
    if (decisions.length > 1) {
      lines.push('', palette.bold('Before it'), ...decisions.slice(0, -1).flatMap(decisionLines));
    }
  }
  for (const round of rounds) {
    if (round.recircId !== null) lines.push('', palette.bold(roundTitle(round)), `  ${round.flow}`);
    for (const asked of round.consulted) lines.push(...consultedLines(asked, palette));
    lines.push('', palette.bold('Path'), ...pathLines(round.trace, 1));
    lines.push('', `Megaflow: ${round.megaflow}`, `Datapath actions: ${round.datapathActions}`);
  }
  return `${lines.join('\n')}\n`;
}

/** A copy that came back, and what was supposed of its connection. */
export function roundTitle({ recircId, ctState }: Round): string {
  const state = ctState === null ? '' : `, supposing ct_state=${formatFlags(CT_STATE_NAMES, ctState, '|')}`;
  return `It comes back: recirc(0x${(recircId ?? 0).toString(16)})${state}`;
}

export function fateText(fate: Fate): string {
  const also = fate.toController ? ', and a controller gets it' : '';
  switch (fate.kind) {
    case 'delivered':
      return `leaves by ${fate.ports.join(', ')}${also}`;
    case 'to-controller':
      return 'goes to a controller only';
    case 'recirculated':
      return `comes back to the datapath, and goes on by what is only known then${also}`;
    case 'dropped':
      return 'is dropped';
  }
}

function fateLine(fate: Fate, error: string | null, palette: Palette): string {
  const text = `The packet ${fateText(fate)}${error === null ? '' : ` (${error})`}.`;
  return fate.kind === 'dropped' ? palette.bad(text) : palette.good(text);
}

function decisionLines({ reason, text, bridge, table, rule, action }: Decision): readonly string[] {
  const lines = [`  bridge ${bridge.name}, table ${table}: ${text} [${reason}]`];
  if (rule !== null) lines.push(`    rule:   ${ruleText(bridge, rule)}`);
  if (action !== null) lines.push(`    action: ${action}`);
  return lines;
}

function consultedLines({ bridge, table, found, nearest }: Consulted, palette: Palette): readonly string[] {
  if (nearest.length === 0) return [];
  const title = found === null ? 'Nearest rules' : 'Other rules';
  return [
    '',
    palette.bold(`${title} of table ${table} of ${bridge.name}`),
    ...nearest.flatMap((near) => nearLines(near, bridge)),
  ];
}

function nearLines({ rule, differences, isOutranked }: NearRule, bridge: Consulted['bridge']): readonly string[] {
  const head = `  ${ruleText(bridge, rule)}`;
  if (differences.length === 0) {
    const isDimension = rule.actions.some(({ kind }) => kind === 'conjunction');
    const because = isDimension
      ? 'but is one dimension of its conjunction only'
      : 'but a rule of higher priority was chosen';
    return [head, `    matches, ${because}`];
  }
  const lines = differences.map(
    ({ field, wanted, found }) => `    ${field}: the rule wants ${wanted}, the packet has ${found}`,
  );
  if (isOutranked) lines.push('    and its priority is not above that of the rule that was chosen');
  return [head, ...lines];
}

/** Where translation went: bridges, tables and actions, without the notes. */
function pathLines(nodes: readonly TraceNode[], depth: number): readonly string[] {
  return nodes.flatMap(({ kind, text, children }) => {
    const mark = kind === 'detail' ? '-> ' : kind === 'warn' || kind === 'error' ? '!! ' : '';
    // Chains of resubmits go deep: what is deeper than this stands at this depth.
    return [`${'  '.repeat(Math.min(depth, 12))}${mark}${text.trim()}`, ...pathLines(children, depth + 1)];
  });
}
