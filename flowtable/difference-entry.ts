/**
 * What leaves of a difference tree point at: the masked words of each flow, once, however many leaves it is in.
 *
 *   entry   slot, mask, then the masked words
 *   mask    number of words, then index and bits of each, shared by the flows that have it
 */
import type { MegaflowMask } from './megaflow-mask.js';
import type { MegaflowEntries } from './megaflow-search.js';
import type { WordArena } from './word-arena.js';

export const E_SLOT = 0;
export const E_MASK = 1;
export const ENTRY_HEAD = 2;

/** Words that are compared first: IPv4 addresses and ports, IPv6 addresses, Ethernet. They tell most flows apart. */
const EARLY_WORDS = [8, 9, 10, 20, 21, 22, 23, 24, 25, 26, 27, 2, 3, 4, 5];

function rankOf(word: number): number {
  const early = EARLY_WORDS.indexOf(word);
  return early < 0 ? EARLY_WORDS.length + word : early;
}

interface StoredMask {
  readonly at: number;
  /** The words in the order in which they are compared. */
  readonly indices: readonly number[];
  readonly bits: readonly number[];
}

export class StoredFlows {
  private readonly entries: MegaflowEntries;
  private readonly arena: WordArena;
  private readonly masks = new Map<MegaflowMask, StoredMask>();
  /** Where the entry of each slot is. */
  private places: Int32Array = new Int32Array(1024);

  constructor(entries: MegaflowEntries, arena: WordArena) {
    this.entries = entries;
    this.arena = arena;
  }

  entryOf(slot: number): number {
    return this.places[slot]!;
  }

  add(slot: number): void {
    const mask = this.entries.maskAt(slot);
    const { at, indices, bits } = this.masks.get(mask) ?? this.addMask(mask);
    const entry = this.arena.allocate(ENTRY_HEAD + indices.length);
    const { words } = this.arena;
    const keys = this.entries.keyWords(slot);
    const keyAt = this.entries.keyOffset(slot);
    words[entry + E_SLOT] = slot;
    words[entry + E_MASK] = at;
    for (let i = 0; i < indices.length; i++) words[entry + ENTRY_HEAD + i] = keys[keyAt + indices[i]!]! & bits[i]!;
    if (slot >= this.places.length) {
      const longer = new Int32Array(Math.max(this.places.length * 2, slot + 1));
      longer.set(this.places);
      this.places = longer;
    }
    this.places[slot] = entry;
  }

  /** The flow is in no leaf any more; its mask is still the table's. */
  remove(slot: number): void {
    const mask = this.entries.maskAt(slot);
    const { at, indices } = this.masks.get(mask)!;
    this.arena.release(this.places[slot]!, ENTRY_HEAD + indices.length);
    if (mask.flowCount > 1) return;
    this.masks.delete(mask);
    this.arena.release(at, 1 + 2 * indices.length);
  }

  private addMask(mask: MegaflowMask): StoredMask {
    const indices = [...mask.indices].sort((a, b) => rankOf(a) - rankOf(b));
    const bits = indices.map((index) => mask.key.words[index]!);
    const at = this.arena.allocate(1 + 2 * indices.length);
    const { words } = this.arena;
    words[at] = indices.length;
    indices.forEach((index, i) => {
      words[at + 1 + 2 * i] = index;
      words[at + 2 + 2 * i] = bits[i]!;
    });
    const stored = { at, indices, bits };
    this.masks.set(mask, stored);
    return stored;
  }
}
