/**
 * The forwarding database of a bridge: which bundle a MAC address was last seen on, in which VLAN.
 * Mirrors lib/mac-learning.c: least recently used first, aging, a limit, and fair eviction from the busiest bundle.
 */
import type { Bundle } from './bundle.js';

export interface MacEntry {
  /** 12 hex digits. */
  readonly mac: string;
  readonly vlan: number;
  bundle: Bundle | null;
  /** Second at which the entry dies; null for a static entry. */
  expiresSec: number | null;
  gratuitousArpLockSec: number;
}

export const DEFAULT_IDLE_SEC = 300;
export const DEFAULT_MAX_ENTRIES = 8192;
const GRATUITOUS_ARP_LOCK_SEC = 5;

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
  private idleSec = DEFAULT_IDLE_SEC;
  private maxEntries = DEFAULT_MAX_ENTRIES;
  /** VLANs in which nothing is learned (flood_vlans). */
  floodVlans: ReadonlySet<number> = new Set();
  totalLearned = 0;
  totalExpired = 0;
  totalEvicted = 0;
  totalMoved = 0;

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
    if (known !== undefined && known.expiresSec === null) return false;
    // A bond may get back what it has sent itself, so for a while it is not believed that a machine has moved there.
    const isBond = bundle.bond !== null;
    const entry = this.touch(mac, vlan, nowSec);
    if (isGratuitousArp && !isBond) entry.gratuitousArpLockSec = nowSec + GRATUITOUS_ARP_LOCK_SEC;
    if (isGratuitousArp && isBond && isLocked(entry, nowSec)) return false;
    if (entry.bundle === bundle) return false;
    if (entry.bundle !== null) this.totalMoved++;
    entry.bundle = bundle;
    return true;
  }

  /** An entry that does not age (fdb/add). True when something changed. */
  addStatic(mac: string, vlan: number, bundle: Bundle): boolean {
    const known = this.table.get(keyOf(mac, vlan));
    if (known?.expiresSec === null && known.bundle === bundle) return false;
    this.table.delete(keyOf(mac, vlan));
    this.makeRoom();
    this.table.set(keyOf(mac, vlan), { mac, vlan, bundle, expiresSec: null, gratuitousArpLockSec: 0 });
    return true;
  }

  /** Removes one entry; false when it is not there. */
  delete(mac: string, vlan: number): boolean {
    return this.table.delete(keyOf(mac, vlan));
  }

  /** Removes all learned entries; static ones stay. */
  flush(): void {
    for (const [key, entry] of this.table) if (entry.expiresSec !== null) this.table.delete(key);
  }

  /** Removes what was learned on a bundle that is going away or changes. */
  forget(bundle: Bundle): boolean {
    let changed = false;
    for (const [key, entry] of this.table) {
      if (entry.bundle === bundle) {
        this.table.delete(key);
        changed = true;
      }
    }
    return changed;
  }

  /** Lets old entries die; true when some did. */
  expire(nowSec: number): boolean {
    let changed = false;
    for (const [key, entry] of this.table) {
      if (entry.expiresSec === null) continue;
      if (entry.expiresSec > nowSec && this.table.size <= this.maxEntries) break;
      this.table.delete(key);
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
    }
    entry.expiresSec = nowSec + this.idleSec;
    this.table.set(key, entry);
    return entry;
  }

  /** Evicts the oldest entry of the bundle that has most, so that one port cannot push out the others. */
  private makeRoom(): void {
    if (this.table.size < this.maxEntries) return;
    const counts = new Map<Bundle | null, number>();
    for (const entry of this.table.values()) counts.set(entry.bundle, (counts.get(entry.bundle) ?? 0) + 1);
    let busiest: Bundle | null = null;
    let most = 0;
    for (const [bundle, count] of counts) {
      if (count > most) {
        busiest = bundle;
        most = count;
      }
    }
    for (const [key, entry] of this.table) {
      if (entry.bundle === busiest) {
        this.table.delete(key);
        this.totalEvicted++;
        return;
      }
    }
  }
}
