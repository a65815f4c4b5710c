/**
 * A connection as it is shown: what dpctl/dump-conntrack prints, as data.
 *
 * Mirrors `struct ct_dpif_entry` of lib/ct-dpif.h. Packet counters, timestamps, an identifier and status flags are not
 * kept for a connection, as in OVS's userspace datapath; the kernel has them.
 */
import { IP_PROTO_ICMP, IP_PROTO_ICMPV6 } from '../packet/ipv4.js';
import type { Connection } from './connection.js';
import {
  type ConnectionKey,
  ETH_TYPE_IPV4,
  etherTypeOf,
  icmpEndpoint,
  KEY_DST,
  KEY_DST_ENDPOINT,
  KEY_PROTOCOL,
  KEY_SRC,
  KEY_SRC_ENDPOINT,
  makeKey,
  setTypeAndZone,
  zoneOf,
} from './connection-key.js';
import type { CtHelper } from './ct-request.js';
import { reverseIcmpType, reverseIcmpv6Type } from './icmp-types.js';
import { WSCALE_KNOWN, WSCALE_MASK, WSCALE_UNKNOWN } from './tcp-state.js';

export type TupleEnds =
  | { readonly kind: 'ports'; readonly source: number; readonly destination: number }
  | { readonly kind: 'icmp'; readonly id: number; readonly type: number; readonly code: number };

export interface ConnectionTuple {
  readonly protocol: number;
  /** 4 or 16 bytes each. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly ends: TupleEnds;
}

export interface TcpPeerInfo {
  /** Index into TCP_STATE_NAMES. */
  readonly state: number;
  readonly windowScale: number;
  readonly hasWindowScale: boolean;
  /** The connection was picked up midway. */
  readonly isLiberal: boolean;
}

export interface ConnectionEntry {
  readonly original: ConnectionTuple;
  readonly reply: ConnectionTuple;
  readonly parent: ConnectionTuple | null;
  readonly zone: number;
  readonly mark: number;
  /** Sixteen bytes, in network order. */
  readonly label: Uint8Array;
  readonly timeoutSeconds: number;
  readonly helper: CtHelper | null;
  readonly tcp: { readonly original: TcpPeerInfo; readonly reply: TcpPeerInfo } | null;
}

export function describeConnection(connection: Connection, nowMs: number): ConnectionEntry {
  const { key, protocol } = connection;
  return {
    original: tupleOf(key),
    reply: tupleOf(connection.reverseKey),
    parent: connection.parent === null ? null : tupleOf(connection.parent.key),
    zone: zoneOf(key),
    mark: connection.mark,
    label: new Uint8Array(connection.label.slice().buffer),
    timeoutSeconds: Math.max(0, Math.floor((connection.expirationMs - nowMs) / 1000)),
    helper: connection.helper,
    tcp: protocol.kind === 'tcp' ? { original: peerInfo(protocol.original), reply: peerInfo(protocol.reply) } : null,
  };
}

function peerInfo(peer: { readonly state: number; readonly windowScale: number }): TcpPeerInfo {
  return {
    state: peer.state,
    windowScale: peer.windowScale & WSCALE_MASK,
    hasWindowScale: (peer.windowScale & WSCALE_KNOWN) !== 0,
    isLiberal: (peer.windowScale & WSCALE_UNKNOWN) !== 0,
  };
}

function tupleOf(key: ConnectionKey): ConnectionTuple {
  const protocol = key[KEY_PROTOCOL]!;
  const source = key[KEY_SRC_ENDPOINT]!;
  const isIcmp = protocol === IP_PROTO_ICMP || protocol === IP_PROTO_ICMPV6;
  return {
    protocol,
    source: addressBytes(key, KEY_SRC),
    destination: addressBytes(key, KEY_DST),
    ends: isIcmp
      ? { kind: 'icmp', id: source >>> 16, type: (source >>> 8) & 0xff, code: source & 0xff }
      : { kind: 'ports', source: source >>> 16, destination: key[KEY_DST_ENDPOINT]! >>> 16 },
  };
}

function addressBytes(key: ConnectionKey, at: number): Uint8Array {
  const words = etherTypeOf(key) === ETH_TYPE_IPV4 ? 1 : 4;
  return Uint8Array.from({ length: words * 4 }, (_, i) => key[at + (i >> 2)]! >>> (24 - 8 * (i & 3)));
}

/** The key of a tuple in the original direction, or null for one that no connection can have. */
export function keyOfTuple(tuple: ConnectionTuple, zone: number): ConnectionKey | null {
  const isIpv4 = tuple.source.length === 4;
  const key = makeKey();
  setTypeAndZone(key, isIpv4 ? ETH_TYPE_IPV4 : 0x86dd, zone);
  key[KEY_PROTOCOL] = tuple.protocol;
  for (let i = 0; i < tuple.source.length; i++) {
    key[KEY_SRC + (i >> 2)] = (key[KEY_SRC + (i >> 2)]! << 8) | tuple.source[i]!;
    key[KEY_DST + (i >> 2)] = (key[KEY_DST + (i >> 2)]! << 8) | tuple.destination[i]!;
  }
  const { ends } = tuple;
  if (ends.kind === 'ports') {
    key[KEY_SRC_ENDPOINT] = ends.source << 16;
    key[KEY_DST_ENDPOINT] = ends.destination << 16;
    return key;
  }
  const reverse = isIpv4 ? reverseIcmpType(ends.type) : reverseIcmpv6Type(ends.type);
  if (reverse < 0) return null;
  key[KEY_SRC_ENDPOINT] = icmpEndpoint(ends.id, ends.type, ends.code);
  key[KEY_DST_ENDPOINT] = icmpEndpoint(ends.id, reverse, ends.code);
  return key;
}
