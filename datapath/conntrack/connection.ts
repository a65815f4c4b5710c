/**
 * One tracked connection.
 *
 * Mirrors `struct conn` of lib/conntrack-private.h. `key` is how packets of the original direction look before, and
 * `reverseKey` how those of the reply direction look, so without NAT the second is the first turned round.
 */
import type { ConnectionKey } from './connection-key.js';
import type { CtHelper } from './ct-request.js';
import type { Expiring } from './expiry-queue.js';
import type { IcmpState } from './protocol-icmp.js';
import type { OtherState } from './protocol-other.js';
import type { TcpState } from './tcp-state.js';

export const NAT_SRC = 1;
export const NAT_SRC_PORT = 2;
export const NAT_DST = 4;
export const NAT_DST_PORT = 8;

/** What the protocol of the connection remembers. */
export type ProtocolState = TcpState | OtherState | IcmpState;

/** The connection that announced this one (the FTP control connection). */
export interface ParentConnection {
  readonly key: ConnectionKey;
}

/** The limit that a connection counts against. */
export interface Admission {
  readonly zone: number;
  readonly sequence: number;
}

export class Connection implements Expiring {
  readonly key: ConnectionKey;
  readonly reverseKey: ConnectionKey;
  /** NAT_* bits. */
  natAction = 0;
  helper: CtHelper | null = null;
  /** Not null for a connection that another one announced: its mark and label are those of the parent. */
  parent: ParentConnection | null = null;
  mark = 0;
  /** Four raw words, as they stand in a flow key. */
  readonly label = new Int32Array(4);
  timeoutPolicy = 0;
  protocol: ProtocolState;
  /** By how much NAT has lengthened the FTP control messages of one direction. */
  sequenceSkew = 0;
  isReplySkewed = false;
  admission: Admission | null = null;
  /** False once it has been taken out of the table. */
  isTracked = false;
  expirationMs = 0;
  filedMs = 0;
  heapIndex = -1;

  constructor(key: ConnectionKey, reverseKey: ConnectionKey, protocol: ProtocolState) {
    this.key = key;
    this.reverseKey = reverseKey;
    this.protocol = protocol;
  }
}
