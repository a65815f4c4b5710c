/**
 * The rules of a table that a packet nearly matched: those that differ from it in the fewest fields, and in which.
 *
 * A rule that matches and was outranked differs in none. Among equals, rules that do something stand before rules that
 * drop, and higher priorities before lower ones.
 */
import type { FlowKey } from '#flowtable/flow-key.js';
import { FlowKey as Key, KEY_WORDS } from '#flowtable/flow-key.js';
import type { PortNames } from '#src/openflow/ports.js';
import type { Rule } from '#src/vswitchd/openflow-table.js';
import { describePart, partsOf } from './key-parts.js';

export interface FieldDifference {
  readonly field: string;
  /** As the rule has it. */
  readonly wanted: string;
  /** The packet's value on the same bits. */
  readonly found: string;
}

export interface NearRule {
  readonly rule: Rule;
  /** Empty for a rule that matches, and was outranked. */
  readonly differences: readonly FieldDifference[];
  /** A rule of higher priority matched: this one would not have been asked. */
  readonly isOutranked: boolean;
}

export function differencesFrom(rule: Rule, key: FlowKey, ports: PortNames): readonly FieldDifference[] {
  const { match } = rule;
  const differing = new Key();
  for (let i = 0; i < KEY_WORDS; i++) {
    differing.words[i] = (match.key.words[i]! ^ key.words[i]!) & match.mask.words[i]!;
  }
  return partsOf(differing).map((part) => ({
    field: part.name,
    wanted: describePart(part, match.key, match.mask, ports),
    found: describePart(part, key, match.mask, ports),
  }));
}

/** The number of parts that differ, without their texts. */
function distance(rule: Rule, key: FlowKey): number {
  const differing = new Key();
  for (let i = 0; i < KEY_WORDS; i++) {
    differing.words[i] = (rule.match.key.words[i]! ^ key.words[i]!) & rule.match.mask.words[i]!;
  }
  return partsOf(differing).length;
}

export function nearestRules(
  rules: Iterable<Rule>,
  key: FlowKey,
  found: Rule | null,
  ports: PortNames,
  limit: number,
): readonly NearRule[] {
  const candidates: { readonly rule: Rule; readonly distance: number }[] = [];
  for (const rule of rules) if (rule !== found) candidates.push({ rule, distance: distance(rule, key) });
  candidates.sort(
    (a, b) =>
      a.distance - b.distance ||
      Number(a.rule.actions.length === 0) - Number(b.rule.actions.length === 0) ||
      b.rule.priority - a.rule.priority,
  );
  return candidates.slice(0, limit).map(({ rule }) => ({
    rule,
    differences: differencesFrom(rule, key, ports),
    isOutranked: found !== null && found.priority >= rule.priority,
  }));
}
