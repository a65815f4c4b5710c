/**
 * What a tracked TCP connection remembers of its two peers, and the names of the states.
 *
 * Mirrors `struct tcp_peer` and CT_DPIF_TCP_STATES: the states of a peer are ordered, and comparisons rely on it.
 */

export const TCPS_CLOSED = 0;
export const TCPS_LISTEN = 1;
export const TCPS_SYN_SENT = 2;
export const TCPS_SYN_RECV = 3;
export const TCPS_ESTABLISHED = 4;
export const TCPS_CLOSE_WAIT = 5;
export const TCPS_FIN_WAIT_1 = 6;
export const TCPS_CLOSING = 7;
export const TCPS_LAST_ACK = 8;
export const TCPS_FIN_WAIT_2 = 9;
export const TCPS_TIME_WAIT = 10;

/** The names, in the order of the numbers. */
export const TCP_STATE_NAMES = [
  'CLOSED',
  'LISTEN',
  'SYN_SENT',
  'SYN_RECV',
  'ESTABLISHED',
  'CLOSE_WAIT',
  'FIN_WAIT_1',
  'CLOSING',
  'LAST_ACK',
  'FIN_WAIT_2',
  'TIME_WAIT',
] as const;

/** The peer announced a window scale; the connection was picked up midway, so scales are unknown. */
export const WSCALE_KNOWN = 0x80;
export const WSCALE_UNKNOWN = 0x40;
export const WSCALE_MASK = 0x0f;
/** RFC 7323 §2.3. */
export const MAX_WSCALE = 14;

export interface TcpPeer {
  /** The highest sequence number sent, as a signed 32-bit number; so is seqHigh. */
  seqLow: number;
  /** The highest that the other end has acknowledged, plus its window. */
  seqHigh: number;
  /** The largest window, before scaling. */
  maxWindow: number;
  /** A scale and the WSCALE_* bits. */
  windowScale: number;
  state: number;
}

export interface TcpState {
  readonly kind: 'tcp';
  readonly original: TcpPeer;
  readonly reply: TcpPeer;
}

export function makePeer(): TcpPeer {
  return { seqLow: 0, seqHigh: 0, maxWindow: 0, windowScale: 0, state: TCPS_CLOSED };
}
