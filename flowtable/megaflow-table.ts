/**
 * The megaflow table: keys, masks and slots of all megaflows, and one of two ways to find the flow of a packet.
 * // hot path
 *
 * Mirrors dpcls of lib/dpif-netdev.c and the kernel's flow_table.c in what it promises. Few masks are searched one by one
 * (tuple-space.ts), many by a tree whose cost does not grow with their number (difference-tree.ts).
 *
 * Invariant: megaflows are disjoint, no key is in two of them, so the first hit is the answer and the order of the
 * search is free. Whoever installs flows keeps it so; insert() refuses a flow whose own key another flow already
 * covers, and with `checkDisjoint` any flow that shares a single packet with another (slow: for tests).
 *
 * A flow is named by a small number, its slot. A *handle* is a slot with the generation of its use: it is what caches
 * remember, and it turns stale when the flow goes.
 */
import { DifferenceTree } from './difference-tree.js';
import { DATAPATH_WORDS, FlowKey } from './flow-key.js';
import { type MegaflowMask, MaskSet } from './megaflow-mask.js';
import type { MegaflowEntries, MegaflowSearch } from './megaflow-search.js';
import { TupleSpace } from './tuple-space.js';

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
/** With more masks than the first number a tree is grown; with as few as the second it goes again. */
const MASKS_FOR_TREE = 4;
const MASKS_FOR_TUPLE_SPACE = 2;

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
  slots(): Iterable<number>;
  /** The key as it was given; the mask, which is the table's own and must not be changed. */
  keyOf(slot: number): FlowKey;
  maskOf(slot: number): FlowKey;
  clear(): void;
  readonly flowCount: number;
  readonly maskCount: number;
}

/** `auto` chooses by the number of masks. */
export type FlowSearch = 'auto' | 'tuple-space' | 'difference-tree';

export interface MegaflowTableOptions {
  readonly capacity?: number;
  readonly checkDisjoint?: boolean;
  readonly search?: FlowSearch;
}

export class MegaflowTable implements FlowTable, MegaflowEntries {
  private readonly capacity: number;
  private readonly checkDisjoint: boolean;
  private readonly choice: FlowSearch;
  private readonly masks = new MaskSet();
  /** Mask of each slot, null for a free one. */
  private readonly maskBySlot: (MegaflowMask | null)[] = [];
  /** Keys as they were given, CHUNK_FLOWS to a chunk. */
  private readonly keyChunks: Int32Array[] = [];
  private readonly free: number[] = [];
  private search: MegaflowSearch;
  /** Probes of searches that are no longer used. */
  private pastProbes = 0;
  /** handles[slot] is the handle of the flow there; a free slot holds that of its next use. Grows with the table. */
  handles: Int32Array = new Int32Array(INITIAL_SLOTS);
  flowCount = 0;
  /** Counts the times that generations began anew: a cache of handles must then forget all it knows. */
  epoch = 0;

  constructor(options: MegaflowTableOptions = {}) {
    this.capacity = Math.min(options.capacity ?? MAX_FLOWS, MAX_FLOWS);
    this.checkDisjoint = options.checkDisjoint ?? false;
    this.choice = options.search ?? 'auto';
    this.search = this.choice === 'difference-tree' ? new DifferenceTree(this) : new TupleSpace(this);
  }

  get maskCount(): number {
    return this.masks.count;
  }

  /** Places where all lookups so far compared keys. */
  get probeCount(): number {
    return this.pastProbes + this.search.probeCount;
  }

  /** The search that is in use now. */
  get usedSearch(): Exclude<FlowSearch, 'auto'> {
    return this.search instanceof TupleSpace ? 'tuple-space' : 'difference-tree';
  }

  /** Words of memory that the search has taken, besides keys and masks; 0 where it does not say. */
  get searchWords(): number {
    return this.search instanceof DifferenceTree ? this.search.wordCount : 0;
  }

  lookup(words: Int32Array, at: number): number {
    return this.search.lookup(words, at);
  }

  /** As lookup(), but not counted as one: for questions that no packet asks. */
  peek(key: FlowKey): number {
    return this.search.peek(key.words, 0);
  }

  insert(key: FlowKey, mask: FlowKey): number {
    const covering = this.search.peek(key.words, 0);
    if (covering >= 0) return this.masks.find(mask) === this.maskAt(covering) ? INSERT_EXISTS : INSERT_OVERLAPS;
    if (this.checkDisjoint && this.overlapsAny(key, mask)) return INSERT_OVERLAPS;
    if (this.flowCount >= this.capacity) return INSERT_FULL;
    const slot = this.free.pop() ?? this.newSlot();
    this.maskBySlot[slot] = this.masks.acquire(mask);
    this.keyWords(slot).set(key.words.subarray(0, DATAPATH_WORDS), this.keyOffset(slot));
    this.flowCount++;
    this.search.insert(slot);
    this.chooseSearch();
    return slot;
  }

  remove(slot: number): boolean {
    const mask = this.maskBySlot[slot];
    if (mask === undefined || mask === null) return false;
    this.search.remove(slot);
    this.maskBySlot[slot] = null;
    this.masks.release(mask);
    this.free.push(slot);
    this.flowCount--;
    this.retire(slot);
    this.chooseSearch();
    return true;
  }

  *slots(): Iterable<number> {
    for (let slot = 0; slot < this.maskBySlot.length; slot++) if (this.maskBySlot[slot] !== null) yield slot;
  }

  keyOf(slot: number): FlowKey {
    const key = new FlowKey();
    const at = this.keyOffset(slot);
    key.words.set(this.keyWords(slot).subarray(at, at + DATAPATH_WORDS));
    return key;
  }

  maskOf(slot: number): FlowKey {
    return this.maskAt(slot).key;
  }

  clear(): void {
    for (const slot of [...this.slots()]) this.remove(slot);
  }

  // MegaflowEntries: what a search asks of the table.

  keyWords(slot: number): Int32Array {
    return this.keyChunks[slot >>> CHUNK_BITS]!;
  }

  keyOffset(slot: number): number {
    return (slot & (CHUNK_FLOWS - 1)) * DATAPATH_WORDS;
  }

  maskAt(slot: number): MegaflowMask {
    const mask = this.maskBySlot[slot];
    if (mask === undefined || mask === null) throw new Error(`no megaflow ${slot}`);
    return mask;
  }

  /** Goes over to the other search when the number of masks asks for it. */
  private chooseSearch(): void {
    if (this.choice !== 'auto') return;
    const isTree = this.search instanceof DifferenceTree;
    if (isTree ? this.maskCount > MASKS_FOR_TUPLE_SPACE : this.maskCount <= MASKS_FOR_TREE) return;
    this.pastProbes += this.search.probeCount;
    this.search = isTree ? new TupleSpace(this, this.slots()) : new DifferenceTree(this, this.slots());
  }

  /** Makes the handle of a slot stale. */
  private retire(slot: number): void {
    const next = ((this.handles[slot]! >>> SLOT_BITS) + 1) % GENERATIONS;
    if (next === 0) this.epoch++;
    this.handles[slot] = (next << SLOT_BITS) | slot;
  }

  private newSlot(): number {
    const slot = this.maskBySlot.length;
    if (slot >>> CHUNK_BITS >= this.keyChunks.length) {
      this.keyChunks.push(new Int32Array(CHUNK_FLOWS * DATAPATH_WORDS));
    }
    if (slot >= this.handles.length) {
      const grown = new Int32Array(this.handles.length * 2);
      grown.set(this.handles);
      this.handles = grown;
    }
    this.handles[slot] = slot;
    this.maskBySlot.push(null);
    return slot;
  }

  private overlapsAny(key: FlowKey, mask: FlowKey): boolean {
    for (const slot of this.slots()) {
      const otherMask = this.maskOf(slot).words;
      const other = this.keyWords(slot);
      const at = this.keyOffset(slot);
      let differs = false;
      for (let i = 0; i < DATAPATH_WORDS && !differs; i++) {
        differs = ((key.words[i]! ^ other[at + i]!) & mask.words[i]! & otherMask[i]!) !== 0;
      }
      if (!differs) return true;
    }
    return false;
  }
}
