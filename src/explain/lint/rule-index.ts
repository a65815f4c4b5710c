/**
 * Pairs of rules of one table without comparing each with each: rules are kept by mask, and within one by the values
 * under another mask, so that the rules that contain (or meet) a rule are found by one look for each mask.
 */
import { FlowKey, KEY_WORDS } from '#flowtable/flow-key.js';
import { hasExtraBits } from '#flowtable/flow-mask.js';
import type { Match } from '#flowtable/match.js';
import type { Rule } from '#src/vswitchd/openflow-table.js';

interface MaskGroup {
  readonly mask: FlowKey;
  readonly rules: Rule[];
  /** By a mask's text: rules by their key under that mask. */
  readonly byKey: Map<string, Map<string, Rule[]>>;
}

export class RuleIndex {
  private readonly groups = new Map<string, MaskGroup>();

  constructor(rules: Iterable<Rule>) {
    for (const rule of rules) {
      const id = textOf(rule.match.mask);
      let group = this.groups.get(id);
      if (group === undefined) {
        group = { mask: rule.match.mask, rules: [], byKey: new Map() };
        this.groups.set(id, group);
      }
      group.rules.push(rule);
    }
  }

  /** Rules that match whatever match matches: itself, if it is one of them, included. */
  *containing(match: Match): IterableIterator<Rule> {
    for (const group of this.groups.values()) {
      if (!hasExtraBits(group.mask, match.mask)) yield* this.agreeing(group, match, group.mask);
    }
  }

  /** Rules that some packet could match together with match. */
  *overlapping(match: Match): IterableIterator<Rule> {
    for (const group of this.groups.values()) {
      const common = new FlowKey();
      for (let i = 0; i < KEY_WORDS; i++) common.words[i] = group.mask.words[i]! & match.mask.words[i]!;
      yield* this.agreeing(group, match, common);
    }
  }

  private agreeing(group: MaskGroup, match: Match, mask: FlowKey): readonly Rule[] {
    const id = textOf(mask);
    let byKey = group.byKey.get(id);
    if (byKey === undefined) {
      byKey = new Map();
      for (const rule of group.rules) {
        const key = maskedText(rule.match.key, mask);
        const same = byKey.get(key);
        if (same === undefined) byKey.set(key, [rule]);
        else same.push(rule);
      }
      group.byKey.set(id, byKey);
    }
    return byKey.get(maskedText(match.key, mask)) ?? [];
  }
}

const textOf = (key: FlowKey): string => Buffer.from(key.bytes).toString('latin1');

function maskedText(key: FlowKey, mask: FlowKey): string {
  const masked = new FlowKey();
  for (let i = 0; i < KEY_WORDS; i++) masked.words[i] = key.words[i]! & mask.words[i]!;
  return textOf(masked);
}
