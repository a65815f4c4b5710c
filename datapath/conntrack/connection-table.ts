/**
 * The table of connections: finds the one that a packet belongs to, whichever way the packet goes.
 *
 * Mirrors the cmap of lib/conntrack.c with its two entries for a connection under NAT: one for how its packets look in
 * the original direction, one ("natted") for how its replies look. Chained buckets that double as the table grows; a
 * lookup allocates nothing.
 *
 * Invariant: each tracked connection has one entry under the hash of its key, and a second one under the hash of its
 * reverse key when it was committed with NAT.
 */
import { areKeysEqual, type ConnectionKey, hashKey } from './connection-key.js';
import type { Connection } from './connection.js';

const FIRST_BUCKET_COUNT = 64;

export interface TableEntry {
  readonly hash: number;
  readonly connection: Connection;
  /** The entry is found by the connection's reverse key, as a reply under NAT looks. */
  readonly isNatted: boolean;
  next: TableEntry | null;
}

export class ConnectionTable {
  private readonly salt: number;
  private buckets: (TableEntry | null)[] = new Array<TableEntry | null>(FIRST_BUCKET_COUNT).fill(null);
  private entryCount = 0;
  /** The direction in which the last lookup matched. */
  isReply = false;
  /** The last lookup matched by the entry for replies under NAT. */
  isNatted = false;
  private readonly tracked = new Set<Connection>();

  constructor(salt: number) {
    this.salt = salt;
  }

  get count(): number {
    return this.tracked.size;
  }

  /** In the order in which they were made. */
  connections(): IterableIterator<Connection> {
    return this.tracked.values();
  }

  insert(connection: Connection, hasNattedEntry: boolean): void {
    connection.isTracked = true;
    this.tracked.add(connection);
    this.insertEntry(hashKey(connection.key, this.salt), connection, false);
    if (hasNattedEntry) this.insertEntry(hashKey(connection.reverseKey, this.salt), connection, true);
  }

  remove(connection: Connection): void {
    if (!connection.isTracked) return;
    connection.isTracked = false;
    this.tracked.delete(connection);
    this.removeEntries(hashKey(connection.key, this.salt), connection);
    this.removeEntries(hashKey(connection.reverseKey, this.salt), connection);
  }

  /**
   * The connection that a packet with this key belongs to, or null; `isReply` then says which way the packet goes.
   * What expires at nowMs or before is not found.
   */
  lookup(key: ConnectionKey, nowMs: number): Connection | null {
    const hash = hashKey(key, this.salt);
    for (let entry = this.buckets[hash & (this.buckets.length - 1)]!; entry !== null; entry = entry.next!) {
      if (entry.hash !== hash) continue;
      const { connection } = entry;
      if (nowMs >= connection.expirationMs) continue;
      if (areKeysEqual(connection.key, key)) {
        this.isReply = false;
        this.isNatted = entry.isNatted;
        return connection;
      }
      if (areKeysEqual(connection.reverseKey, key)) {
        this.isReply = true;
        this.isNatted = entry.isNatted;
        return connection;
      }
    }
    return null;
  }

  private insertEntry(hash: number, connection: Connection, isNatted: boolean): void {
    if (this.entryCount >= this.buckets.length) this.grow();
    const index = hash & (this.buckets.length - 1);
    this.buckets[index] = { hash, connection, isNatted, next: this.buckets[index]! };
    this.entryCount++;
  }

  private removeEntries(hash: number, connection: Connection): void {
    const index = hash & (this.buckets.length - 1);
    let last: TableEntry | null = null;
    for (let entry = this.buckets[index]!; entry !== null; entry = entry.next!) {
      if (entry.connection !== connection) {
        last = entry;
        continue;
      }
      if (last === null) this.buckets[index] = entry.next;
      else last.next = entry.next;
      this.entryCount--;
    }
  }

  private grow(): void {
    const old = this.buckets;
    const grown = new Array<TableEntry | null>(old.length * 2).fill(null);
    for (const first of old) {
      for (let entry = first; entry !== null; ) {
        const { next }: TableEntry = entry;
        const index = entry.hash & (grown.length - 1);
        entry.next = grown[index]!;
        grown[index] = entry;
        entry = next;
      }
    }
    this.buckets = grown;
  }
}
