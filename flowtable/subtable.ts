/**
 * All megaflows of one mask: an open hash table of masked keys. // hot path
 *
 * Mirrors `struct dpcls_subtable` of lib/dpif-netdev.c and the mask list of the kernel's flow_table.c.
 *
 * A bucket is one run of words, [hash, flow + 1, masked key words...], so a probe touches one place; only the words
 * in which the mask has bits are stored and compared. Linear probing; deletion moves later entries back, so there are
 * no tombstones and a lookup ends at the first empty bucket. Invariant: at least a third of the buckets is empty.
 */
import { MULTIPLIERS, mixBits } from './hash.js';
import type { MegaflowMask } from './megaflow-mask.js';

const INITIAL_BUCKETS = 8;

export class Subtable {
  /** The words in which the mask has bits, and the bits. */
  private readonly indices: Int32Array;
  private readonly masks: Int32Array;
  private readonly wordCount: number;
  private readonly stride: number;
  private table: Int32Array;
  private bucketMask = INITIAL_BUCKETS - 1;
  /** Flows in the table. */
  count = 0;
  /** Lookups that ended here, decayed: the rank in the search. */
  hits = 0;

  constructor(mask: MegaflowMask) {
    this.indices = mask.indices;
    this.masks = mask.bits;
    this.wordCount = mask.indices.length;
    this.stride = this.wordCount + 2;
    this.table = new Int32Array(INITIAL_BUCKETS * this.stride);
  }

  /** The flow that the key at words[at...] is one of, or -1. */
  lookup(words: Int32Array, at: number): number {
    const { indices, masks, wordCount, table, stride, bucketMask } = this;
    const hash = this.hash(words, at);
    let bucket = hash & bucketMask;
    for (;;) {
      const base = bucket * stride;
      const flow = table[base + 1]!;
      if (flow === 0) return -1;
      if (table[base] === hash) {
        let i = 0;
        while (i < wordCount && (words[at + indices[i]!]! & masks[i]!) === table[base + 2 + i]!) i++;
        if (i === wordCount) return flow - 1;
      }
      bucket = (bucket + 1) & bucketMask;
    }
  }

  /** Puts a flow in; the caller has seen that there is none with this masked key. */
  insert(words: Int32Array, at: number, flow: number): void {
    if ((this.count + 1) * 3 > (this.bucketMask + 1) * 2) this.grow();
    const { indices, masks, wordCount, table, stride, bucketMask } = this;
    const hash = this.hash(words, at);
    let bucket = hash & bucketMask;
    while (table[bucket * stride + 1] !== 0) bucket = (bucket + 1) & bucketMask;
    const base = bucket * stride;
    table[base] = hash;
    table[base + 1] = flow + 1;
    for (let i = 0; i < wordCount; i++) table[base + 2 + i] = words[at + indices[i]!]! & masks[i]!;
    this.count++;
  }

  /** Takes out a flow by its key; false when it is not there. */
  remove(words: Int32Array, at: number, flow: number): boolean {
    const { table, stride, bucketMask } = this;
    let bucket = this.hash(words, at) & bucketMask;
    while (table[bucket * stride + 1] !== flow + 1) {
      if (table[bucket * stride + 1] === 0) return false;
      bucket = (bucket + 1) & bucketMask;
    }
    // Entries behind the hole move into it, unless that would put them before their home.
    let hole = bucket;
    let next = (hole + 1) & bucketMask;
    while (table[next * stride + 1] !== 0) {
      const home = table[next * stride]! & bucketMask;
      if (((next - home) & bucketMask) >= ((next - hole) & bucketMask)) {
        table.copyWithin(hole * stride, next * stride, (next + 1) * stride);
        hole = next;
      }
      next = (next + 1) & bucketMask;
    }
    table[hole * stride + 1] = 0;
    this.count--;
    return true;
  }

  private hash(words: Int32Array, at: number): number {
    const { indices, masks, wordCount } = this;
    let h = 0;
    for (let i = 0; i < wordCount; i++) {
      const w = words[at + indices[i]!]! & masks[i]!;
      h = (h + Math.imul(w ^ (w >>> 15), MULTIPLIERS[i]!)) | 0;
    }
    return mixBits(h);
  }

  private grow(): void {
    const { table, stride, bucketMask } = this;
    const newMask = bucketMask * 2 + 1;
    const grown = new Int32Array((newMask + 1) * stride);
    for (let bucket = 0; bucket <= bucketMask; bucket++) {
      const base = bucket * stride;
      if (table[base + 1] === 0) continue;
      let to = table[base]! & newMask;
      while (grown[to * stride + 1] !== 0) to = (to + 1) & newMask;
      grown.set(table.subarray(base, base + stride), to * stride);
    }
    this.table = grown;
    this.bucketMask = newMask;
  }
}
