/**
 * The OpenFlow classifier: rules with priorities and arbitrary masks; a lookup returns the best rule and adds to a mask
 * ("un-wildcards") the bits it had to look at.
 *
 * Mirrors lib/classifier.c: one hash table (subtable) for each distinct mask, sorted by their best priority; staged
 * lookup over metadata, L2, L3, L4; prefix tries for IP addresses and, inside each subtable, for the L4 ports.
 * Everything that decides which subtables are searched, and in which order, is done as OVS does it, because the width
 * of a megaflow follows from it.
 *
 * The properties that must hold:
 * - the rule found is the one that a scan of all rules in descending priority would find;
 * - any packet that agrees with this one on the bits of the mask gets the same rule. An extra 1-bit in the mask is
 *   allowed, a missing one is not;
 * - a lookup in a version (versions.ts) is one among the rules that are visible in it.
 */
import { type Conjunction, resolveConjunctions, type SoftMatch } from './conjunction.js';
import { type Field, fieldNamed } from './fields.js';
import { type FlowKey, KEY_BYTES, KEY_WORDS, OFF_CONJ_ID, OFF_TP_SRC } from './flow-key.js';
import { type Match, prerequisiteHolds } from './match.js';
import { hasPrefixBits, prefixLength, setPrefixBits } from './prefix-bits.js';
import { PrefixTrie, type TrieAnswer } from './prefix-trie.js';
import { PriorityVector } from './priority-vector.js';
import { foldStages, hashMask, hashStage, type StageWords, stagesOf } from './lookup-stages.js';
import {
  FIRST_VERSION,
  firstVisible,
  isLeaving,
  isVisible,
  LATEST_VERSION,
  stay,
  type Versioned,
  versioned,
  type VersionedStore,
} from './versions.js';

export interface ClassifierRule {
  readonly match: Match;
  readonly priority: number;
  /** Present: the rule is a part of conjunctive matches and never matches by itself. */
  readonly conjunctions?: readonly Conjunction[] | undefined;
}

/** A subtable as a lookup visits it. */
export interface SubtableVisit<R extends ClassifierRule> {
  readonly mask: FlowKey;
  /** Its rules, oldest first. */
  readonly rules: readonly R[];
  readonly found: R | null;
}

/** Fields with a trie for each table unless configured otherwise (Flow_Table:prefixes). */
export const DEFAULT_PREFIX_FIELDS: readonly string[] = ['ip_dst', 'ip_src'];

interface Subtable<R extends ClassifierRule> {
  readonly mask: FlowKey;
  readonly maskHash: number;
  /** Stages that have mask bits; the last one leads to the rules, those before it to `present`. */
  readonly stages: readonly StageWords[];
  /** For each stage but the last: how many distinct matches have this hash up to and including the stage. */
  readonly present: readonly Map<number, number>[];
  /** By full hash: lists of rules with the same match, in descending priority, oldest first among equals. */
  readonly buckets: Map<number, Versioned<R>[][]>;
  /** Distinct matches. */
  matchCount: number;
  /** All rules, oldest first. */
  readonly rules: Map<R, Versioned<R>>;
  maxPriority: number;
  maxCount: number;
  /** Prefix length of the mask on each trie field, 0 when it is no prefix or absent. */
  readonly prefixLengths: readonly number[];
  readonly portsMask: number;
  readonly portsMaskLength: number;
  readonly portsTrie: PrefixTrie;
}

interface TrieContext {
  readonly field: Field;
  readonly trie: PrefixTrie;
  readonly answer: TrieAnswer;
  done: boolean;
  /** The packet has no such field: no prefix is ruled out. */
  unusable: boolean;
}

export class Classifier<R extends ClassifierRule> implements VersionedStore<R> {
  private readonly subtables = new PriorityVector<Subtable<R>>();
  private readonly byMask = new Map<number, Subtable<R>[]>();
  private readonly tries: TrieContext[] = [];
  private readonly portsAnswer: TrieAnswer = { bits: 0, lengths: new Uint8Array(33) };
  private readonly portsValue = new Uint8Array(4);
  private count = 0;
  private isDeferred = false;

  constructor(prefixFields: readonly string[] = DEFAULT_PREFIX_FIELDS) {
    this.addTries(prefixFields);
  }

  /** Rules that are here to stay. */
  get ruleCount(): number {
    return this.count;
  }

  get subtableCount(): number {
    return this.subtables.size;
  }

  /** Replaces the fields that have tries and rebuilds what depends on them. */
  setPrefixFields(prefixFields: readonly string[]): void {
    const entries = [...this.subtables.entries].flatMap(({ item }) => [...item.rules.values()]);
    for (const { item } of entries) this.remove(item);
    this.tries.length = 0;
    this.addTries(prefixFields);
    for (const { item, addedIn, hiddenFrom } of entries) {
      this.insert(item, addedIn);
      if (hiddenFrom !== null) this.hide(item, hiddenFrom);
    }
  }

  /** Puts off sorting until publish(), as OVS does for a batch of changes. */
  defer(): void {
    this.isDeferred = true;
  }

  publish(): void {
    this.isDeferred = false;
    this.subtables.publish();
  }

  /**
   * Adds a rule, which is visible from the version on. A rule with the same match and priority that is here to stay is
   * replaced, in all versions, and returned.
   */
  insert(rule: R, version: number = FIRST_VERSION): R | null {
    const subtable = this.findSubtable(rule.match.mask) ?? this.addSubtable(rule.match.mask);
    const hashes = this.stageHashes(subtable, rule);
    const hash = hashes.at(-1)!;
    let bucket = subtable.buckets.get(hash);
    let list = bucket?.find((rules) => rules[0]!.item.match.key.equals(rule.match.key));
    let isFirst = false;
    if (list === undefined) {
      this.tries.forEach((context, i) => {
        const length = subtable.prefixLengths[i]!;
        if (length > 0) context.trie.insert(fieldBytes(rule.match.key, context.field), length);
      });
      if (subtable.portsMaskLength > 0) {
        subtable.portsTrie.insert(this.maskedPorts(rule.match.key, subtable), subtable.portsMaskLength);
      }
      subtable.present.forEach((present, i) => {
        present.set(hashes[i]!, (present.get(hashes[i]!) ?? 0) + 1);
      });
      list = [];
      if (bucket === undefined) {
        bucket = [];
        subtable.buckets.set(hash, bucket);
      }
      bucket.push(list);
      isFirst = ++subtable.matchCount === 1;
    }
    const entry = versioned(rule, version);
    const at = list.findIndex(
      (other) => rule.priority > other.item.priority || (rule.priority === other.item.priority && !isLeaving(other)),
    );
    const other = at >= 0 ? list[at]!.item : null;
    if (other !== null && other.priority === rule.priority) {
      list[at] = entry;
      subtable.rules.delete(other);
      subtable.rules.set(rule, entry);
      return other;
    }
    list.splice(at < 0 ? list.length : at, 0, entry);
    subtable.rules.set(rule, entry);
    if (isFirst) {
      subtable.maxPriority = rule.priority;
      subtable.maxCount = 1;
      this.subtables.insert(subtable, rule.priority);
    } else if (rule.priority === subtable.maxPriority) {
      subtable.maxCount++;
    } else if (rule.priority > subtable.maxPriority) {
      subtable.maxPriority = rule.priority;
      subtable.maxCount = 1;
      this.subtables.changePriority(subtable, rule.priority);
    }
    this.count++;
    if (!this.isDeferred) this.subtables.publish();
    return null;
  }

  /** The rule (the very object) is invisible from the version on. */
  hide(rule: R, version: number): void {
    const entry = this.entryOf(rule);
    if (!isLeaving(entry)) this.count--;
    entry.hiddenFrom = version;
  }

  restore(rule: R): void {
    const entry = this.entryOf(rule);
    if (isLeaving(entry)) this.count++;
    stay(entry);
  }

  /** Takes a rule away (the very object); false when it is not there. */
  remove(rule: R): boolean {
    const subtable = this.findSubtable(rule.match.mask);
    const entry = subtable?.rules.get(rule);
    if (subtable === undefined || entry === undefined) return false;
    subtable.rules.delete(rule);
    const hashes = this.stageHashes(subtable, rule);
    const hash = hashes.at(-1)!;
    const bucket = subtable.buckets.get(hash)!;
    const list = bucket.find((rules) => rules.includes(entry))!;
    list.splice(list.indexOf(entry), 1);
    if (list.length === 0) {
      bucket.splice(bucket.indexOf(list), 1);
      if (bucket.length === 0) subtable.buckets.delete(hash);
      subtable.matchCount--;
      if (subtable.portsMaskLength > 0) {
        subtable.portsTrie.remove(this.maskedPorts(rule.match.key, subtable), subtable.portsMaskLength);
      }
      this.tries.forEach((context, i) => {
        const length = subtable.prefixLengths[i]!;
        if (length > 0) context.trie.remove(fieldBytes(rule.match.key, context.field), length);
      });
      subtable.present.forEach((present, i) => {
        const left = present.get(hashes[i]!)! - 1;
        if (left === 0) present.delete(hashes[i]!);
        else present.set(hashes[i]!, left);
      });
    }
    if (subtable.matchCount === 0) {
      this.subtables.remove(subtable);
      const same = this.byMask.get(subtable.maskHash)!;
      same.splice(same.indexOf(subtable), 1);
      if (same.length === 0) this.byMask.delete(subtable.maskHash);
    } else if (rule.priority === subtable.maxPriority && --subtable.maxCount === 0) {
      let best = Number.NEGATIVE_INFINITY;
      for (const other of subtable.rules.keys()) {
        if (other.priority > best) {
          best = other.priority;
          subtable.maxCount = 1;
        } else if (other.priority === best) subtable.maxCount++;
      }
      subtable.maxPriority = best;
      this.subtables.changePriority(subtable, best);
    }
    if (!isLeaving(entry)) this.count--;
    if (!this.isDeferred) this.subtables.publish();
    return true;
  }

  private entryOf(rule: R): Versioned<R> {
    const entry = this.findSubtable(rule.match.mask)?.rules.get(rule);
    if (entry === undefined) throw new Error('the rule is not in the classifier');
    return entry;
  }

  /**
   * The best rule for a packet in a version, or null; the bits that were looked at are added to wc. For explanations
   * `watch` hears of each subtable just after it was searched, while wc says what that cost.
   */
  lookup(
    key: FlowKey,
    version: number,
    wc: FlowKey | null,
    watch: ((visit: SubtableVisit<R>) => void) | null = null,
  ): R | null {
    const soft: SoftMatch<R>[] = [];
    const hard = this.search(key, version, wc, watch, soft);
    if (soft.length === 0) return hard;
    return resolveConjunctions(soft, hard, (conjId) => {
      const saved = key.u32(OFF_CONJ_ID);
      key.setU32(OFF_CONJ_ID, conjId);
      const rule = this.search(key, version, wc, watch, null);
      key.setU32(OFF_CONJ_ID, saved);
      return rule;
    });
  }

  /** The best rule that is no part of a conjunction; those parts that match are added to soft, unless it is null. */
  private search(
    key: FlowKey,
    version: number,
    wc: FlowKey | null,
    watch: ((visit: SubtableVisit<R>) => void) | null,
    soft: SoftMatch<R>[] | null,
  ): R | null {
    for (const context of this.tries) context.done = false;
    let best: R | null = null;
    let bestPriority = Number.NEGATIVE_INFINITY;
    const subtables = this.subtables.entries;
    for (let i = 0; i < subtables.length; i++) {
      const entry = subtables[i]!;
      // Priorities only fall from here on.
      if (entry.priority <= bestPriority) break;
      const rule = this.findInSubtable(entry.item, key, version, wc);
      if (watch !== null) {
        watch({ mask: entry.item.mask, rules: visibleIn(entry.item.rules.values(), version), found: rule });
      }
      if (rule === null || rule.priority <= bestPriority) continue;
      if (rule.conjunctions !== undefined) {
        soft?.push({ rules: visibleIn(sameMatch(entry.item, rule.match), version), index: 0 });
      } else {
        best = rule;
        bestPriority = rule.priority;
      }
    }
    return best;
  }

  /** The rule with exactly this match and priority. */
  findExactly(match: Match, priority: number, version: number = LATEST_VERSION): R | null {
    const subtable = this.findSubtable(match.mask);
    if (subtable === undefined) return null;
    const same = sameMatch(subtable, match);
    return same.find((entry) => entry.item.priority === priority && isVisible(entry, version))?.item ?? null;
  }

  /** A rule of the same priority that some packet could match together with this one? */
  overlaps(match: Match, priority: number, version: number = LATEST_VERSION): boolean {
    for (const rule of this.rules(version)) {
      if (rule.priority === priority && rule.match.overlaps(match)) return true;
    }
    return false;
  }

  /** Rules that are here to stay, those too that no search sees before publish(). */
  *allRules(): IterableIterator<R> {
    for (const { item } of [...this.subtables.latest]) yield* visibleIn(item.rules.values(), LATEST_VERSION);
  }

  /** All rules: subtable by subtable as lookups visit them, oldest first within one (the order of OVS's cursor). */
  *rules(version: number = LATEST_VERSION): IterableIterator<R> {
    for (const { item } of [...this.subtables.entries]) yield* visibleIn(item.rules.values(), version);
  }

  /** The best rule of the subtable that matches. */
  private findInSubtable(subtable: Subtable<R>, key: FlowKey, version: number, wc: FlowKey | null): R | null {
    const { stages } = subtable;
    const words = key.words;
    const last = stages.length - 1;
    let hash = 0;
    for (let i = 0; i < last; i++) {
      const stage = stages[i]!;
      if (wc !== null && this.triesRuleOut(subtable, stage.stage, key, wc)) {
        foldStages(wc, stages, i);
        return null;
      }
      hash = hashStage(hash, words, stage);
      if (!subtable.present[i]!.has(hash)) {
        if (wc !== null) foldStages(wc, stages, i + 1);
        return null;
      }
    }
    const final = stages[last]!;
    if (wc !== null && this.triesRuleOut(subtable, final.stage, key, wc)) {
      foldStages(wc, stages, last);
      return null;
    }
    hash = hashStage(hash, words, final);
    const rule = findInBucket(subtable.buckets.get(hash), key, version, subtable.mask);
    if (wc === null) return rule;
    if (rule === null && subtable.portsMaskLength > 0) {
      // The ports made the difference: as many of their bits as the trie needs will do.
      const ports = this.maskedPorts(key, subtable);
      subtable.portsTrie.lookup(ports, this.portsAnswer);
      const { bits } = this.portsAnswer;
      const needed = wc.u32(OFF_TP_SRC) | (subtable.portsMask & (bits === 0 ? 0 : -1 << (32 - bits)));
      foldStages(wc, stages, stages.length);
      wc.setU32(OFF_TP_SRC, needed >>> 0);
      return null;
    }
    foldStages(wc, stages, stages.length);
    return rule;
  }

  /** Can the subtable be left out because no rule of it has a prefix that the packet's address matches? */
  private triesRuleOut(subtable: Subtable<R>, stage: number, key: FlowKey, wc: FlowKey): boolean {
    for (let i = 0; i < this.tries.length; i++) {
      const length = subtable.prefixLengths[i]!;
      const context = this.tries[i]!;
      if (length === 0 || context.field.stage !== stage) continue;
      if (!context.done) {
        context.done = true;
        context.unusable = !prerequisiteHolds(context.field.prerequisite, key);
        if (!context.unusable) context.trie.lookup(fieldBytes(key, context.field), context.answer);
      }
      if (context.unusable || context.answer.lengths[length] === 1) continue;
      const bits = context.answer.bits;
      // The trie knows all subtables: never un-wildcard more than this one would have.
      if (bits <= length) {
        setPrefixBits(wc, context.field.offset, bits);
        return true;
      }
      if (hasPrefixBits(wc, context.field.offset, bits)) return true;
    }
    return false;
  }

  private addTries(prefixFields: readonly string[]): void {
    for (const name of prefixFields) {
      const field = fieldNamed(name);
      this.tries.push({
        field,
        trie: new PrefixTrie(field.bits),
        answer: { bits: 0, lengths: new Uint8Array(field.bits + 1) },
        done: false,
        unusable: false,
      });
    }
  }

  private findSubtable(mask: FlowKey): Subtable<R> | undefined {
    return this.byMask.get(hashMask(mask))?.find((subtable) => subtable.mask.equals(mask));
  }

  private addSubtable(mask: FlowKey): Subtable<R> {
    const stages = stagesOf(mask);
    const portsMask = mask.u32(OFF_TP_SRC);
    const maskHash = hashMask(mask);
    const subtable: Subtable<R> = {
      mask: mask.clone(),
      maskHash,
      stages,
      present: stages.slice(1).map(() => new Map()),
      buckets: new Map(),
      matchCount: 0,
      rules: new Map(),
      maxPriority: 0,
      maxCount: 0,
      prefixLengths: this.tries.map((context) => prefixLength(mask, context.field)),
      portsMask,
      portsMaskLength: portsMask === 0 ? 0 : Math.clz32(portsMask & -portsMask) + 1,
      portsTrie: new PrefixTrie(32),
    };
    const same = this.byMask.get(maskHash);
    if (same === undefined) this.byMask.set(maskHash, [subtable]);
    else same.push(subtable);
    return subtable;
  }

  private stageHashes(subtable: Subtable<R>, rule: R): number[] {
    const hashes: number[] = [];
    let hash = 0;
    for (const stage of subtable.stages) {
      hash = hashStage(hash, rule.match.key.words, stage);
      hashes.push(hash);
    }
    return hashes;
  }

  private maskedPorts(key: FlowKey, subtable: Subtable<R>): Uint8Array {
    for (let i = 0; i < 4; i++) {
      this.portsValue[i] = key.bytes[OFF_TP_SRC + i]! & subtable.mask.bytes[OFF_TP_SRC + i]!;
    }
    return this.portsValue;
  }
}

const fieldBytes = (key: FlowKey, field: Field): Uint8Array =>
  key.bytes.subarray(field.offset, Math.min(field.offset + field.size, KEY_BYTES));

/** The rules with exactly this match, in descending priority. */
function sameMatch<R extends ClassifierRule>(
  { stages, buckets }: Subtable<R>,
  { key }: Match,
): readonly Versioned<R>[] {
  let hash = 0;
  for (const stage of stages) hash = hashStage(hash, key.words, stage);
  return buckets.get(hash)?.find((rules) => rules[0]!.item.match.key.equals(key)) ?? [];
}

function visibleIn<R>(entries: Iterable<Versioned<R>>, version: number): R[] {
  const rules: R[] = [];
  for (const entry of entries) if (isVisible(entry, version)) rules.push(entry.item);
  return rules;
}

function findInBucket<R extends ClassifierRule>(
  bucket: readonly Versioned<R>[][] | undefined,
  key: FlowKey,
  version: number,
  mask: FlowKey,
): R | null {
  if (bucket === undefined) return null;
  const k = key.words;
  const m = mask.words;
  next: for (const rules of bucket) {
    const r = rules[0]!.item.match.key.words;
    for (let i = 0; i < KEY_WORDS; i++) if (((k[i]! ^ r[i]!) & m[i]!) !== 0) continue next;
    return firstVisible(rules, version);
  }
  return null;
}
