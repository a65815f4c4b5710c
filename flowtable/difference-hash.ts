/** The hash nodes of a difference tree: their tables of pairs (hash, pointer), open and probed linearly. */
import { BUCKET_MASK, GROUPS, HASH_HEAD, TABLE, WORD_COUNT } from './difference-node.js';
import type { HashSplit } from './difference-split.js';
import { MULTIPLIERS, mixBits } from './hash.js';
import type { MegaflowEntries } from './megaflow-search.js';
import type { WordArena } from './word-arena.js';

const INITIAL_BUCKETS = 8;

export class HashNodes {
  private readonly entries: MegaflowEntries;
  private readonly arena: WordArena;

  constructor(entries: MegaflowEntries, arena: WordArena) {
    this.entries = entries;
    this.arena = arena;
  }

  /** A node without flows. */
  make({ indices, bits }: HashSplit): number {
    const node = this.arena.allocate(HASH_HEAD + 2 * indices.length);
    const table = this.arena.allocate(2 * INITIAL_BUCKETS);
    const { words } = this.arena;
    words[node + WORD_COUNT] = indices.length;
    words[node + BUCKET_MASK] = INITIAL_BUCKETS - 1;
    words[node + TABLE] = table;
    indices.forEach((index, i) => {
      words[node + HASH_HEAD + 2 * i] = index;
      words[node + HASH_HEAD + 2 * i + 1] = bits[i]!;
    });
    return node;
  }

  /** Has the flow's mask all bits that the node hashes? */
  covers(node: number, slot: number): boolean {
    const { words } = this.arena;
    const mask = this.entries.maskAt(slot).key.words;
    for (let i = 0; i < words[node + WORD_COUNT]!; i++) {
      const bits = words[node + HASH_HEAD + 2 * i + 1]!;
      if ((mask[words[node + HASH_HEAD + 2 * i]!]! & bits) !== bits) return false;
    }
    return true;
  }

  hashOf(node: number, slot: number): number {
    const { words } = this.arena;
    const keys = this.entries.keyWords(slot);
    const at = this.entries.keyOffset(slot);
    let h = 0;
    for (let i = 0; i < words[node + WORD_COUNT]!; i++) {
      const w = keys[at + words[node + HASH_HEAD + 2 * i]!]! & words[node + HASH_HEAD + 2 * i + 1]!;
      h = (h + Math.imul(w ^ (w >>> 15), MULTIPLIERS[i]!)) | 0;
    }
    return mixBits(h);
  }

  /** The place of the pointer for a hash; a bucket is opened for one that is new. */
  bucketFor(node: number, hash: number): number {
    let { words } = this.arena;
    let mask = words[node + BUCKET_MASK]!;
    let table = words[node + TABLE]!;
    let bucket = hash & mask;
    while (words[table + 2 * bucket + 1] !== 0 && words[table + 2 * bucket] !== hash) bucket = (bucket + 1) & mask;
    if (words[table + 2 * bucket + 1] !== 0) return table + 2 * bucket + 1;
    if ((words[node + GROUPS]! + 1) * 3 > (mask + 1) * 2) {
      this.grow(node);
      ({ words } = this.arena);
      mask = words[node + BUCKET_MASK]!;
      table = words[node + TABLE]!;
      bucket = hash & mask;
      while (words[table + 2 * bucket + 1] !== 0) bucket = (bucket + 1) & mask;
    }
    words[node + GROUPS] = words[node + GROUPS]! + 1;
    words[table + 2 * bucket] = hash;
    return table + 2 * bucket + 1;
  }

  private grow(node: number): void {
    const mask = this.arena.words[node + BUCKET_MASK]!;
    const old = this.arena.words[node + TABLE]!;
    const newMask = 2 * mask + 1;
    const table = this.arena.allocate(2 * (newMask + 1));
    const { words } = this.arena;
    for (let bucket = 0; bucket <= mask; bucket++) {
      const pointer = words[old + 2 * bucket + 1]!;
      if (pointer === 0) continue;
      let to = words[old + 2 * bucket]! & newMask;
      while (words[table + 2 * to + 1] !== 0) to = (to + 1) & newMask;
      words[table + 2 * to] = words[old + 2 * bucket]!;
      words[table + 2 * to + 1] = pointer;
    }
    this.arena.release(old, 2 * (mask + 1));
    words[node + TABLE] = table;
    words[node + BUCKET_MASK] = newMask;
  }

  /** A bucket whose subtree has gone: entries behind it move up, as in subtable.ts. */
  closeBucket(node: number, place: number): void {
    const { words } = this.arena;
    const mask = words[node + BUCKET_MASK]!;
    const table = words[node + TABLE]!;
    let hole = (place - 1 - table) / 2;
    let next = (hole + 1) & mask;
    while (words[table + 2 * next + 1] !== 0) {
      const home = words[table + 2 * next]! & mask;
      if (((next - home) & mask) >= ((next - hole) & mask)) {
        words[table + 2 * hole] = words[table + 2 * next]!;
        words[table + 2 * hole + 1] = words[table + 2 * next + 1]!;
        hole = next;
      }
      next = (next + 1) & mask;
    }
    words[table + 2 * hole + 1] = 0;
    words[node + GROUPS] = words[node + GROUPS]! - 1;
  }
}
