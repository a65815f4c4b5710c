/**
 * The microflow cache: whole keys, and the megaflow that each was found in. // hot path
 *
 * Mirrors the exact match cache (EMC) of lib/dpif-netdev.c in its place and purpose. Its layout is its own: an index
 * of small words (an entry number and a tag of the hash), and entries packed in the order in which they were made, so
 * that the flows in use lie close together. An entry of a key whose SHAPE is 0 is one cache line: the words of the
 * first section with the flow's handle in SHAPE's place. Keys with later sections keep those in a second array.
 *
 * Invariant: a hit is for the very key that was put in, and its handle is current, so the flow is the one that the
 * megaflow table would find. Entries of flows that went die by their handle, without being looked for.
 *
 * An index bucket has two places (the hash's, and its neighbour). The oldest entry goes when all are used; a full
 * cache takes in one of INSERT_ODDS of the keys that ask, so that a flood of short flows does not wash it out.
 */
import { BASE_WORDS, DATAPATH_WORDS, SHAPE_IPV6, SHAPE_WORD } from './flow-key.js';
import { NO_HANDLE, slotOf } from './megaflow-table.js';
import { SECTION_COUNT, SECTION_FIRST, SECTION_LAST } from './shape-sections.js';

/** Words of the later sections, kept where SHAPE is not 0: SHAPE itself, then words 16 to the end. */
const REST_WORDS = DATAPATH_WORDS - BASE_WORDS + 1;
const INSERT_ODDS = 16;
/**
 * Low bits of an index word are the entry number plus one. The next says that the key is not plain; the others are
 * bits of the hash. A plain key has a first section only, and in it neither recirculation nor any metadata but the
 * port: words 1 and 11 to 15 are zero. So a plain key needs to be compared in words 0 and 2 to 10 only.
 */
export const ENTRY_BITS = 20;
export const ENTRY_MASK = (1 << ENTRY_BITS) - 1;
export const NOT_PLAIN_TAG = 1 << ENTRY_BITS;
export const TAG_MASK = ~ENTRY_MASK & ~NOT_PLAIN_TAG;

function tagOf(hash: number, words: Int32Array, at: number): number {
  const rest =
    words[at + 1]! | words[at + 11]! | words[at + 12]! | words[at + 13]! | words[at + 14]! | words[at + SHAPE_WORD]!;
  return (hash & TAG_MASK) | (rest === 0 ? 0 : NOT_PLAIN_TAG);
}

export class MicroflowCache {
  readonly capacity: number;
  /** One array for index and entries, so that a lookup has one base address and one length to keep. */
  readonly memory: Int32Array;
  /** Where the index begins: twice as many words as entries, which keeps conflicts rare. */
  readonly indexAt: number;
  readonly indexMask: number;
  /** Where the entries begin: words 0..14 of the key, then the handle. */
  readonly entriesAt: number;
  private readonly rest: Int32Array;
  /** Where in the index each entry is, -1 for none. */
  private readonly places: Int32Array;
  private next = 0;
  private isFull = false;
  private odds = 0;
  private epoch = 0;
  hits = 0;

  /** Words of memory that a cache needs. */
  static wordCount(capacity: number): number {
    return capacity * (BASE_WORDS + 2);
  }

  /**
   * `capacity` is a power of two of at most 2^19 entries. `memory` has wordCount() zeroed words from `at` on, best
   * aligned to a cache line.
   */
  constructor(capacity: number, memory: Int32Array = new Int32Array(MicroflowCache.wordCount(capacity)), at = 0) {
    if (capacity < 2 || capacity > 1 << (ENTRY_BITS - 1) || (capacity & (capacity - 1)) !== 0) {
      throw new Error(`a microflow cache of ${capacity} entries: want a power of two up to ${1 << (ENTRY_BITS - 1)}`);
    }
    this.capacity = capacity;
    this.memory = memory;
    this.entriesAt = at;
    this.indexAt = at + capacity * BASE_WORDS;
    this.indexMask = capacity * 2 - 1;
    this.rest = new Int32Array(capacity * REST_WORDS);
    this.places = new Int32Array(capacity).fill(-1);
  }

  /** The slot of the flow that this very key is one of, or -1. handles are the megaflow table's. */
  lookup(words: Int32Array, at: number, hash: number, handles: Int32Array): number {
    const handle = this.lookupHandle(words, at, hash);
    if (handle === NO_HANDLE) return -1;
    const slot = slotOf(handle);
    if (handles[slot] !== handle) return -1;
    this.hits++;
    return slot;
  }

  /** The handle that was put in for this very key, current or not, or NO_HANDLE. */
  lookupHandle(words: Int32Array, at: number, hash: number): number {
    const { memory, indexAt, indexMask } = this;
    const place = hash & indexMask;
    const tag = tagOf(hash, words, at);
    for (let way = 0; way < 2; way++) {
      const indexed = memory[indexAt + (place ^ way)]!;
      if (indexed === 0 || ((indexed ^ tag) & ~ENTRY_MASK) !== 0) continue;
      const entry = (indexed & ENTRY_MASK) - 1;
      if (this.isEqual(entry, words, at)) return memory[this.entriesAt + entry * BASE_WORDS + SHAPE_WORD]!;
    }
    return NO_HANDLE;
  }

  /** Remembers that the key is one of the flow with this handle. */
  insert(words: Int32Array, at: number, hash: number, handle: number): void {
    const { memory, indexAt, indexMask, places } = this;
    const home = hash & indexMask;
    const tag = tagOf(hash, words, at);
    // A stale entry of the same key is written over in its place.
    let place = home;
    let entry = -1;
    for (let way = 0; way < 2 && entry < 0; way++) {
      const indexed = memory[indexAt + (home ^ way)]!;
      if (
        indexed !== 0 &&
        ((indexed ^ tag) & ~ENTRY_MASK) === 0 &&
        this.isEqual((indexed & ENTRY_MASK) - 1, words, at)
      ) {
        entry = (indexed & ENTRY_MASK) - 1;
        place = home ^ way;
      }
    }
    if (entry < 0) {
      const displaces = memory[indexAt + home] !== 0 && memory[indexAt + (home ^ 1)] !== 0;
      place = memory[indexAt + home] === 0 || displaces ? home : home ^ 1;
      if (displaces) {
        // The key that is displaced gives up its entry too: a new one would push out an innocent third.
        entry = (memory[indexAt + home]! & ENTRY_MASK) - 1;
      } else {
        if (this.isFull && ++this.odds % INSERT_ODDS !== 0) return;
        entry = this.next;
        this.next = (entry + 1) & (this.capacity - 1);
        if (this.next === 0) this.isFull = true;
        this.forget(entry);
      }
    }
    const base = this.entriesAt + entry * BASE_WORDS;
    for (let i = 0; i < SHAPE_WORD; i++) memory[base + i] = words[at + i]!;
    memory[base + SHAPE_WORD] = handle;
    const shape = words[at + SHAPE_WORD]!;
    const rest = entry * REST_WORDS;
    this.rest[rest] = shape;
    if (shape !== 0) {
      for (let i = BASE_WORDS; i < DATAPATH_WORDS; i++) this.rest[rest + 1 + i - BASE_WORDS] = words[at + i]!;
    }
    places[entry] = place;
    memory[indexAt + place] = tag | (entry + 1);
  }

  /** Forgets everything when the generations of the handles have begun anew. Called before lookups, cheap. */
  follow(epoch: number): void {
    if (epoch === this.epoch) return;
    this.epoch = epoch;
    this.clear();
  }

  /** Entries that have been used. */
  get entryCount(): number {
    return this.isFull ? this.capacity : this.next;
  }

  clear(): void {
    this.memory.fill(0, this.indexAt, this.indexAt + this.indexMask + 1);
    this.places.fill(-1);
    this.next = 0;
    this.isFull = false;
  }

  /** Takes an entry that is to be used anew out of the index. */
  private forget(entry: number): void {
    const place = this.places[entry]!;
    if (place < 0) return;
    const { memory, indexAt } = this;
    if ((memory[indexAt + place]! & ENTRY_MASK) === entry + 1) memory[indexAt + place] = 0;
    this.places[entry] = -1;
  }

  private isEqual(entry: number, words: Int32Array, at: number): boolean {
    const { memory, rest } = this;
    const e = this.entriesAt + entry * BASE_WORDS;
    const differs =
      (memory[e]! ^ words[at]!) |
      (memory[e + 1]! ^ words[at + 1]!) |
      (memory[e + 2]! ^ words[at + 2]!) |
      (memory[e + 3]! ^ words[at + 3]!) |
      (memory[e + 4]! ^ words[at + 4]!) |
      (memory[e + 5]! ^ words[at + 5]!) |
      (memory[e + 6]! ^ words[at + 6]!) |
      (memory[e + 7]! ^ words[at + 7]!) |
      (memory[e + 8]! ^ words[at + 8]!) |
      (memory[e + 9]! ^ words[at + 9]!) |
      (memory[e + 10]! ^ words[at + 10]!) |
      (memory[e + 11]! ^ words[at + 11]!) |
      (memory[e + 12]! ^ words[at + 12]!) |
      (memory[e + 13]! ^ words[at + 13]!) |
      (memory[e + 14]! ^ words[at + 14]!);
    if (differs !== 0) return false;
    const shape = words[at + SHAPE_WORD]!;
    const r = entry * REST_WORDS;
    if (rest[r] !== shape) return false;
    if (shape === 0) return true;
    return shape === SHAPE_IPV6 ? isEqualIpv6(rest, r + 5, words, at + 20) : isEqualRest(rest, r, words, at, shape);
  }
}

/** The IPv6 section, written out, because it is compared for every packet of IPv6. */
function isEqualIpv6(rest: Int32Array, r: number, words: Int32Array, w: number): boolean {
  const differs =
    (rest[r]! ^ words[w]!) |
    (rest[r + 1]! ^ words[w + 1]!) |
    (rest[r + 2]! ^ words[w + 2]!) |
    (rest[r + 3]! ^ words[w + 3]!) |
    (rest[r + 4]! ^ words[w + 4]!) |
    (rest[r + 5]! ^ words[w + 5]!) |
    (rest[r + 6]! ^ words[w + 6]!) |
    (rest[r + 7]! ^ words[w + 7]!) |
    (rest[r + 8]! ^ words[w + 8]!) |
    (rest[r + 9]! ^ words[w + 9]!) |
    (rest[r + 10]! ^ words[w + 10]!) |
    (rest[r + 11]! ^ words[w + 11]!) |
    (rest[r + 12]! ^ words[w + 12]!);
  return differs === 0;
}

/** The sections that SHAPE announces; the others are zero on both sides. */
function isEqualRest(rest: Int32Array, r: number, words: Int32Array, at: number, shape: number): boolean {
  for (let section = 0; section < SECTION_COUNT; section++) {
    if ((shape & (1 << section)) === 0) continue;
    const last = SECTION_LAST[section]!;
    for (let i = SECTION_FIRST[section]!; i <= last; i++) {
      if (rest[r + 1 + i - BASE_WORDS] !== words[at + i]) return false;
    }
  }
  return true;
}
