/**
 * The megaflow table: tuple space search, one subtable for each mask, the busiest first. // hot path
 *
 * Mirrors dpcls of lib/dpif-netdev.c (subtables ranked by hits) and the kernel's flow_table.c.
 *
 * Invariant: megaflows are disjoint, no key is in two of them, so the first hit is the answer and the order of the
 * search is free. Whoever installs flows keeps it so; insert() refuses a flow whose own key another flow already
 * covers, and with `checkDisjoint` any flow that shares a single packet with another (slow: for tests).
 *
 * A flow is named by a small number, its slot. A *handle* is a slot with the generation of its use: it is what caches
 * remember, and it turns stale when the flow goes.
 */
import { DATAPATH_WORDS, FlowKey, SHAPE_WORD } from './flow-key.js';
import { Subtable } from './subtable.js';

/** Bits of a handle that are the slot; the rest are the generation. */
const SLOT_BITS = 20;
const SLOT_MASK = (1 << SLOT_BITS) - 1;
const GENERATIONS = 1 << (32 - SLOT_BITS);
/** More flows than this cannot be named by a handle. */
export const MAX_FLOWS = SLOT_MASK;

/** The handle of no flow: its slot is above MAX_FLOWS. */
export const NO_HANDLE = -1;

const CHUNK_BITS = 8;
const CHUNK_FLOWS = 1 << CHUNK_BITS;
const INITIAL_SLOTS = 1024;
/** Lookups from one ranking of the subtables to the next. */
const RANK_INTERVAL = 4096;

/** Results of insert() that are not a slot. */
export const INSERT_EXISTS = -1;
export const INSERT_FULL = -2;
export const INSERT_OVERLAPS = -3;

export function slotOf(handle: number): number {
  return handle & SLOT_MASK;
}

/** What every table of megaflows does, whatever its search. `test/conformance/flow-table.ts` says how. */
export interface FlowTable {
  /** Puts in a flow and returns its slot, or one of INSERT_*. */
  insert(key: FlowKey, mask: FlowKey): number;
  remove(slot: number): boolean;
  /** The flow that the key at words[at...] is one of, or -1. */
  lookup(words: Int32Array, at: number): number;
  /** The flow of exactly this masked key and mask, or -1. */
  find(key: FlowKey, mask: FlowKey): number;
  slots(): Iterable<number>;
  /** The key as it was given; the mask, which is the table's own and must not be changed. */
  keyOf(slot: number): FlowKey;
  maskOf(slot: number): FlowKey;
  clear(): void;
  readonly flowCount: number;
  readonly maskCount: number;
}

export class MegaflowTable implements FlowTable {
  private readonly capacity: number;
  private readonly checkDisjoint: boolean;
  /** In the order of the search. */
  private readonly order: Subtable[] = [];
  private readonly byMask = new Map<string, Subtable>();
  /** Subtable of each slot, null for a free one. */
  private readonly owners: (Subtable | null)[] = [];
  /** Keys as they were given, CHUNK_FLOWS to a chunk. */
  private readonly keyChunks: Int32Array[] = [];
  private readonly free: number[] = [];
  private untilRank = RANK_INTERVAL;
  /** handles[slot] is the handle of the flow there; a free slot holds that of its next use. Grows with the table. */
  handles: Int32Array = new Int32Array(INITIAL_SLOTS);
  flowCount = 0;
  /** Subtables probed by all lookups. */
  probeCount = 0;
  /** Counts the times that generations began anew: a cache of handles must then forget all it knows. */
  epoch = 0;

  constructor(options: { readonly capacity?: number; readonly checkDisjoint?: boolean } = {}) {
    this.capacity = Math.min(options.capacity ?? MAX_FLOWS, MAX_FLOWS);
    this.checkDisjoint = options.checkDisjoint ?? false;
  }

  get maskCount(): number {
    return this.order.length;
  }

  lookup(words: Int32Array, at: number): number {
    const { order } = this;
    if (--this.untilRank <= 0) this.rank();
    for (let i = 0; i < order.length; i++) {
      const subtable = order[i]!;
      const slot = subtable.lookup(words, at);
      if (slot >= 0) {
        subtable.hits++;
        this.probeCount += i + 1;
        return slot;
      }
    }
    this.probeCount += order.length;
    return -1;
  }

  insert(key: FlowKey, mask: FlowKey): number {
    const name = maskName(mask);
    let subtable = this.byMask.get(name);
    if (subtable !== undefined && subtable.lookup(key.words, 0) >= 0) return INSERT_EXISTS;
    if (this.peek(key) >= 0 || (this.checkDisjoint && this.overlapsAny(key, mask))) return INSERT_OVERLAPS;
    if (this.flowCount >= this.capacity) return INSERT_FULL;
    if (subtable === undefined) {
      subtable = new Subtable(datapathMask(mask));
      this.byMask.set(name, subtable);
      this.order.push(subtable);
    }
    const slot = this.free.pop() ?? this.newSlot();
    this.owners[slot] = subtable;
    this.keyChunks[slot >>> CHUNK_BITS]!.set(key.words.subarray(0, DATAPATH_WORDS), chunkOffset(slot));
    subtable.insert(key.words, 0, slot);
    this.flowCount++;
    return slot;
  }

  remove(slot: number): boolean {
    const subtable = this.owners[slot];
    if (subtable === undefined || subtable === null) return false;
    if (!subtable.remove(this.keyChunks[slot >>> CHUNK_BITS]!, chunkOffset(slot), slot)) {
      throw new Error(`megaflow ${slot} is not in its subtable`);
    }
    this.owners[slot] = null;
    this.free.push(slot);
    this.flowCount--;
    this.retire(slot);
    if (subtable.count === 0) {
      this.byMask.delete(maskName(subtable.mask));
      this.order.splice(this.order.indexOf(subtable), 1);
    }
    return true;
  }

  find(key: FlowKey, mask: FlowKey): number {
    return this.byMask.get(maskName(mask))?.lookup(key.words, 0) ?? -1;
  }

  *slots(): Iterable<number> {
    for (let slot = 0; slot < this.owners.length; slot++) if (this.owners[slot] !== null) yield slot;
  }

  keyOf(slot: number): FlowKey {
    const key = new FlowKey();
    const at = chunkOffset(slot);
    key.words.set(this.keyChunks[slot >>> CHUNK_BITS]!.subarray(at, at + DATAPATH_WORDS));
    return key;
  }

  maskOf(slot: number): FlowKey {
    const subtable = this.owners[slot];
    if (subtable === undefined || subtable === null) throw new Error(`no megaflow ${slot}`);
    return subtable.mask;
  }

  clear(): void {
    for (const slot of [...this.slots()]) this.remove(slot);
  }

  /** Makes the handle of a slot stale. */
  private retire(slot: number): void {
    const next = ((this.handles[slot]! >>> SLOT_BITS) + 1) % GENERATIONS;
    if (next === 0) this.epoch++;
    this.handles[slot] = (next << SLOT_BITS) | slot;
  }

  private newSlot(): number {
    const slot = this.owners.length;
    if (slot >>> CHUNK_BITS >= this.keyChunks.length) {
      this.keyChunks.push(new Int32Array(CHUNK_FLOWS * DATAPATH_WORDS));
    }
    if (slot >= this.handles.length) {
      const grown = new Int32Array(this.handles.length * 2);
      grown.set(this.handles);
      this.handles = grown;
    }
    this.handles[slot] = slot;
    this.owners.push(null);
    return slot;
  }

  /** As lookup(), but not counted as one: for questions that no packet asks. */
  peek(key: FlowKey): number {
    for (const subtable of this.order) {
      const slot = subtable.lookup(key.words, 0);
      if (slot >= 0) return slot;
    }
    return -1;
  }

  private overlapsAny(key: FlowKey, mask: FlowKey): boolean {
    for (const slot of this.slots()) {
      const otherMask = this.owners[slot]!.mask.words;
      const other = this.keyChunks[slot >>> CHUNK_BITS]!;
      const at = chunkOffset(slot);
      let differs = false;
      for (let i = 0; i < DATAPATH_WORDS && !differs; i++) {
        differs = ((key.words[i]! ^ other[at + i]!) & mask.words[i]! & otherMask[i]!) !== 0;
      }
      if (!differs) return true;
    }
    return false;
  }

  /** The busiest subtables come first. Hits are halved, so that old traffic is forgotten. */
  private rank(): void {
    this.untilRank = RANK_INTERVAL;
    if (this.order.length < 2) return;
    this.order.sort(byHits);
    for (const subtable of this.order) subtable.hits >>>= 1;
  }
}

const byHits = (a: Subtable, b: Subtable): number => b.hits - a.hits;

const chunkOffset = (slot: number): number => (slot & (CHUNK_FLOWS - 1)) * DATAPATH_WORDS;

/** The mask without what a datapath does not see: userspace's words and SHAPE. */
function datapathMask(mask: FlowKey): FlowKey {
  const clean = mask.clone();
  clean.words.fill(0, DATAPATH_WORDS);
  clean.words[SHAPE_WORD] = 0;
  return clean;
}

/** Names the bits of a mask that a datapath sees. */
function maskName(mask: FlowKey): string {
  let name = '';
  for (let i = 0; i < DATAPATH_WORDS; i++) {
    if (mask.words[i] !== 0 && i !== SHAPE_WORD) name += `${i}:${mask.words[i]},`;
  }
  return name;
}
