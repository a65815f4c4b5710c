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
 *   allowed, a missing one is not.
 */
import { type Conjunction, resolveConjunctions, type SoftMatch } from './conjunction.js';
import { FIELDS, type Field, fieldNamed } from './fields.js';
import {
  FlowKey,
  KEY_BYTES,
  KEY_WORDS,
  OFF_CONJ_ID,
  OFF_TP_SRC,
  OFF_TUN_OPTIONS,
  OFF_TUN_OPTIONS_PRESENT,
  TUN_OPTIONS_SIZE,
} from './flow-key.js';
import { type Match, prerequisiteHolds } from './match.js';
import { hasPrefixBits, prefixLength, setPrefixBits } from './prefix-bits.js';
import { PrefixTrie, type TrieAnswer } from './prefix-trie.js';
import { PriorityVector } from './priority-vector.js';

export interface ClassifierRule {
  readonly match: Match;
  readonly priority: number;
  /** Present: the rule is a part of conjunctive matches and never matches by itself. */
  readonly conjunctions?: readonly Conjunction[] | undefined;
}

/** A subtable as a lookup visits it. */
export interface SubtableVisit<R extends ClassifierRule> {
  readonly mask: FlowKey;
  /** All its rules, oldest first. */
  readonly rules: ReadonlySet<R>;
  readonly found: R | null;
}

const STAGE_COUNT = 4;
/** For each stage the bytes of the key that belong to it, as a mask. */
const STAGE_MASKS: readonly Int32Array[] = (() => {
  const masks = Array.from({ length: STAGE_COUNT }, () => new FlowKey());
  for (const field of FIELDS) masks[field.stage]!.bytes.fill(0xff, field.offset, field.offset + field.size);
  masks[0]!.bytes.fill(0xff, OFF_TUN_OPTIONS_PRESENT, OFF_TUN_OPTIONS + TUN_OPTIONS_SIZE);
  return masks.map((mask) => mask.words);
})();

/** Fields with a trie for each table unless configured otherwise (Flow_Table:prefixes). */
export const DEFAULT_PREFIX_FIELDS: readonly string[] = ['ip_dst', 'ip_src'];

/** The masked words of one stage of a subtable. */
interface StageWords {
  readonly stage: number;
  readonly indexes: readonly number[];
  readonly masks: readonly number[];
}

interface Subtable<R extends ClassifierRule> {
  readonly mask: FlowKey;
  readonly maskHash: number;
  /** Stages that have mask bits; the last one leads to the rules, those before it to `present`. */
  readonly stages: readonly StageWords[];
  /** For each stage but the last: how many distinct matches have this hash up to and including the stage. */
  readonly present: readonly Map<number, number>[];
  /** By full hash: lists of rules with the same match, in descending priority. */
  readonly buckets: Map<number, R[][]>;
  /** Distinct matches. */
  matchCount: number;
  /** All rules, oldest first. */
  readonly rules: Set<R>;
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

const mix = (hash: number, word: number): number => {
  let h = Math.imul(hash ^ word, 0x9e3779b1);
  h ^= h >>> 15;
  return Math.imul(h, 0x85ebca77) | 0;
};

function hashStage(hash: number, words: Int32Array, stage: StageWords): number {
  const { indexes, masks } = stage;
  let h = hash;
  for (let i = 0; i < indexes.length; i++) h = mix(h, words[indexes[i]!]! & masks[i]!);
  return h;
}

export class Classifier<R extends ClassifierRule> {
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

  get ruleCount(): number {
    return this.count;
  }

  get subtableCount(): number {
    return this.subtables.size;
  }

  /** Replaces the fields that have tries and rebuilds what depends on them. */
  setPrefixFields(prefixFields: readonly string[]): void {
    const rules = [...this.rules()];
    for (const rule of rules) this.remove(rule);
    this.tries.length = 0;
    this.addTries(prefixFields);
    for (const rule of rules) this.insert(rule);
  }

  /** Puts off sorting until publish(), as OVS does for a batch of changes. */
  defer(): void {
    this.isDeferred = true;
  }

  publish(): void {
    this.isDeferred = false;
    this.subtables.publish();
  }

  /** Adds a rule; a rule with the same match and priority is replaced and returned. */
  insert(rule: R): R | null {
    const subtable = this.findSubtable(rule.match.mask) ?? this.addSubtable(rule.match.mask);
    const hashes = this.stageHashes(subtable, rule);
    const hash = hashes.at(-1)!;
    let bucket = subtable.buckets.get(hash);
    let list = bucket?.find((rules) => rules[0]!.match.key.equals(rule.match.key));
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
    const at = list.findIndex((other) => rule.priority >= other.priority);
    const other = at >= 0 ? list[at] : undefined;
    if (other !== undefined && other.priority === rule.priority) {
      list[at] = rule;
      subtable.rules.delete(other);
      subtable.rules.add(rule);
      return other;
    }
    list.splice(at < 0 ? list.length : at, 0, rule);
    subtable.rules.add(rule);
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

  /** Takes a rule away (the very object); false when it is not there. */
  remove(rule: R): boolean {
    const subtable = this.findSubtable(rule.match.mask);
    if (subtable === undefined || !subtable.rules.delete(rule)) return false;
    const hashes = this.stageHashes(subtable, rule);
    const hash = hashes.at(-1)!;
    const bucket = subtable.buckets.get(hash)!;
    const list = bucket.find((rules) => rules.includes(rule))!;
    list.splice(list.indexOf(rule), 1);
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
      for (const other of subtable.rules) {
        if (other.priority > best) {
          best = other.priority;
          subtable.maxCount = 1;
        } else if (other.priority === best) subtable.maxCount++;
      }
      subtable.maxPriority = best;
      this.subtables.changePriority(subtable, best);
    }
    this.count--;
    if (!this.isDeferred) this.subtables.publish();
    return true;
  }

  /**
   * The best rule for a packet, or null; the bits that were looked at are added to wc. For explanations `watch` hears
   * of each subtable just after it was searched, while wc says what that cost.
   */
  lookup(key: FlowKey, wc: FlowKey | null, watch: ((visit: SubtableVisit<R>) => void) | null = null): R | null {
    const soft: SoftMatch<R>[] = [];
    const hard = this.search(key, wc, watch, soft);
    if (soft.length === 0) return hard;
    return resolveConjunctions(soft, hard, (conjId) => {
      const saved = key.u32(OFF_CONJ_ID);
      key.setU32(OFF_CONJ_ID, conjId);
      const rule = this.search(key, wc, watch, null);
      key.setU32(OFF_CONJ_ID, saved);
      return rule;
    });
  }

  /** The best rule that is no part of a conjunction; those parts that match are added to soft, unless it is null. */
  private search(
    key: FlowKey,
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
      const rules = this.findInSubtable(entry.item, key, wc);
      const rule = rules?.[0] ?? null;
      if (watch !== null) watch({ mask: entry.item.mask, rules: entry.item.rules, found: rule });
      if (rules === null || rule === null || rule.priority <= bestPriority) continue;
      if (rule.conjunctions !== undefined) {
        soft?.push({ rules, index: 0 });
      } else {
        best = rule;
        bestPriority = rule.priority;
      }
    }
    return best;
  }

  /** The rule with exactly this match and priority. */
  findExactly(match: Match, priority: number): R | null {
    const subtable = this.findSubtable(match.mask);
    if (subtable === undefined) return null;
    let hash = 0;
    for (const stage of subtable.stages) hash = hashStage(hash, match.key.words, stage);
    const list = subtable.buckets.get(hash)?.find((rules) => rules[0]!.match.key.equals(match.key));
    return list?.find((rule) => rule.priority === priority) ?? null;
  }

  /** A rule of the same priority that some packet could match together with this one? */
  overlaps(match: Match, priority: number): boolean {
    for (const rule of this.rules()) if (rule.priority === priority && rule.match.overlaps(match)) return true;
    return false;
  }

  /** All rules: subtable by subtable as lookups visit them, oldest first within one (the order of OVS's cursor). */
  *rules(): IterableIterator<R> {
    for (const entry of [...this.subtables.entries]) yield* [...entry.item.rules];
  }

  /** The rules of the subtable that match: all have the same match and stand in descending priority. */
  private findInSubtable(subtable: Subtable<R>, key: FlowKey, wc: FlowKey | null): readonly R[] | null {
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
    const rules = findInBucket(subtable.buckets.get(hash), key, subtable.mask);
    if (wc === null) return rules;
    if (rules === null && subtable.portsMaskLength > 0) {
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
    return rules;
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
    const stages: StageWords[] = [];
    for (let stage = 0; stage < STAGE_COUNT; stage++) {
      const indexes: number[] = [];
      const masks: number[] = [];
      for (let word = 0; word < KEY_WORDS; word++) {
        const bits = mask.words[word]! & STAGE_MASKS[stage]![word]!;
        if (bits !== 0) {
          indexes.push(word);
          masks.push(bits);
        }
      }
      if (indexes.length > 0) stages.push({ stage, indexes, masks });
    }
    if (stages.length === 0) stages.push({ stage: 0, indexes: [], masks: [] });
    const portsMask = mask.u32(OFF_TP_SRC);
    const maskHash = hashMask(mask);
    const subtable: Subtable<R> = {
      mask: mask.clone(),
      maskHash,
      stages,
      present: stages.slice(1).map(() => new Map()),
      buckets: new Map(),
      matchCount: 0,
      rules: new Set(),
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

function foldStages(wc: FlowKey, stages: readonly StageWords[], count: number): void {
  for (let i = 0; i < count; i++) {
    const { indexes, masks } = stages[i]!;
    for (let j = 0; j < indexes.length; j++) wc.words[indexes[j]!]! |= masks[j]!;
  }
}

function findInBucket<R extends ClassifierRule>(
  bucket: readonly R[][] | undefined,
  key: FlowKey,
  mask: FlowKey,
): readonly R[] | null {
  if (bucket === undefined) return null;
  const k = key.words;
  const m = mask.words;
  next: for (const rules of bucket) {
    const r = rules[0]!.match.key.words;
    for (let i = 0; i < KEY_WORDS; i++) if (((k[i]! ^ r[i]!) & m[i]!) !== 0) continue next;
    return rules;
  }
  return null;
}

function hashMask(mask: FlowKey): number {
  let hash = 0;
  for (let i = 0; i < KEY_WORDS; i++) if (mask.words[i] !== 0) hash = mix(mix(hash, i), mask.words[i]!);
  return hash;
}
