/**
 * How a node of the difference tree parts its flows: the choice, made from a sample of them.
 *
 * Three ways. A hash of the bytes that all their masks have, where those tell many flows apart. The first bit, in a range
 * of one word, in which a key differs from a reference value: masks that come of prefixes, as translation makes them,
 * end at the bit where a packet left a rule's value, so that one such step tells up to 32 prefix lengths apart. Or, where
 * either would need too many copies, two sets that are searched one after the other.
 */
import { DATAPATH_WORDS } from './flow-key.js';
import { mixBits } from './hash.js';
import type { MegaflowEntries } from './megaflow-search.js';
import { swap32 } from './swap32.js';

/** Flows that are compared one by one rather than parted. */
export const LEAF_FLOWS = 4;
/** Flows that a choice is made from: some of each mask, and some spread over all. */
const SAMPLE_MASKS = 64;
const SAMPLE_SPREAD = 32;
/** Reference values that are tried for one range. */
const REFERENCES = 5;
/** Branches of a difference: by bit, and the last for keys that do not differ. */
const BRANCH_LIMIT = 33;
/** A split into so many equal branches is taken without looking for a better. */
const IDEAL_BRANCHES = 8;
/** With fewer flows the cost of a subtree goes by their number alone. */
const FLOWS_WORTH_A_LOOK = 8;
/** Steps of a subtree that begins with a hash. */
const HASH_COST = 2.5;

/** Words of a key, and the bits of each, that a hash is made of. */
export interface HashSplit {
  readonly kind: 'hash';
  readonly indices: readonly number[];
  readonly bits: readonly number[];
}

/** The first bit of `bits` in which word `word` differs from `reference`; both raw, as a key has them. */
export interface DifferenceSplit {
  readonly kind: 'difference';
  readonly word: number;
  readonly bits: number;
  readonly reference: number;
}

/** Flows whose mask has all of `bits` in `word`, then the others. */
export interface PairSplit {
  readonly kind: 'pair';
  readonly word: number;
  readonly bits: number;
}

export type Split = HashSplit | DifferenceSplit | PairSplit;

/**
 * The branches of a difference node that a flow can be in, as bits: the bit at position p from the top stands for keys
 * that differ first at p. A flow that does not differ where it has mask bits is in the last branch, too (isEqual).
 */
export function branchesOf(key: number, mask: number, bits: number, reference: number): number {
  const differing = swap32((key ^ reference) & bits & mask);
  const unmasked = swap32(bits & ~mask);
  if (differing === 0) return unmasked;
  const p = Math.clz32(differing);
  return (unmasked & ~(-1 >>> p)) | (0x8000_0000 >>> p);
}

export function isEqualBranch(key: number, mask: number, bits: number, reference: number): boolean {
  return ((key ^ reference) & bits & mask) === 0;
}

/** A hash of the words that a split names: for counting groups, not that of a node. */
function hashWords(words: Int32Array, at: number, { indices, bits }: HashSplit): number {
  let h = 0;
  for (let i = 0; i < indices.length; i++) h = mixBits(h ^ (words[at + indices[i]!]! & bits[i]!));
  return h;
}

/** Every byte of a raw word that has all its bits, or with `some` any of them, becomes 0xff; the others 0. */
function wholeBytes(word: number, some: boolean): number {
  let bytes = 0;
  for (let shift = 0; shift < 32; shift += 8) {
    const byte = (word >>> shift) & 0xff;
    if (some ? byte !== 0 : byte === 0xff) bytes |= 0xff << shift;
  }
  return bytes;
}

/** What a set of flows has in common, and where they differ; arrays by word of the key. */
class Survey {
  /** Bits that all masks have: only of the active words. */
  readonly common = new Int32Array(DATAPATH_WORDS);
  /** Bits in which some flow has a 1, and another a 0, both by their masks. */
  readonly active = new Int32Array(DATAPATH_WORDS);
  private readonly zeros = new Int32Array(DATAPATH_WORDS);
  private readonly touched = new Uint8Array(DATAPATH_WORDS);
  readonly activeWords: number[] = [];

  take(entries: MegaflowEntries, slots: readonly number[]): void {
    const { common, active, zeros, touched, activeWords } = this;
    active.fill(0);
    zeros.fill(0);
    touched.fill(0);
    for (const slot of slots) {
      const { indices, bits } = entries.maskAt(slot);
      const keys = entries.keyWords(slot);
      const at = entries.keyOffset(slot);
      for (let i = 0; i < indices.length; i++) {
        const w = indices[i]!;
        const key = keys[at + w]!;
        active[w] = active[w]! | (key & bits[i]!);
        zeros[w] = zeros[w]! | (~key & bits[i]!);
        touched[w] = 1;
      }
    }
    activeWords.length = 0;
    for (let w = 0; w < DATAPATH_WORDS; w++) {
      if (touched[w] === 0) continue;
      active[w] = active[w]! & zeros[w]!;
      if (active[w] === 0) continue;
      activeWords.push(w);
      common[w] = -1;
    }
    let last: unknown = null;
    for (const slot of slots) {
      const mask = entries.maskAt(slot);
      if (mask === last) continue;
      last = mask;
      const { words } = mask.key;
      for (let i = 0; i < activeWords.length; i++) {
        const w = activeWords[i]!;
        common[w] = common[w]! & words[w]!;
      }
    }
  }

  /** A hash split by the bytes that all masks have and that tell flows apart; null where there are none. */
  hashSplit(): HashSplit | null {
    const indices: number[] = [];
    const bits: number[] = [];
    for (const w of this.activeWords) {
      const bytes = wholeBytes(this.common[w]!, false) & wholeBytes(this.active[w]!, true);
      if (bytes === 0) continue;
      indices.push(w);
      bits.push(bytes);
    }
    return indices.length === 0 ? null : { kind: 'hash', indices, bits };
  }
}

export class SplitChooser {
  private readonly entries: MegaflowEntries;
  private readonly survey = new Survey();
  private readonly subSurvey = new Survey();
  /** One word of each flow of the sample, and of its mask. */
  private readonly keys = new Int32Array(SAMPLE_MASKS + SAMPLE_SPREAD);
  private readonly masks = new Int32Array(SAMPLE_MASKS + SAMPLE_SPREAD);
  /** Flows of the sample in each branch of a difference. */
  private readonly sizes = new Int32Array(BRANCH_LIMIT);
  private best: Split | null = null;
  private bestCost = 0;

  constructor(entries: MegaflowEntries) {
    this.entries = entries;
  }

  /**
   * How to part these flows, of which there are more than LEAF_FLOWS, so that their copies are about `budget` at most;
   * null where nothing parts them (flows that overlap).
   */
  choose(slots: readonly number[], budget: number): Split | null {
    const { survey } = this;
    survey.take(this.entries, slots);
    const sample = this.sampleOf(slots);
    const scale = slots.length / sample.length;
    const hash = survey.hashSplit();
    if (hash !== null && this.largestGroup(sample, hash) * 2 <= sample.length) return hash;
    this.best = null;
    this.bestCost = Number.POSITIVE_INFINITY;
    // What could not be better: every flow in one branch, and few in each.
    const good = 1 + costOfFlows(slots.length / IDEAL_BRANCHES);
    for (const word of survey.activeWords) {
      this.gather(sample, word);
      const active = survey.active[word]!;
      for (const bits of rangesOf(active)) {
        for (const reference of this.referencesFor(sample.length, bits)) {
          const split: DifferenceSplit = { kind: 'difference', word, bits, reference };
          this.offer(split, this.differenceCost(sample, split, scale, budget));
        }
        if (this.bestCost <= good) return this.best;
      }
      const pair: PairSplit = { kind: 'pair', word, bits: wholeBytes(active, true) };
      this.offer(pair, this.pairCost(sample, pair, scale));
    }
    if (this.best !== null) return this.best;
    for (const word of survey.activeWords) {
      this.gather(sample, word);
      for (let rest = swap32(survey.active[word]!); rest !== 0; ) {
        const top = 0x8000_0000 >>> Math.clz32(rest);
        rest &= ~top;
        const bits = swap32(top);
        const split: DifferenceSplit = { kind: 'difference', word, bits, reference: 0 };
        this.offer(split, this.differenceCost(sample, split, scale, budget));
        const pair: PairSplit = { kind: 'pair', word, bits };
        this.offer(pair, this.pairCost(sample, pair, scale));
      }
    }
    return this.best ?? hash;
  }

  private offer(split: Split, cost: number): void {
    if (cost >= this.bestCost) return;
    this.best = split;
    this.bestCost = cost;
  }

  private gather(sample: readonly number[], word: number): void {
    const { entries, keys, masks } = this;
    for (let i = 0; i < sample.length; i++) {
      const slot = sample[i]!;
      keys[i] = entries.keyWords(slot)[entries.keyOffset(slot) + word]!;
      masks[i] = entries.maskAt(slot).key.words[word]!;
    }
  }

  /** One flow of each mask, up to a number, and some spread over all; all where they are few. */
  private sampleOf(slots: readonly number[]): readonly number[] {
    if (slots.length <= SAMPLE_MASKS + SAMPLE_SPREAD) return slots;
    const sample = new Set<number>();
    const masks = new Set<unknown>();
    for (const slot of slots) {
      const mask = this.entries.maskAt(slot);
      if (masks.has(mask)) continue;
      masks.add(mask);
      sample.add(slot);
      if (sample.size >= SAMPLE_MASKS) break;
    }
    const wanted = SAMPLE_MASKS + SAMPLE_SPREAD - sample.size;
    for (let i = 0; i < wanted; i++) sample.add(slots[Math.floor((i * slots.length) / wanted)]!);
    return [...sample];
  }

  /** Flows of the sample that one bucket would hold at most. */
  private largestGroup(sample: readonly number[], split: HashSplit): number {
    const groups = new Map<number, number>();
    let largest = 0;
    for (const slot of sample) {
      const hash = hashWords(this.entries.keyWords(slot), this.entries.keyOffset(slot), split);
      const size = (groups.get(hash) ?? 0) + 1;
      groups.set(hash, size);
      if (size > largest) largest = size;
    }
    return largest;
  }

  /** Values of the gathered word to measure differences from: those of the longest masks first. */
  private referencesFor(count: number, bits: number): readonly number[] {
    const { keys, masks } = this;
    let most = 0;
    let longest = -1;
    for (let i = 0; i < count; i++) {
      const length = bitCount(masks[i]! & bits);
      if (length <= most) continue;
      most = length;
      longest = i;
    }
    if (longest < 0) return [];
    const mask = masks[longest]! & bits;
    const value = keys[longest]! & mask;
    // What the longest mask's last bit differs from is likely the value that the others come of.
    const ordered = swap32(mask);
    const references = [value ^ swap32(ordered & -ordered), value];
    const step = Math.max(1, Math.floor(count / REFERENCES));
    for (let i = 0; i < count; i += step) {
      const other = keys[i]! & masks[i]! & bits;
      if (!references.includes(other)) references.push(other);
    }
    return references;
  }

  /** Steps of a lookup, estimated; infinite where it does not part the flows or needs too many copies. */
  private differenceCost(sample: readonly number[], split: DifferenceSplit, scale: number, budget: number): number {
    const { keys, masks, sizes } = this;
    const { bits, reference } = split;
    sizes.fill(0);
    let copies = 0;
    for (let i = 0; i < sample.length; i++) {
      const branches = branchesOf(keys[i]!, masks[i]!, bits, reference);
      for (let rest = branches; rest !== 0; copies++) {
        const p = Math.clz32(rest);
        rest &= ~(0x8000_0000 >>> p);
        sizes[p] = sizes[p]! + 1;
      }
      if (!isEqualBranch(keys[i]!, masks[i]!, bits, reference)) continue;
      sizes[BRANCH_LIMIT - 1] = sizes[BRANCH_LIMIT - 1]! + 1;
      copies++;
    }
    if (copies * scale > budget) return Number.POSITIVE_INFINITY;
    let cost = 0;
    for (let branch = 0; branch < BRANCH_LIMIT; branch++) {
      const size = sizes[branch]!;
      if (size === sample.length) return Number.POSITIVE_INFINITY;
      if (size === 0) continue;
      const isLarge = size > FLOWS_WORTH_A_LOOK && size * 2 > sample.length;
      cost += size * (isLarge ? this.costOf(this.inBranch(sample, split, branch), scale) : costOfFlows(size * scale));
    }
    return 1 + cost / copies;
  }

  private inBranch(sample: readonly number[], { bits, reference }: DifferenceSplit, branch: number): number[] {
    const { keys, masks } = this;
    return sample.filter((_, i) =>
      branch === BRANCH_LIMIT - 1
        ? isEqualBranch(keys[i]!, masks[i]!, bits, reference)
        : (branchesOf(keys[i]!, masks[i]!, bits, reference) & (0x8000_0000 >>> branch)) !== 0,
    );
  }

  private pairCost(sample: readonly number[], { bits }: PairSplit, scale: number): number {
    const { masks } = this;
    const first = sample.filter((_, i) => (masks[i]! & bits) === bits);
    if (first.length === 0 || first.length === sample.length) return Number.POSITIVE_INFINITY;
    const second = sample.filter((_, i) => (masks[i]! & bits) !== bits);
    return 1 + this.costOf(first, scale) + (second.length / sample.length) * this.costOf(second, scale);
  }

  /** Steps that a subtree of these flows would take. */
  private costOf(sample: readonly number[], scale: number): number {
    const cost = costOfFlows(sample.length * scale);
    if (sample.length <= FLOWS_WORTH_A_LOOK || cost <= HASH_COST) return cost;
    this.subSurvey.take(this.entries, sample);
    const hash = this.subSurvey.hashSplit();
    return hash !== null && this.largestGroup(sample, hash) * 2 <= sample.length ? HASH_COST : cost;
  }
}

/** Steps that a subtree of so many flows would take, if each halved them or better. */
const costOfFlows = (flows: number): number => (flows <= LEAF_FLOWS ? 1 : 1 + 1.5 * Math.log2(flows / LEAF_FLOWS));

/** Ranges of bits to look for a first difference in: from the first active bit to the last, and the halves of it. */
function rangesOf(active: number): readonly number[] {
  const ordered = swap32(active);
  const last = ordered & -ordered;
  const whole = (-1 >>> Math.clz32(ordered)) & ~(last - 1);
  const high = whole & ~0xffff;
  const low = whole & 0xffff;
  return high === 0 || low === 0 ? [swap32(whole)] : [swap32(whole), swap32(high), swap32(low)];
}

function bitCount(word: number): number {
  let n = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) n++;
  return n;
}
