/**
 * The forwarding database of a bridge: which bundle a MAC address was last seen on, in which VLAN.
 * Mirrors lib/mac-learning.c: least recently used first, aging, a limit, and fair eviction from the busiest bundle.
 */
import type { Bundle } from './bundle.js';
import { type HeapNode, MaxHeap } from './max-heap.js';

export interface MacEntry {
  /** 12 hex digits. */
  readonly mac: string;
  readonly vlan: number;
  /** Belongs to the table: changed by it alone. */
  bundle: Bundle | null;
  /** Second at which the entry dies; null for a static entry. */
  expiresSec: number | null;
  gratuitousArpLockSec: number;
}

export const DEFAULT_IDLE_SEC = 300;
export const DEFAULT_MAX_ENTRIES = 8192;
const GRATUITOUS_ARP_LOCK_SEC = 5;

/** The entries of one bundle, least recently used first; the number of them is its priority. */
interface Usage extends HeapNode {
  readonly bundle: Bundle;
  readonly entries: Set<MacEntry>;
}

const keyOf = (mac: string, vlan: number): string => `${mac}/${vlan}`;

export const macText = (bytes: Uint8Array, offset: number): string => {
  let text = '';
  for (let i = 0; i < 6; i++) text += bytes[offset + i]!.toString(16).padStart(2, '0');
  return text;
};

/** Has the machine been heard to move, away from any bond, in the last seconds? */
export const isLocked = (entry: MacEntry, nowSec: number): boolean => nowSec < entry.gratuitousArpLockSec;

export class MacLearning {
  /** In order of use: a Map keeps insertion order, and using an entry inserts it anew. */
  private readonly table = new Map<string, MacEntry>();
  private readonly usages = new Map<Bundle, Usage>();
  private readonly usagesByCount = new MaxHeap<Usage>();
  private idleSec = DEFAULT_IDLE_SEC;
  private maxEntries = DEFAULT_MAX_ENTRIES;
  /** VLANs in which nothing is learned (flood_vlans). */
  floodVlans: ReadonlySet<number> = new Set();
  totalLearned = 0;
  totalExpired = 0;
  totalEvicted = 0;
  totalMoved = 0;
  /** Packets from the address of a static entry that came in elsewhere. */
  staticMoves = 0;

  get size(): number {
    return this.table.size;
  }

  get maximum(): number {
    return this.maxEntries;
  }

  get staticCount(): number {
    return [...this.table.values()].filter((entry) => entry.expiresSec === null).length;
  }

  /** Least recently used first. */
  entries(): IterableIterator<MacEntry> {
    return this.table.values();
  }

  /** Seconds since the entry was used; null for a static one. */
  ageOf(entry: MacEntry, nowSec: number): number | null {
    return entry.expiresSec === null ? null : this.idleSec - (entry.expiresSec - nowSec);
  }

  /** Changes the aging time, 15 s to an hour; entries age as if it had always been so. */
  setIdleSec(idleSec: number): void {
    const wanted = Math.min(3600, Math.max(15, idleSec));
    for (const entry of this.table.values()) if (entry.expiresSec !== null) entry.expiresSec += wanted - this.idleSec;
    this.idleSec = wanted;
  }

  setMaxEntries(maxEntries: number): void {
    this.maxEntries = Math.min(1_000_000, Math.max(10, maxEntries));
  }

  lookup(mac: string, vlan: number): MacEntry | null {
    if (this.floodVlans.has(vlan)) return null;
    return this.table.get(keyOf(mac, vlan)) ?? null;
  }

  /** Learns, or refreshes what is known; true when a packet to the address would now go elsewhere. */
  update(mac: string, vlan: number, isGratuitousArp: boolean, bundle: Bundle, nowSec: number): boolean {
    const isMulticast = (Number.parseInt(mac.slice(0, 2), 16) & 1) !== 0;
    if (isMulticast || this.floodVlans.has(vlan)) return false;
    const known = this.table.get(keyOf(mac, vlan));
    if (known !== undefined && known.expiresSec === null) {
      if (known.bundle !== bundle) this.staticMoves++;
      return false;
    }
    // A bond may get back what it has sent itself, so for a while it is not believed that a machine has moved there.
    const isBond = bundle.bond !== null;
    const entry = this.touch(mac, vlan, nowSec);
    if (isGratuitousArp && !isBond) entry.gratuitousArpLockSec = nowSec + GRATUITOUS_ARP_LOCK_SEC;
    if (isGratuitousArp && isBond && isLocked(entry, nowSec)) return false;
    if (entry.bundle === bundle) return false;
    if (entry.bundle !== null) this.totalMoved++;
    this.setBundle(entry, bundle);
    return true;
  }

  /** An entry that does not age (fdb/add). True when something changed. */
  addStatic(mac: string, vlan: number, bundle: Bundle): boolean {
    const known = this.table.get(keyOf(mac, vlan));
    if (known?.expiresSec === null && known.bundle === bundle) return false;
    if (known !== undefined) this.drop(known);
    this.makeRoom();
    const entry: MacEntry = { mac, vlan, bundle: null, expiresSec: null, gratuitousArpLockSec: 0 };
    this.table.set(keyOf(mac, vlan), entry);
    this.setBundle(entry, bundle);
    return true;
  }

  /** Removes one entry; false when it is not there. */
  delete(mac: string, vlan: number): boolean {
    const entry = this.table.get(keyOf(mac, vlan));
    if (entry === undefined) return false;
    this.drop(entry);
    return true;
  }

  /** Removes all learned entries; static ones stay. */
  flush(): void {
    for (const entry of this.table.values()) if (entry.expiresSec !== null) this.drop(entry);
  }

  /** Removes what was learned on a bundle that is going away or changes, and returns it. */
  forget(bundle: Bundle): readonly MacEntry[] {
    const entries = [...(this.usages.get(bundle)?.entries ?? [])];
    for (const entry of entries) this.drop(entry);
    return entries;
  }

  /** What was learned on one bundle is to be found behind another. */
  move(from: Bundle, to: Bundle): void {
    for (const entry of [...(this.usages.get(from)?.entries ?? [])]) this.setBundle(entry, to);
  }

  /** Lets old entries die; true when some did. */
  expire(nowSec: number): boolean {
    let changed = false;
    for (const entry of this.table.values()) {
      if (entry.expiresSec === null) continue;
      if (entry.expiresSec > nowSec && this.table.size <= this.maxEntries) break;
      this.drop(entry);
      this.totalExpired++;
      changed = true;
    }
    return changed;
  }

  clearStatistics(): void {
    this.totalLearned = 0;
    this.totalExpired = 0;
    this.totalEvicted = 0;
    this.totalMoved = 0;
  }

  private touch(mac: string, vlan: number, nowSec: number): MacEntry {
    const key = keyOf(mac, vlan);
    let entry = this.table.get(key);
    if (entry === undefined) {
      this.makeRoom();
      entry = { mac, vlan, bundle: null, expiresSec: 0, gratuitousArpLockSec: 0 };
      this.totalLearned++;
    } else {
      this.table.delete(key);
      const mates = entry.bundle === null ? undefined : this.usages.get(entry.bundle)?.entries;
      if (mates?.delete(entry) === true) mates.add(entry);
    }
    entry.expiresSec = nowSec + this.idleSec;
    this.table.set(key, entry);
    return entry;
  }

  private drop(entry: MacEntry): void {
    this.table.delete(keyOf(entry.mac, entry.vlan));
    this.setBundle(entry, null);
  }

  private setBundle(entry: MacEntry, bundle: Bundle | null): void {
    const old = entry.bundle === null ? undefined : this.usages.get(entry.bundle);
    entry.bundle = bundle;
    if (old !== undefined) {
      old.entries.delete(entry);
      if (old.entries.size > 0) {
        this.usagesByCount.change(old, old.entries.size);
      } else {
        this.usages.delete(old.bundle);
        this.usagesByCount.remove(old);
      }
    }
    if (bundle === null) return;
    const usage = this.usages.get(bundle);
    if (usage !== undefined) {
      usage.entries.add(entry);
      this.usagesByCount.change(usage, usage.entries.size);
    } else {
      const first: Usage = { bundle, entries: new Set([entry]), priority: 0, place: 0 };
      this.usages.set(bundle, first);
      this.usagesByCount.insert(first, 1);
    }
  }

  /** Evicts the oldest entry of a bundle that has most, so that one port cannot push out the others. */
  private makeRoom(): void {
    if (this.table.size < this.maxEntries) return;
    for (const entry of this.usagesByCount.top?.entries ?? []) {
      this.drop(entry);
      this.totalEvicted++;
      return;
    }
  }
}
