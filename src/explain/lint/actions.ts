/**
 * What a rule's actions cannot achieve: lookups in which nothing can match, and actions that come too late to matter.
 */
import { OFF_IN_PORT } from '#flowtable/flow-key.js';
import { setExact } from '#flowtable/flow-mask.js';
import type { Match } from '#flowtable/match.js';
import type { Action } from '#src/openflow/action/action.js';
import { formatAction } from '#src/openflow/action/action-list.js';
import { formatMatch } from '#src/openflow/match-format.js';
import { OFPP_IN_PORT } from '#src/openflow/ports.js';
import type { Bridge } from '#src/vswitchd/bridge.js';
import type { Rule } from '#src/vswitchd/openflow-table.js';
import { partOfMatch, partsOf } from '../key-parts.js';
import { filledTables, type Finding, type LintSubject, rulesOf } from './finding.js';
import { jumpsOf } from './jumps.js';
import { Knowledge, writesFields } from './knowledge.js';
import { RuleIndex } from './rule-index.js';

export function findActionProblems({ bridge, vlanLimit }: LintSubject): readonly Finding[] {
  const indexes = new Map<number, RuleIndex>();
  const indexOf = (table: number): RuleIndex => {
    let index = indexes.get(table);
    if (index === undefined) {
      index = new RuleIndex(bridge.table(table).classifier.rules());
      indexes.set(table, index);
    }
    return index;
  };
  const tables = filledTables(bridge);
  const learned = new Set<number>();
  const resubmitted = new Set<number>();
  for (const table of tables) {
    for (const rule of rulesOf(bridge, table)) {
      const jumps = jumpsOf(rule);
      for (const into of jumps.learnsInto) learned.add(into);
      for (const to of jumps.to) resubmitted.add(to);
    }
  }
  return tables.flatMap((table) =>
    rulesOf(bridge, table).flatMap((rule) => [
      ...hopelessLookups(bridge, rule, vlanLimit, indexOf, learned),
      ...lateActions(bridge, rule, resubmitted.has(table)),
    ]),
  );
}

function hopelessLookups(
  bridge: Bridge,
  rule: Rule,
  vlanLimit: number,
  indexOf: (table: number) => RuleIndex,
  learned: ReadonlySet<number>,
): readonly Finding[] {
  const findings: Finding[] = [];
  const knowledge = new Knowledge(bridge, rule, vlanLimit);
  for (const action of rule.actions) {
    const table = lookupTable(action, rule);
    if (table !== null && bridge.table(table).classifier.ruleCount > 0 && !learned.has(table)) {
      const lookup = asLookedUp(action, knowledge.match);
      if (indexOf(table).overlapping(lookup).next().done === true) {
        findings.push({
          check: 'cannot-match',
          table: rule.tableId,
          rule,
          why: `after ${formatAction(action, { ports: bridge.portNames, names: true })} nothing can match: the packet has ${describeDecisive(bridge, lookup, table)} there, and no rule of table ${table} takes that`,
          advice: `add a rule to table ${table} for it, or correct what the rule writes before`,
        });
      }
    }
    knowledge.apply(action);
  }
  return findings;
}

function lookupTable(action: Action, rule: Rule): number | null {
  if (action.kind === 'resubmit') return action.withCtOrig ? null : (action.table ?? rule.tableId);
  return action.kind === 'goto_table' ? action.table : null;
}

function asLookedUp(action: Action, known: Match): Match {
  if (action.kind !== 'resubmit' || action.inPort === null || action.inPort === OFPP_IN_PORT) return known;
  const lookup = known.clone();
  lookup.key.setU32(OFF_IN_PORT, action.inPort);
  setExact(lookup.mask, OFF_IN_PORT, 4);
  return lookup;
}

/** Of what is known, the parts that the table's rules look at. */
function describeDecisive(bridge: Bridge, known: Match, table: number): string {
  const looked = new Set<string>();
  for (const rule of bridge.table(table).classifier.rules()) {
    for (const { name } of partsOf(rule.match.mask)) looked.add(name);
  }
  const parts = partsOf(known.mask).filter(({ name }) => looked.has(name) && name !== 'packet_type');
  const texts = parts.map((part) =>
    formatMatch(partOfMatch(part, known.key, known.mask), { ports: bridge.portNames, names: true }),
  );
  return texts.filter((text) => text !== '').join(',') || 'what it has';
}

/** Actions after exit, and changes that nothing is sent with. */
function lateActions(bridge: Bridge, rule: Rule, isResubmittedTo: boolean): readonly Finding[] {
  const text = (action: Action): string => formatAction(action, { ports: bridge.portNames, names: true });
  const exit = rule.actions.findIndex(({ kind }) => kind === 'exit');
  const afterExit = exit < 0 ? undefined : rule.actions[exit + 1];
  if (afterExit !== undefined) {
    return [
      {
        check: 'dead-action',
        table: rule.tableId,
        rule,
        why: `${text(afterExit)} stands after exit, which ends the pipeline: it never runs`,
        advice: 'remove it, or let exit come last',
      },
    ];
  }
  // A table that is resubmitted to hands its changes back to the rule that asked.
  if (isResubmittedTo || rule.tableId !== 0) return [];
  const last = rule.actions.at(-1);
  if (last === undefined || !writesFields(last)) return [];
  if (rule.actions.some(({ kind }) => kind === 'write_actions' || kind === 'goto_table')) return [];
  return [
    {
      check: 'dead-action',
      table: rule.tableId,
      rule,
      why: `nothing is sent after ${text(last)}: it changes nothing that anybody sees`,
      advice: 'let it stand before the output it is meant for',
    },
  ];
}
