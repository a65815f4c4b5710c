/**
 * What the tracker asks of a protocol: may this packet begin a connection, and what does it mean for the one it
 * belongs to?
 *
 * Mirrors `struct ct_l4_proto` of lib/conntrack-private.h. A protocol says under which timeout the connection is now;
 * the tracker turns that into a time.
 */
import type { CtTimeout } from './timeout-policy.js';

/** The packet does not fit its connection. */
export const UPDATE_INVALID = 0;
/** It belongs to a connection that both ends have taken part in. */
export const UPDATE_VALID = 1;
/** The connection is over and this packet begins another with the same key. */
export const UPDATE_NEW = 2;
/** It belongs to a connection that has seen no reply. */
export const UPDATE_VALID_NEW = 3;

export type UpdateResult = typeof UPDATE_INVALID | typeof UPDATE_VALID | typeof UPDATE_NEW | typeof UPDATE_VALID_NEW;

/** The transport header of the packet at hand; one record, used again for each packet. */
export interface TransportView {
  bytes: Uint8Array;
  /** Where the transport header begins, and where the IP packet ends. */
  at: number;
  end: number;
}

export interface ProtocolVerdict {
  readonly result: UpdateResult;
  /** The timeout to begin anew, or null to leave the connection's end where it is. */
  readonly timeout: CtTimeout | null;
}
