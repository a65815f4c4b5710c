/**
 * A search over megaflows whose cost does not grow with the number of masks. // hot path
 *
 * Tuple space search asks every mask in turn; whoever can make masks (CVE-2019-25076) makes it slow. This tree asks the
 * key instead: each node looks at bits of the key and goes on in one branch, until few flows are left, which are compared
 * whole. It rests on megaflows being disjoint: any two of them differ in a bit that both masks have, so there always is
 * a bit to part them by. difference-split.ts chooses how, difference-node.ts says what
 * nodes are, and here are the walk and the changes.
 *
 * A flow that could be in several branches of a difference node is in all of them. Copies are bounded: a subtree that has
 * more than MOST_COPIES entries for a flow is built anew with fewer, as is one that has seen as many changes as twice its
 * flows and come out of balance. So a change costs a few microseconds over time, and a flow a few hundred bytes at most.
 */
import {
  branchesOf,
  type DifferenceSplit,
  type HashSplit,
  isEqualBranch,
  LEAF_FLOWS,
  type PairSplit,
  SplitChooser,
} from './difference-split.js';
import { MULTIPLIERS } from './hash.js';
import {
  BITS,
  BRANCHES,
  BUCKET_MASK,
  BUILT,
  CAPACITY,
  CHANGES,
  COPIES,
  COUNT,
  DIFFERENCE,
  FIRST,
  FIRST_BIT,
  FLOWS,
  GROUPS,
  HASH,
  HASH_HEAD,
  KIND_BITS,
  KIND_MASK,
  LEAF,
  LEAF_HEAD,
  PAIR,
  PAIR_BITS,
  PAIR_SIZE,
  PAIR_WORD,
  REFERENCE,
  SECOND,
  SPAN,
  TABLE,
  WORD,
  WORD_COUNT,
} from './difference-node.js';
import { HashNodes } from './difference-hash.js';
import { E_MASK, E_SLOT, ENTRY_HEAD, StoredFlows } from './difference-entry.js';
import type { MegaflowEntries, MegaflowSearch } from './megaflow-search.js';
import { swap32 } from './swap32.js';
import { WordArena } from './word-arena.js';

/** Entries of leaves for each flow: what a build may use, and from where on it is done anew. */
const BUILD_COPIES = 2;
const MOST_COPIES = 5;
/** Changes that no subtree is built anew for. */
const FEW_CHANGES = 16;
/** A tree deeper than this ends in a leaf, however large. */
const DEPTH_LIMIT = 200;
/** A hash of so many groups is worth keeping: their own subtrees see to the rest. */
const FEW_GROUPS = 4;

export class DifferenceTree implements MegaflowSearch {
  private readonly entries: MegaflowEntries;
  private readonly chooser: SplitChooser;
  private readonly arena = new WordArena(LEAF_HEAD);
  private readonly stored: StoredFlows;
  private readonly hashes: HashNodes;
  /** Slots that a collection has come to. */
  private readonly seen = new Set<number>();
  private root = 0;
  /** Second subtrees of pairs that a lookup has still to go to. */
  private pending: number[] = new Array<number>(32).fill(0);
  /** Entries that went into leaves, less those that came out: how a change tells the nodes above it. */
  private balance = 0;
  probeCount = 0;

  constructor(entries: MegaflowEntries, slots: Iterable<number> = []) {
    this.entries = entries;
    this.chooser = new SplitChooser(entries);
    this.stored = new StoredFlows(entries, this.arena);
    this.hashes = new HashNodes(entries, this.arena);
    const all = [...slots];
    for (const slot of all) this.stored.add(slot);
    this.root = this.build(all, BUILD_COPIES * all.length, 0);
  }

  lookup(words: Int32Array, at: number): number {
    this.probeCount++;
    return this.peek(words, at);
  }

  peek(words: Int32Array, at: number): number {
    const nodes = this.arena.words;
    let pointer = this.root;
    let depth = 0;
    for (;;) {
      const node = pointer >>> KIND_BITS;
      const kind = pointer & KIND_MASK;
      if (kind === DIFFERENCE) {
        const differing = (words[at + nodes[node + WORD]!]! ^ nodes[node + REFERENCE]!) & nodes[node + BITS]!;
        const turned = (differing << 16) | (differing >>> 16);
        const p = Math.clz32(((turned & 0x00ff_00ff) << 8) | ((turned >>> 8) & 0x00ff_00ff));
        const span = nodes[node + SPAN]!;
        const branch = p - nodes[node + FIRST_BIT]!;
        pointer = nodes[node + BRANCHES + Math.min(branch, span)]!;
      } else if (kind === HASH) {
        const count = nodes[node + WORD_COUNT]!;
        let h = 0;
        for (let i = 0; i < count; i++) {
          const w = words[at + nodes[node + HASH_HEAD + 2 * i]!]! & nodes[node + HASH_HEAD + 2 * i + 1]!;
          h = (h + Math.imul(w ^ (w >>> 15), MULTIPLIERS[i]!)) | 0;
        }
        h ^= h >>> 16;
        h = Math.imul(h, 0x85ebca6b);
        h ^= h >>> 13;
        h = Math.imul(h, 0xc2b2ae35);
        h ^= h >>> 16;
        const table = nodes[node + TABLE]!;
        const mask = nodes[node + BUCKET_MASK]!;
        let bucket = h & mask;
        for (;;) {
          pointer = nodes[table + 2 * bucket + 1]!;
          if (pointer === 0 || nodes[table + 2 * bucket] === h) break;
          bucket = (bucket + 1) & mask;
        }
      } else if (kind === LEAF) {
        const end = node + LEAF_HEAD + nodes[node + COUNT]!;
        for (let place = node + LEAF_HEAD; place < end; place++) {
          const entry = nodes[place]!;
          const mask = nodes[entry + E_MASK]!;
          const count = nodes[mask]!;
          let i = 0;
          while (
            i < count &&
            (words[at + nodes[mask + 1 + 2 * i]!]! & nodes[mask + 2 + 2 * i]!) === nodes[entry + ENTRY_HEAD + i]!
          ) {
            i++;
          }
          if (i === count) return nodes[entry + E_SLOT]!;
        }
        if (depth === 0) return -1;
        pointer = this.pending[--depth]!;
      } else {
        this.pending[depth++] = nodes[node + SECOND]!;
        pointer = nodes[node + FIRST]!;
      }
    }
  }

  insert(slot: number): void {
    this.stored.add(slot);
    this.root = this.insertAt(this.root, slot, 0);
  }

  remove(slot: number): void {
    this.root = this.removeAt(this.root, slot, 0);
    this.stored.remove(slot);
  }

  /** Words of memory in use, free blocks included. */
  get wordCount(): number {
    return this.arena.words.length;
  }

  // Changes. Each returns the pointer that now stands for the subtree.

  private insertAt(pointer: number, slot: number, depth: number): number {
    const node = pointer >>> KIND_BITS;
    const kind = pointer & KIND_MASK;
    if (kind === LEAF) return this.insertInLeaf(pointer, slot, depth);
    if (this.isWorn(pointer)) return this.rebuild(pointer, slot, depth);
    if (kind === HASH && !this.hashes.covers(node, slot)) return this.rebuild(pointer, slot, depth);
    const balanceBefore = this.balance;
    for (const place of this.placesOf(pointer, slot)) {
      const below = this.insertAt(this.arena.words[place]!, slot, depth + 1);
      this.arena.words[place] = below;
    }
    const { words } = this.arena;
    words[node + FLOWS] = words[node + FLOWS]! + 1;
    words[node + CHANGES] = words[node + CHANGES]! + 1;
    words[node + COPIES] = words[node + COPIES]! + this.balance - balanceBefore;
    return pointer;
  }

  private removeAt(pointer: number, slot: number, depth: number): number {
    const node = pointer >>> KIND_BITS;
    const kind = pointer & KIND_MASK;
    if (kind === LEAF) return this.removeFromLeaf(node, slot);
    const balanceBefore = this.balance;
    for (const place of this.placesOf(pointer, slot)) {
      const below = this.removeAt(this.arena.words[place]!, slot, depth + 1);
      this.arena.words[place] = below;
      if (kind === HASH && below === 0) this.hashes.closeBucket(node, place);
    }
    const { words } = this.arena;
    words[node + FLOWS] = words[node + FLOWS]! - 1;
    words[node + CHANGES] = words[node + CHANGES]! + 1;
    words[node + COPIES] = words[node + COPIES]! + this.balance - balanceBefore;
    const flows = words[node + FLOWS]!;
    if (flows === 0) {
      this.releaseNode(pointer);
      return 0;
    }
    const isSparse = words[node + CHANGES]! > FEW_CHANGES && flows * 4 < words[node + BUILT]!;
    return flows <= LEAF_FLOWS / 2 || isSparse ? this.rebuild(pointer, -1, depth) : pointer;
  }

  private insertInLeaf(pointer: number, slot: number, depth: number): number {
    const node = pointer >>> KIND_BITS;
    const { words } = this.arena;
    const count = words[node + COUNT]!;
    if (pointer === 0 || count === words[node + CAPACITY]!) return this.rebuild(pointer, slot, depth);
    words[node + LEAF_HEAD + count] = this.stored.entryOf(slot);
    words[node + COUNT] = count + 1;
    this.balance++;
    return pointer;
  }

  private removeFromLeaf(node: number, slot: number): number {
    const { words } = this.arena;
    const last = words[node + COUNT]! - 1;
    const entry = this.stored.entryOf(slot);
    let place = node + LEAF_HEAD;
    while (words[place] !== entry) {
      if (place > node + LEAF_HEAD + last) throw new Error(`megaflow ${slot} is not in its leaf`);
      place++;
    }
    words[place] = words[node + LEAF_HEAD + last]!;
    words[node + COUNT] = last;
    this.balance--;
    if (last > 0) return (node << KIND_BITS) | LEAF;
    this.releaseNode((node << KIND_BITS) | LEAF);
    return 0;
  }

  /** Has the subtree seen so many changes, or does it hold so many copies, that it should be built anew? */
  private isWorn(pointer: number): boolean {
    const node = pointer >>> KIND_BITS;
    const { words } = this.arena;
    const flows = words[node + FLOWS]!;
    if (words[node + COPIES]! > MOST_COPIES * flows + FEW_CHANGES) return true;
    if (words[node + CHANGES]! <= 2 * words[node + BUILT]! + FEW_CHANGES) return false;
    if (!this.isBalanced(pointer, flows)) return true;
    words[node + CHANGES] = 0;
    words[node + BUILT] = flows;
    return false;
  }

  /** Does the node still tell its flows apart as well as a new one would? */
  private isBalanced(pointer: number, flows: number): boolean {
    const node = pointer >>> KIND_BITS;
    const { words } = this.arena;
    switch (pointer & KIND_MASK) {
      case HASH:
        return words[node + GROUPS]! >= FEW_GROUPS;
      case DIFFERENCE: {
        for (let i = 0; i <= words[node + SPAN]!; i++) {
          if (this.flowsUnder(words[node + BRANCHES + i]!) * 3 > flows) return false;
        }
        return true;
      }
      default:
        return false;
    }
  }

  private flowsUnder(pointer: number): number {
    return this.arena.words[(pointer >>> KIND_BITS) + FLOWS]!;
  }

  private copiesUnder(pointer: number): number {
    return this.arena.words[(pointer >>> KIND_BITS) + ((pointer & KIND_MASK) === LEAF ? COUNT : COPIES)]!;
  }

  /** A new subtree of the same flows, and of one more if `slot` is not -1. */
  private rebuild(pointer: number, slot: number, depth: number): number {
    const slots: number[] = [];
    const before = this.copiesUnder(pointer);
    this.seen.clear();
    this.collect(pointer, slots);
    if (slot >= 0) slots.push(slot);
    const built = this.build(slots, BUILD_COPIES * slots.length, depth);
    this.balance += this.copiesUnder(built) - before;
    return built;
  }

  /** Takes a subtree apart; its slots, each once, go into `slots`. */
  private collect(pointer: number, slots: number[]): void {
    if (pointer === 0) return;
    const node = pointer >>> KIND_BITS;
    const { words } = this.arena;
    switch (pointer & KIND_MASK) {
      case LEAF:
        for (let i = 0; i < words[node + COUNT]!; i++) {
          const slot = words[words[node + LEAF_HEAD + i]! + E_SLOT]!;
          if (this.seen.has(slot)) continue;
          this.seen.add(slot);
          slots.push(slot);
        }
        break;
      case DIFFERENCE:
        for (let i = 0; i <= words[node + SPAN]!; i++) this.collect(words[node + BRANCHES + i]!, slots);
        break;
      case HASH: {
        const table = words[node + TABLE]!;
        for (let bucket = 0; bucket <= words[node + BUCKET_MASK]!; bucket++) {
          this.collect(words[table + 2 * bucket + 1]!, slots);
        }
        break;
      }
      default:
        this.collect(words[node + FIRST]!, slots);
        this.collect(words[node + SECOND]!, slots);
    }
    this.releaseNode(pointer);
  }

  private releaseNode(pointer: number): void {
    const node = pointer >>> KIND_BITS;
    const { arena } = this;
    const { words } = arena;
    switch (pointer & KIND_MASK) {
      case LEAF:
        arena.release(node, LEAF_HEAD + words[node + CAPACITY]!);
        break;
      case DIFFERENCE:
        arena.release(node, BRANCHES + words[node + SPAN]! + 1);
        break;
      case HASH:
        arena.release(words[node + TABLE]!, 2 * (words[node + BUCKET_MASK]! + 1));
        arena.release(node, HASH_HEAD + 2 * words[node + WORD_COUNT]!);
        break;
      default:
        arena.release(node, PAIR_SIZE);
    }
  }

  // Building.

  /** A subtree of these flows with about `budget` entries at most. */
  private build(slots: readonly number[], budget: number, depth: number): number {
    if (slots.length === 0) return 0;
    if (slots.length <= LEAF_FLOWS || depth >= DEPTH_LIMIT) return this.makeLeaf(slots);
    const split = this.chooser.choose(slots, Math.max(budget, slots.length));
    switch (split?.kind) {
      case 'hash':
        return this.makeHash(split, slots, budget, depth);
      case 'difference':
        return this.makeDifference(split, slots, budget, depth);
      case 'pair':
        return this.makePair(split, slots, budget, depth);
      default:
        return this.makeLeaf(slots);
    }
  }

  private makeLeaf(slots: readonly number[]): number {
    // A leaf that nothing parts has room to grow before that is tried again.
    const capacity = slots.length <= LEAF_FLOWS ? LEAF_FLOWS : 2 * slots.length;
    const node = this.arena.allocate(LEAF_HEAD + capacity);
    const { words } = this.arena;
    words[node + COUNT] = slots.length;
    words[node + CAPACITY] = capacity;
    for (let i = 0; i < slots.length; i++) words[node + LEAF_HEAD + i] = this.stored.entryOf(slots[i]!);
    return (node << KIND_BITS) | LEAF;
  }

  private makeDifference(split: DifferenceSplit, slots: readonly number[], budget: number, depth: number): number {
    const ordered = swap32(split.bits);
    const first = Math.clz32(ordered);
    const width = Math.clz32(ordered & -ordered) - first + 1;
    const node = this.arena.allocate(BRANCHES + width + 1);
    this.arena.words[node + WORD] = split.word;
    this.arena.words[node + BITS] = split.bits;
    this.arena.words[node + REFERENCE] = split.reference;
    this.arena.words[node + FIRST_BIT] = first;
    this.arena.words[node + SPAN] = width;
    const branches: number[][] = Array.from({ length: width + 1 }, () => []);
    let copies = 0;
    for (const slot of slots) {
      const key = this.entries.keyWords(slot)[this.entries.keyOffset(slot) + split.word]!;
      const mask = this.entries.maskAt(slot).key.words[split.word]!;
      for (let rest = branchesOf(key, mask, split.bits, split.reference); rest !== 0; copies++) {
        const p = Math.clz32(rest);
        rest &= ~(0x8000_0000 >>> p);
        branches[p - first]!.push(slot);
      }
      if (!isEqualBranch(key, mask, split.bits, split.reference)) continue;
      branches[width]!.push(slot);
      copies++;
    }
    branches.forEach((branch, i) => {
      const child = this.build(branch, (budget * branch.length) / copies, depth + 1);
      this.arena.words[node + BRANCHES + i] = child;
    });
    let entries = 0;
    for (let i = 0; i <= width; i++) entries += this.copiesUnder(this.arena.words[node + BRANCHES + i]!);
    return this.finishNode(node, DIFFERENCE, slots.length, entries);
  }

  private makeHash(split: HashSplit, slots: readonly number[], budget: number, depth: number): number {
    const node = this.hashes.make(split);
    const groups = new Map<number, number[]>();
    for (const slot of slots) {
      const hash = this.hashes.hashOf(node, slot);
      const group = groups.get(hash);
      if (group === undefined) groups.set(hash, [slot]);
      else group.push(slot);
    }
    let entries = 0;
    for (const [hash, group] of groups) {
      const child = this.build(group, (budget * group.length) / slots.length, depth + 1);
      const place = this.hashes.bucketFor(node, hash);
      this.arena.words[place] = child;
      entries += this.copiesUnder(child);
    }
    return this.finishNode(node, HASH, slots.length, entries);
  }

  private makePair(split: PairSplit, slots: readonly number[], budget: number, depth: number): number {
    const node = this.arena.allocate(PAIR_SIZE);
    this.arena.words[node + PAIR_WORD] = split.word;
    this.arena.words[node + PAIR_BITS] = split.bits;
    const first = slots.filter((slot) => this.sideOf(node, slot) === FIRST);
    const second = slots.filter((slot) => this.sideOf(node, slot) === SECOND);
    const firstPointer = this.build(first, (budget * first.length) / slots.length, depth + 1);
    this.arena.words[node + FIRST] = firstPointer;
    const secondPointer = this.build(second, (budget * second.length) / slots.length, depth + 1);
    this.arena.words[node + SECOND] = secondPointer;
    return this.finishNode(node, PAIR, slots.length, this.copiesUnder(firstPointer) + this.copiesUnder(secondPointer));
  }

  private finishNode(node: number, kind: number, flows: number, entries: number): number {
    const { words } = this.arena;
    words[node + FLOWS] = flows;
    words[node + COPIES] = entries;
    words[node + CHANGES] = 0;
    words[node + BUILT] = flows;
    return (node << KIND_BITS) | kind;
  }

  // Where a flow belongs.

  /** Where the pointers are, in a node, to the subtrees that the flow is in. */
  private placesOf(pointer: number, slot: number): readonly number[] {
    const node = pointer >>> KIND_BITS;
    const { words } = this.arena;
    switch (pointer & KIND_MASK) {
      case HASH:
        return [this.hashes.bucketFor(node, this.hashes.hashOf(node, slot))];
      case PAIR:
        return [node + this.sideOf(node, slot)];
      default:
    }
    const word = words[node + WORD]!;
    const bits = words[node + BITS]!;
    const reference = words[node + REFERENCE]!;
    const key = this.entries.keyWords(slot)[this.entries.keyOffset(slot) + word]!;
    const mask = this.entries.maskAt(slot).key.words[word]!;
    const places: number[] = [];
    for (let rest = branchesOf(key, mask, bits, reference); rest !== 0; ) {
      const p = Math.clz32(rest);
      rest &= ~(0x8000_0000 >>> p);
      places.push(node + BRANCHES + p - words[node + FIRST_BIT]!);
    }
    if (isEqualBranch(key, mask, bits, reference)) places.push(node + BRANCHES + words[node + SPAN]!);
    return places;
  }

  private sideOf(node: number, slot: number): typeof FIRST | typeof SECOND {
    const { words } = this.arena;
    const bits = words[node + PAIR_BITS]!;
    return (this.entries.maskAt(slot).key.words[words[node + PAIR_WORD]!]! & bits) === bits ? FIRST : SECOND;
  }
}
