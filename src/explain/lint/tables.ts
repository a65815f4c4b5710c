/** Tables as a whole: those that no packet comes to, those that are empty, and those that drop what no rule matches. */
import type { Rule } from '#src/vswitchd/openflow-table.js';
import { partsOf } from '../key-parts.js';
import { filledTables, type Finding, type LintSubject, nameOf, rulesOf } from './finding.js';
import { jumpsOf, reachableTables } from './jumps.js';

export function findTableProblems({ bridge }: LintSubject, hidden: ReadonlySet<Rule>): readonly Finding[] {
  const findings: Finding[] = [];
  const { tables, learnsInto, isOpen } = reachableTables(bridge, hidden);
  const filled = filledTables(bridge);
  for (const table of filled) {
    const rules = rulesOf(bridge, table);
    const reachedBy = tables.get(table);
    if (reachedBy === undefined) {
      if (isOpen) continue;
      findings.push({
        check: 'unreachable-table',
        table,
        rule: rules[0]!,
        why: `no rule that packets reach leads to table ${table}, so its ${rules.length === 1 ? 'rule is' : `${rules.length} rules are`} never asked`,
        advice: `let a rule resubmit or go to table ${table}, or remove what is in it`,
      });
      continue;
    }
    if (rules.some(isCatchAll) || learnsInto.has(table)) continue;
    const lowest = rules.at(-1)!;
    findings.push({
      check: 'table-miss',
      table,
      rule: lowest,
      why: `table ${table} has no rule for packets that none of its rules matches: they are dropped without a count of their own`,
      advice: `say what is meant: table=${table},priority=0,actions=drop (or what else they should get)`,
    });
  }
  for (const table of filled) {
    for (const rule of rulesOf(bridge, table)) {
      for (const next of jumpsOf(rule).to) {
        if (bridge.table(next).classifier.ruleCount > 0 || learnsInto.has(next)) continue;
        findings.push({
          check: 'empty-table',
          table,
          rule,
          why: `it leads to table ${next}, which has no rules: what depends on that finds no match`,
          advice: `fill table ${next}, or correct its number in ${nameOf(bridge, rule)}`,
        });
      }
    }
  }
  return findings;
}

const isCatchAll = (rule: Rule): boolean => partsOf(rule.match.mask).every(({ name }) => name === 'packet_type');
