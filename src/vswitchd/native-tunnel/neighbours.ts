/**
 * Which MAC address an IP address has on a bridge: told by hand, or overheard. An entry that nobody asks for ages out.
 * Mirrors lib/tnl-neigh-cache.c; the order of entries is that of their making, where OVS has that of its hashes.
 */
import { sameAddress } from './address.js';

const DEFAULT_AGING_MS = 900_000;

export interface Neighbour {
  readonly bridge: string;
  readonly ip: Uint8Array;
  readonly mac: Uint8Array;
  expiresMs: number;
}

export class Neighbours {
  agingMs = DEFAULT_AGING_MS;
  private entries: Neighbour[] = [];

  /** The MAC address, or null; who asks keeps the entry alive. */
  lookup(bridge: string, ip: Uint8Array, nowMs: number): Uint8Array | null {
    const entry = this.find(bridge, ip);
    if (entry === undefined || entry.expiresMs <= nowMs) return null;
    entry.expiresMs = nowMs + this.agingMs;
    return entry.mac;
  }

  /** True when tunnels to the address now go elsewhere. */
  set(bridge: string, ip: Uint8Array, mac: Uint8Array, nowMs: number): boolean {
    const known = this.lookup(bridge, ip, nowMs);
    if (known !== null && Buffer.compare(known, mac) === 0) return false;
    const old = this.find(bridge, ip);
    this.entries = this.entries.filter((entry) => entry !== old);
    this.entries.push({ bridge, ip: ip.slice(), mac: mac.slice(), expiresMs: nowMs + this.agingMs });
    return true;
  }

  setAging(agingMs: number, nowMs: number): void {
    this.agingMs = agingMs;
    for (const entry of this.entries) entry.expiresMs = Math.min(entry.expiresMs, nowMs + agingMs);
  }

  /** Drops what is too old; true when there was any. */
  expire(nowMs: number): boolean {
    return this.keep((entry) => entry.expiresMs > nowMs);
  }

  /** Forgets all, or those of one bridge; true when there were any. */
  flush(bridge?: string): boolean {
    return this.keep((entry) => bridge !== undefined && entry.bridge !== bridge);
  }

  list(): readonly Neighbour[] {
    return this.entries;
  }

  private find(bridge: string, ip: Uint8Array): Neighbour | undefined {
    return this.entries.find((entry) => entry.bridge === bridge && sameAddress(entry.ip, ip));
  }

  private keep(isKept: (entry: Neighbour) => boolean): boolean {
    const { length } = this.entries;
    this.entries = this.entries.filter(isKept);
    return this.entries.length < length;
  }
}
