/**
 * Which rule a full table gives up for a new one. Mirrors choose_rule_to_evict() and its relatives of ofproto.c
 * (ovs-vswitchd.conf.db(5), Flow_Table; OpenFlow 1.4 §5.4.2).
 *
 * Rules that agree on the fields of the table's eviction groups are of one group; the largest group gives up its least
 * important rule, and of those the one that would expire first. Rules without a time-out are never given up.
 *
 * Deliberately different: among groups of one size OVS chooses at random, here the oldest has to give.
 */
import { hasField } from '#src/openflow/field-value.js';
import { readSubfield, type Subfield } from '#src/openflow/subfield.js';
import type { Rule } from './openflow-table.js';

const NS_PER_SEC = 1e9;
/** OVS counts expiration in units of 1,024 ms. */
const EXPIRATION_UNIT_NS = 1024e6;

const hasTimeout = (rule: Rule): boolean => rule.idleTimeout > 0 || rule.hardTimeout > 0;

function groupOf(rule: Rule, fields: readonly Subfield[]): string {
  const { key } = rule.match;
  return fields.map((subfield) => (hasField(subfield.field, key) ? readSubfield(key, subfield) : '-')).join('|');
}

function expirationOf(rule: Rule): number {
  const hard = rule.hardTimeout > 0 ? rule.modifiedNs + rule.hardTimeout * NS_PER_SEC : Number.POSITIVE_INFINITY;
  const idle = rule.idleTimeout > 0 ? rule.usedNs + rule.idleTimeout * NS_PER_SEC : Number.POSITIVE_INFINITY;
  return Math.floor(Math.min(hard, idle) / EXPIRATION_UNIT_NS);
}

/** Does a go before b does? */
function goesBefore(a: Rule, b: Rule): boolean {
  if (a.importance !== b.importance) return a.importance < b.importance;
  return expirationOf(a) < expirationOf(b);
}

/** Null where no rule may be evicted. */
export function chooseRuleToEvict(rules: Iterable<Rule>, fields: readonly Subfield[]): Rule | null {
  const groups = new Map<string, Rule[]>();
  for (const rule of rules) {
    if (!hasTimeout(rule)) continue;
    const id = groupOf(rule, fields);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [rule]);
    else group.push(rule);
  }
  let largest: readonly Rule[] = [];
  for (const group of groups.values()) if (group.length > largest.length) largest = group;
  return largest.reduce<Rule | null>((best, rule) => (best === null || goesBefore(rule, best) ? rule : best), null);
}
