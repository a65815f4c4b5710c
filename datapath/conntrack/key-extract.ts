/**
 * From the bytes of a packet to the key of its connection, with the checks that decide whether it is valid at all.
 *
 * Mirrors conn_key_extract() and extract_l4() of lib/conntrack.c: header and transport checksums must be right, port 0
 * is invalid, a fragment is, and an ICMP error gives the key of the connection that it speaks of, taken from the packet
 * it quotes (RFC 792, RFC 4443 §2.4), whose source must be the destination of the error.
 *
 * Invariant: bytes of any kind give a key or KEY_INVALID; nothing is read beyond the end of the IP packet.
 */
import { readU16, readU32 } from '../packet/byte-order.js';
import { addToSum, checksum, isSumRight, pseudoHeaderSum4, pseudoHeaderSum6 } from '../packet/checksum.js';
import { IP_PROTO_ICMP, IP_PROTO_ICMPV6, IP_PROTO_TCP, IP_PROTO_UDP } from '../packet/ipv4.js';
import { ipv6ExtensionSize, isIpv6Extension } from '../packet/ipv6.js';
import {
  type ConnectionKey,
  ETH_TYPE_IPV4,
  ETH_TYPE_IPV6,
  icmpEndpoint,
  isAddressEqual,
  KEY_DST,
  KEY_DST_ENDPOINT,
  KEY_PROTOCOL,
  KEY_SRC,
  KEY_SRC_ENDPOINT,
  makeKey,
  reverseKey,
  setTypeAndZone,
} from './connection-key.js';
import { reverseIcmpType, reverseIcmpv6Type } from './icmp-types.js';

export const KEY_INVALID = 0;
export const KEY_OWN = 1;
/** The key is that of the connection which an ICMP error speaks of. */
export const KEY_OF_ERROR = 2;

export type KeyResult = typeof KEY_INVALID | typeof KEY_OWN | typeof KEY_OF_ERROR;

/** What an ICMP error must quote of the transport header (RFC 792). */
const QUOTED_TRANSPORT_SIZE = 8;

const quoted = makeKey();

/**
 * Fills `key` from the packet whose IP header stands at `ip` and transport at `transport`; `end` is the end of the IP
 * packet, without padding. An EtherType other than IPv4 or IPv6 is invalid.
 */
export function extractKey(
  bytes: Uint8Array,
  ip: number,
  transport: number,
  end: number,
  etherType: number,
  zone: number,
  key: ConnectionKey,
): KeyResult {
  key.fill(0);
  setTypeAndZone(key, etherType, zone);
  if (etherType === ETH_TYPE_IPV4) {
    if (extractIpv4(bytes, ip, end, key, true) < 0) return KEY_INVALID;
  } else if (etherType === ETH_TYPE_IPV6) {
    if (extractIpv6(bytes, ip, end, key) < 0) return KEY_INVALID;
  } else return KEY_INVALID;
  if (!isTransportRight(bytes, ip, transport, end, etherType, key[KEY_PROTOCOL]!)) return KEY_INVALID;
  return extractTransport(bytes, transport, end, etherType, key, false);
}

/** Reads the addresses and the protocol; returns where the transport begins, or -1. */
export function extractIpv4(
  bytes: Uint8Array,
  ip: number,
  end: number,
  key: ConnectionKey,
  isChecked: boolean,
): number {
  const size = end - ip;
  if (size < 20) return -1;
  const headerSize = (bytes[ip]! & 0x0f) * 4;
  if (headerSize < 20 || size < headerSize) return -1;
  if ((readU16(bytes, ip + 6) & 0x3fff) !== 0) return -1;
  if (isChecked && checksum(bytes, ip, headerSize) !== 0) return -1;
  key[KEY_SRC] = readU32(bytes, ip + 12);
  key[KEY_DST] = readU32(bytes, ip + 16);
  key[KEY_PROTOCOL] = bytes[ip + 9]!;
  return ip + headerSize;
}

export function extractIpv6(bytes: Uint8Array, ip: number, end: number, key: ConnectionKey): number {
  if (end - ip < 40) return -1;
  let protocol = bytes[ip + 6]!;
  let at = ip + 40;
  while (isIpv6Extension(protocol)) {
    if (end - at < 8) return -1;
    const size = ipv6ExtensionSize(protocol, bytes[at + 1]!);
    if (end - at < size) return -1;
    // A fragment header that says nothing (RFC 6946) leaves the packet whole.
    if (protocol === 44 && readU16(bytes, at + 2) !== 0) return -1;
    protocol = bytes[at]!;
    at += size;
  }
  for (let i = 0; i < 4; i++) {
    key[KEY_SRC + i] = readU32(bytes, ip + 8 + 4 * i);
    key[KEY_DST + i] = readU32(bytes, ip + 24 + 4 * i);
  }
  key[KEY_PROTOCOL] = protocol;
  return at;
}

/** Lengths and checksums of the transport header. Protocols without ports are not judged. */
function isTransportRight(
  bytes: Uint8Array,
  ip: number,
  at: number,
  end: number,
  etherType: number,
  protocol: number,
): boolean {
  const size = end - at;
  if (protocol === IP_PROTO_TCP) {
    if (size < 20) return false;
    const headerSize = (bytes[at + 12]! >>> 4) * 4;
    return headerSize >= 20 && headerSize <= size && isChecksumRight(bytes, ip, at, size, etherType, protocol);
  }
  if (protocol === IP_PROTO_UDP) {
    if (size < 8) return false;
    const datagramSize = readU16(bytes, at + 4);
    if (datagramSize < 8 || datagramSize > size) return false;
    if (etherType === ETH_TYPE_IPV4 && readU16(bytes, at + 6) === 0) return true;
    return isChecksumRight(bytes, ip, at, size, etherType, protocol);
  }
  if (etherType === ETH_TYPE_IPV4 && protocol === IP_PROTO_ICMP) return checksum(bytes, at, Math.max(0, size)) === 0;
  if (etherType === ETH_TYPE_IPV6 && protocol === IP_PROTO_ICMPV6) {
    return isChecksumRight(bytes, ip, at, Math.max(0, size), etherType, protocol);
  }
  return true;
}

function isChecksumRight(
  bytes: Uint8Array,
  ip: number,
  at: number,
  size: number,
  etherType: number,
  protocol: number,
): boolean {
  const pseudo =
    etherType === ETH_TYPE_IPV4
      ? pseudoHeaderSum4(bytes, ip, protocol, readU16(bytes, ip + 2) - (bytes[ip]! & 0x0f) * 4)
      : pseudoHeaderSum6(bytes, ip, protocol, size);
  return isSumRight(pseudo, bytes, at, size);
}

/** `isQuoted`: the header stands in an ICMP error, so it may be cut short and cannot itself be an error. */
function extractTransport(
  bytes: Uint8Array,
  at: number,
  end: number,
  etherType: number,
  key: ConnectionKey,
  isQuoted: boolean,
): KeyResult {
  const protocol = key[KEY_PROTOCOL]!;
  const size = end - at;
  // Of IPv6 an error quotes as much as fits, so OVS wants the whole header there.
  const isCut = isQuoted && etherType === ETH_TYPE_IPV4;
  if (protocol === IP_PROTO_TCP || protocol === IP_PROTO_UDP) {
    const needed = isCut ? QUOTED_TRANSPORT_SIZE : protocol === IP_PROTO_TCP ? 20 : 8;
    if (size < needed) return KEY_INVALID;
    const source = readU16(bytes, at);
    const destination = readU16(bytes, at + 2);
    if (source === 0 || destination === 0) return KEY_INVALID;
    key[KEY_SRC_ENDPOINT] = source << 16;
    key[KEY_DST_ENDPOINT] = destination << 16;
    return KEY_OWN;
  }
  if (etherType === ETH_TYPE_IPV4 && protocol === IP_PROTO_ICMP) {
    return size < 8 ? KEY_INVALID : extractIcmp(bytes, at, end, key, isQuoted);
  }
  if (etherType === ETH_TYPE_IPV6 && protocol === IP_PROTO_ICMPV6) {
    return size < 8 ? KEY_INVALID : extractIcmpv6(bytes, at, end, key, isQuoted);
  }
  return KEY_OWN;
}

function extractIcmp(bytes: Uint8Array, at: number, end: number, key: ConnectionKey, isQuoted: boolean): KeyResult {
  const type = bytes[at]!;
  const reverse = reverseIcmpType(type);
  if (reverse >= 0) return setIcmpEnds(bytes, at, key, type, reverse);
  // Destination unreachable, source quench, redirect, time exceeded, parameter problem.
  const isError = type === 3 || type === 4 || type === 5 || type === 11 || type === 12;
  if (!isError || isQuoted) return KEY_INVALID;
  quoted.fill(0);
  const inner = extractIpv4(bytes, at + 8, end, quoted, false);
  return extractQuoted(bytes, inner, end, ETH_TYPE_IPV4, key);
}

function extractIcmpv6(bytes: Uint8Array, at: number, end: number, key: ConnectionKey, isQuoted: boolean): KeyResult {
  const type = bytes[at]!;
  const reverse = reverseIcmpv6Type(type);
  if (reverse >= 0) return setIcmpEnds(bytes, at, key, type, reverse);
  // Destination unreachable, packet too big, time exceeded, parameter problem.
  if (type < 1 || type > 4 || isQuoted) return KEY_INVALID;
  quoted.fill(0);
  const inner = extractIpv6(bytes, at + 8, end, quoted);
  return extractQuoted(bytes, inner, end, ETH_TYPE_IPV6, key);
}

function setIcmpEnds(bytes: Uint8Array, at: number, key: ConnectionKey, type: number, reverse: number): KeyResult {
  if (bytes[at + 1] !== 0) return KEY_INVALID;
  const id = readU16(bytes, at + 4);
  key[KEY_SRC_ENDPOINT] = icmpEndpoint(id, type, 0);
  key[KEY_DST_ENDPOINT] = icmpEndpoint(id, reverse, 0);
  return KEY_OWN;
}

/** Makes `key`, which is that of the error, the key of the connection that the quoted packet belongs to. */
function extractQuoted(bytes: Uint8Array, at: number, end: number, etherType: number, key: ConnectionKey): KeyResult {
  if (at < 0 || !isAddressEqual(quoted, KEY_SRC, key, KEY_DST)) return KEY_INVALID;
  for (let i = 0; i < KEY_SRC_ENDPOINT; i++) key[i] = quoted[i]!;
  key[KEY_PROTOCOL] = quoted[KEY_PROTOCOL]!;
  if (extractTransport(bytes, at, end, etherType, key, true) === KEY_INVALID) return KEY_INVALID;
  // The quoted packet went the other way.
  reverseKey(key);
  return KEY_OF_ERROR;
}

/** The sum that a transport header carries, computed anew; its own checksum field must be zero. */
export function transportSum(
  bytes: Uint8Array,
  ip: number,
  at: number,
  size: number,
  etherType: number,
  protocol: number,
): number {
  const pseudo =
    etherType === ETH_TYPE_IPV4
      ? pseudoHeaderSum4(bytes, ip, protocol, readU16(bytes, ip + 2) - (bytes[ip]! & 0x0f) * 4)
      : pseudoHeaderSum6(bytes, ip, protocol, size);
  return addToSum(pseudo, bytes, at, size);
}
