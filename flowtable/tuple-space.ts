/**
 * Tuple space search: one subtable for each mask, the busiest first. // hot path
 *
 * Mirrors dpcls of lib/dpif-netdev.c (subtables ranked by hits). The best there is for a few masks; its cost grows with
 * their number, which an attacker may choose (CVE-2019-25076).
 */
import type { MegaflowEntries, MegaflowSearch } from './megaflow-search.js';
import type { MegaflowMask } from './megaflow-mask.js';
import { Subtable } from './subtable.js';

/** Lookups from one ranking of the subtables to the next. */
const RANK_INTERVAL = 4096;

export class TupleSpace implements MegaflowSearch {
  private readonly entries: MegaflowEntries;
  /** In the order of the search. */
  private readonly order: Subtable[] = [];
  private readonly byMask = new Map<MegaflowMask, Subtable>();
  private untilRank = RANK_INTERVAL;
  probeCount = 0;

  constructor(entries: MegaflowEntries, slots: Iterable<number> = []) {
    this.entries = entries;
    for (const slot of slots) this.insert(slot);
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

  peek(words: Int32Array, at: number): number {
    for (const subtable of this.order) {
      const slot = subtable.lookup(words, at);
      if (slot >= 0) return slot;
    }
    return -1;
  }

  insert(slot: number): void {
    const { entries } = this;
    const mask = entries.maskAt(slot);
    let subtable = this.byMask.get(mask);
    if (subtable === undefined) {
      subtable = new Subtable(mask);
      this.byMask.set(mask, subtable);
      this.order.push(subtable);
    }
    subtable.insert(entries.keyWords(slot), entries.keyOffset(slot), slot);
  }

  remove(slot: number): void {
    const { entries } = this;
    const mask = entries.maskAt(slot);
    const subtable = this.byMask.get(mask);
    if (subtable?.remove(entries.keyWords(slot), entries.keyOffset(slot), slot) !== true) {
      throw new Error(`megaflow ${slot} is not in its subtable`);
    }
    if (subtable.count > 0) return;
    this.byMask.delete(mask);
    this.order.splice(this.order.indexOf(subtable), 1);
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
