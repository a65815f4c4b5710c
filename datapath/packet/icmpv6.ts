/**
 * ICMPv6 (RFC 4443) and neighbour discovery (RFC 4861 §4.3, §4.4, §4.6.1).
 *
 * ```
 * +---------------+---------------+-------------------------------+
 * |     type      |     code      |           checksum            |
 * +-+-+-+---------+---------------+-------------------------------+
 * |R|S|O|             reserved (advertisement), else zero         |
 * +-+-+-+---------------------------------------------------------+
 * |                     target address (16)                       |
 * +---------------+---------------+-------------------------------+
 * | option type   | length in 8 B |  link-layer address (6)  ...
 * ```
 */
import { readU32, writeU16, writeU32 } from './byte-order.js';
import { addToSum, finishSum, pseudoHeaderSum6 } from './checksum.js';
import { malformed, type Parsed, truncated } from './parsed.js';

export const ICMPV6_HEADER_SIZE = 8;
export const ICMPV6_OFF_CHECKSUM = 2;
export const ND_MESSAGE_SIZE = 24;
export const ND_OFF_TARGET = 8;
export const ND_OPTION_SIZE = 8;
export const ND_OPTION_SOURCE = 1;
export const ND_OPTION_TARGET = 2;

export const ICMPV6_UNREACHABLE = 1;
export const ICMPV6_PACKET_TOO_BIG = 2;
export const ICMPV6_TIME_EXCEEDED = 3;
export const ICMPV6_ECHO_REQUEST = 128;
export const ICMPV6_ECHO_REPLY = 129;
export const ICMPV6_ROUTER_SOLICIT = 133;
export const ICMPV6_ROUTER_ADVERT = 134;
export const ICMPV6_NEIGHBOR_SOLICIT = 135;
export const ICMPV6_NEIGHBOR_ADVERT = 136;

export const ND_FLAG_ROUTER = 0x80000000;
export const ND_FLAG_SOLICITED = 0x40000000;
export const ND_FLAG_OVERRIDE = 0x20000000;

export interface Icmpv6Header {
  readonly type: number;
  readonly code: number;
  readonly rest: number;
}

/** A neighbour solicitation or advertisement. */
export interface NeighborMessage {
  readonly type: typeof ICMPV6_NEIGHBOR_SOLICIT | typeof ICMPV6_NEIGHBOR_ADVERT;
  readonly flags: number;
  readonly target: Uint8Array;
  /** The source (solicitation) or target (advertisement) link-layer address, where there is the option. */
  readonly sourceLink: Uint8Array | null;
  readonly targetLink: Uint8Array | null;
}

export function parseIcmpv6(bytes: Uint8Array, offset: number, end = bytes.length): Parsed<Icmpv6Header> {
  if (end - offset < ICMPV6_HEADER_SIZE) return truncated('icmpv6', ICMPV6_HEADER_SIZE, end - offset);
  return {
    ok: true,
    header: { type: bytes[offset]!, code: bytes[offset + 1]!, rest: readU32(bytes, offset + 4) },
    payloadOffset: offset + ICMPV6_HEADER_SIZE,
  };
}

/** Writes the header with a zero checksum: `writeIcmpv6Checksum` follows when the payload is there. */
export function buildIcmpv6(bytes: Uint8Array, offset: number, header: Icmpv6Header): number {
  bytes[offset] = header.type;
  bytes[offset + 1] = header.code;
  writeU16(bytes, offset + ICMPV6_OFF_CHECKSUM, 0);
  writeU32(bytes, offset + 4, header.rest);
  return offset + ICMPV6_HEADER_SIZE;
}

/** Parses the ND message at offset, whose type and code the caller has seen. */
export function parseNeighbor(bytes: Uint8Array, offset: number, end = bytes.length): Parsed<NeighborMessage> {
  const type = bytes[offset];
  if (end - offset < ND_MESSAGE_SIZE) return truncated('nd', ND_MESSAGE_SIZE, end - offset);
  if (type !== ICMPV6_NEIGHBOR_SOLICIT && type !== ICMPV6_NEIGHBOR_ADVERT) {
    return malformed('nd', ND_MESSAGE_SIZE, end - offset);
  }
  let sourceLink: Uint8Array | null = null;
  let targetLink: Uint8Array | null = null;
  let at = offset + ND_MESSAGE_SIZE;
  while (end - at >= ND_OPTION_SIZE) {
    const size = bytes[at + 1]! * 8;
    // A zero length would loop for ever; RFC 4861 §4.6 has the whole message dropped.
    if (size === 0) return malformed('nd', ND_OPTION_SIZE, 0);
    if (size > end - at) return truncated('nd', size, end - at);
    if (size === ND_OPTION_SIZE && bytes[at] === ND_OPTION_SOURCE) sourceLink = bytes.slice(at + 2, at + 8);
    if (size === ND_OPTION_SIZE && bytes[at] === ND_OPTION_TARGET) targetLink = bytes.slice(at + 2, at + 8);
    at += size;
  }
  return {
    ok: true,
    header: {
      type,
      flags: readU32(bytes, offset + 4),
      target: bytes.slice(offset + ND_OFF_TARGET, offset + ND_OFF_TARGET + 16),
      sourceLink,
      targetLink,
    },
    payloadOffset: at,
  };
}

/** Writes the message with a zero checksum and returns where it ends. */
export function buildNeighbor(bytes: Uint8Array, offset: number, message: NeighborMessage): number {
  bytes.fill(0, offset, offset + ND_MESSAGE_SIZE);
  bytes[offset] = message.type;
  writeU32(bytes, offset + 4, message.flags);
  bytes.set(message.target, offset + ND_OFF_TARGET);
  let at = offset + ND_MESSAGE_SIZE;
  if (message.sourceLink !== null) at = buildLinkOption(bytes, at, ND_OPTION_SOURCE, message.sourceLink);
  if (message.targetLink !== null) at = buildLinkOption(bytes, at, ND_OPTION_TARGET, message.targetLink);
  return at;
}

function buildLinkOption(bytes: Uint8Array, offset: number, type: number, mac: Uint8Array): number {
  bytes[offset] = type;
  bytes[offset + 1] = 1;
  bytes.set(mac, offset + 2);
  return offset + ND_OPTION_SIZE;
}

/** The checksum of the message of `size` bytes at offset, under the IPv6 header at ipOffset. */
export function writeIcmpv6Checksum(bytes: Uint8Array, ipOffset: number, offset: number, size: number): void {
  writeU16(bytes, offset + ICMPV6_OFF_CHECKSUM, 0);
  const sum = addToSum(pseudoHeaderSum6(bytes, ipOffset, 58, size), bytes, offset, size);
  writeU16(bytes, offset + ICMPV6_OFF_CHECKSUM, finishSum(sum));
}
