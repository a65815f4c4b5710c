/**
 * How a megaflow table finds the flow of a key. The table keeps keys, masks and slots; a search keeps what it needs to
 * come from a key to a slot, and can be made anew from the table's flows at any time.
 */
import type { MegaflowMask } from './megaflow-mask.js';

/** The flows of a table, as a search reads them. */
export interface MegaflowEntries {
  /** The key of a flow, as it was given, is at keyWords(slot)[keyOffset(slot)...]. */
  keyWords(slot: number): Int32Array;
  keyOffset(slot: number): number;
  maskAt(slot: number): MegaflowMask;
}

export interface MegaflowSearch {
  /** The slot of the flow that the key at words[at...] is one of, or -1. */
  lookup(words: Int32Array, at: number): number;
  /** As lookup(), but not counted as one: for questions that no packet asks. */
  peek(words: Int32Array, at: number): number;
  /** Takes in a flow of the table that it does not have yet. */
  insert(slot: number): void;
  /** Forgets a flow; its key and mask are still the table's. */
  remove(slot: number): void;
  /** Places where lookups compared keys: subtables, or leaves of a tree. */
  readonly probeCount: number;
}
