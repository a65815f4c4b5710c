/**
 * Rules that no packet reaches: another of higher priority matches all that they match. And rules of equal priority
 * that meet and differ: which of them a packet gets is not defined (OpenFlow 1.5.1 §5.3).
 *
 * Invariant: no packet ever hits a rule that is called shadowed. (Rules that only several others hide together are not
 * found.)
 */
import { FlowKey, KEY_WORDS } from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import { formatActions } from '#src/openflow/action/action-list.js';
import { formatMatch } from '#src/openflow/match-format.js';
import type { Rule } from '#src/vswitchd/openflow-table.js';
import { filledTables, type Finding, isConjunctive, type LintSubject, nameOf, rulesOf } from './finding.js';
import { RuleIndex } from './rule-index.js';

export function findShadowed({ bridge, places }: LintSubject): readonly Finding[] {
  return filledTables(bridge).flatMap((table) => {
    const rules = rulesOf(bridge, table);
    // A dimension of a conjunctive match does not take a packet for itself.
    const index = new RuleIndex(rules.filter((rule) => !isConjunctive(rule)));
    return rules.flatMap((rule): readonly Finding[] => {
      let hider: Rule | null = null;
      for (const other of index.containing(rule.match)) {
        if (other.priority > rule.priority && (hider === null || other.priority > hider.priority)) hider = other;
      }
      if (hider === null) return [];
      const line = places.get(hider)?.line;
      const where = line == null ? '' : ` (line ${line})`;
      const until = hider.hardTimeout > 0 || hider.idleTimeout > 0 ? ' until that one times out' : '';
      const isSame = JSON.stringify(actionsOf(hider)) === JSON.stringify(actionsOf(rule));
      return [
        {
          check: 'shadowed',
          table,
          rule,
          why: `no packet reaches it${until}: ${nameOf(bridge, hider)}${where} matches all that it matches`,
          advice: isSame
            ? 'it does the same: remove it'
            : 'give it a higher priority if it is an exception to the other, or remove it',
        },
      ];
    });
  });
}

const actionsOf = (rule: Rule): string => formatActions(rule.actions, { ports: NO_NAMES });
const NO_NAMES = { nameOf: () => undefined, numberOf: () => undefined };

/** A rule may meet thousands of others; the first ones make the point. */
const MAX_PER_RULE = 3;

export function findOverlaps({ bridge, places }: LintSubject): readonly Finding[] {
  return filledTables(bridge).flatMap((table) => {
    const rules = rulesOf(bridge, table).filter((rule) => !isConjunctive(rule));
    const index = new RuleIndex(rules);
    const order = new Map(rules.map((rule, i) => [rule, i]));
    return rules.flatMap((rule): readonly Finding[] => {
      const findings: Finding[] = [];
      for (const other of index.overlapping(rule.match)) {
        if (findings.length === MAX_PER_RULE) break;
        if (other.priority !== rule.priority || order.get(other)! >= order.get(rule)!) continue;
        if (actionsOf(other) === actionsOf(rule)) continue;
        const both = intersection(rule.match, other.match);
        if (isDecidedAbove(index, both, rule.priority)) continue;
        const line = places.get(other)?.line;
        findings.push({
          check: 'overlap',
          table,
          rule,
          why: `${nameOf(bridge, other)}${line == null ? '' : ` (line ${line})`} has the same priority and other actions, and packets of "${formatMatch(both, { ports: bridge.portNames, names: true })}" match both: which one they get is not defined`,
          advice: 'give them different priorities, or make their matches exclude each other',
        });
      }
      return findings;
    });
  });
}

/** The packets of both; only for matches that overlap. */
export function intersection(a: Match, b: Match): Match {
  const both = new Match(new FlowKey(), new FlowKey());
  for (let i = 0; i < KEY_WORDS; i++) {
    both.key.words[i] = a.key.words[i]! | b.key.words[i]!;
    both.mask.words[i] = a.mask.words[i]! | b.mask.words[i]!;
  }
  return both;
}

function isDecidedAbove(index: RuleIndex, match: Match, priority: number): boolean {
  for (const rule of index.containing(match)) if (rule.priority > priority) return true;
  return false;
}

export const findReplaced = ({ replaced }: LintSubject): readonly Finding[] =>
  replaced.map(({ place, by, table }) => ({
    check: 'replaced',
    table,
    rule: null,
    place,
    why: `line ${by.line} has the same table, match and priority, and replaces it`,
    advice: 'remove one of them, or give them different priorities',
  }));
