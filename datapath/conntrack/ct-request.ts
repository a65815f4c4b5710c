/**
 * What a ct action asks of the connection tracker.
 *
 * Mirrors the arguments of conntrack_execute() and OVS_CT_ATTR_* / OVS_NAT_ATTR_* of the datapath's ct action.
 */

export type CtHelper = 'ftp' | 'tftp';

/** New connections are given another source or destination. Addresses have 4 or 16 bytes, in network order. */
export interface NatRange {
  readonly kind: 'source' | 'destination';
  /** null: the address stays and only the port changes. */
  readonly minAddress: Uint8Array | null;
  readonly maxAddress: Uint8Array | null;
  readonly minPort: number | null;
  readonly maxPort: number | null;
  /**
   * How to choose from a range, and whether a host keeps its address. OVS's userspace datapath ignores both and always
   * chooses by a hash over the connection; so does this one. The kernel's heeds them.
   */
  readonly selection: 'hash' | 'random' | null;
  readonly isPersistent: boolean;
}

/** `restore`: only what an earlier commit decided is applied. */
export type NatRequest = NatRange | 'restore';

export interface CtMark {
  readonly value: number;
  readonly mask: number;
}

/** Sixteen bytes each, in network order. */
export interface CtLabel {
  readonly value: Uint8Array;
  readonly mask: Uint8Array;
}

export interface CtRequest {
  readonly zone: number;
  readonly commit: boolean;
  /** Commit, and end a connection that was made from the other side. */
  readonly force: boolean;
  readonly nat: NatRequest | null;
  readonly mark: CtMark | null;
  readonly label: CtLabel | null;
  readonly helper: CtHelper | null;
  /** Number of a timeout policy; null for the default. */
  readonly timeoutPolicy: number | null;
}

export const PLAIN_CT_REQUEST: CtRequest = {
  zone: 0,
  commit: false,
  force: false,
  nat: null,
  mark: null,
  label: null,
  helper: null,
  timeoutPolicy: null,
};
