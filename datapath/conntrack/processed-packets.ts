/**
 * What is remembered of a packet between two ct actions: the connection it was found to belong to.
 *
 * Mirrors the `conn` of `struct pkt_metadata`. A packet that comes to the same zone again (ct, then ct(commit)) has
 * been counted already: its connection is not updated a second time.
 *
 * Invariant: an entry serves only a packet that still looks as it did (its key is compared), so that neither another
 * frame in the same buffer nor a header that was rewritten in between is taken for it.
 */
import type { Packet } from '../packet-buffer.js';
import type { Connection } from './connection.js';
import { areKeysEqual, type ConnectionKey, makeKey, zoneOf } from './connection-key.js';

export interface ProcessedPacket {
  readonly key: ConnectionKey;
  connection: Connection | null;
  isReply: boolean;
  /** The packet was an ICMP error about the connection. */
  isError: boolean;
}

export class ProcessedPackets {
  /** Packets are the standing records of a pool, so this allocates nothing once each has been seen. */
  private readonly byPacket = new WeakMap<Packet, ProcessedPacket>();

  /** What is remembered of the packet in this zone, or null. */
  find(packet: Packet, key: ConnectionKey): ProcessedPacket | null {
    const found = this.byPacket.get(packet);
    if (found === undefined || found.connection === null) return null;
    return zoneOf(found.connection.key) === zoneOf(key) && areKeysEqual(found.key, key) ? found : null;
  }

  set(packet: Packet, key: ConnectionKey, connection: Connection | null, isReply: boolean, isError: boolean): void {
    let record = this.byPacket.get(packet);
    if (record === undefined) {
      if (connection === null) return;
      record = { key: makeKey(), connection, isReply, isError };
      this.byPacket.set(packet, record);
    }
    record.key.set(key);
    record.connection = connection;
    record.isReply = isReply;
    record.isError = isError;
  }

  forget(packet: Packet): void {
    const record = this.byPacket.get(packet);
    if (record !== undefined) record.connection = null;
  }

  copy(from: Packet, to: Packet): void {
    const record = this.byPacket.get(from);
    if (record === undefined) this.forget(to);
    else this.set(to, record.key, record.connection, record.isReply, record.isError);
  }
}
