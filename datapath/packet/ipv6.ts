/**
 * IPv6 and its extension headers (RFC 8200 §3, §4).
 *
 * ```
 *  0               1               2               3
 * +-------+---------------+---------------------------------------+
 * |ver 6  | traffic class |              flow label               |
 * +-------+---------------+-------+---------------+---------------+
 * |        payload length         |  next header  |   hop limit   |
 * +-------------------------------+---------------+---------------+
 * |                      source address (16)                      |
 * +---------------------------------------------------------------+
 * |                    destination address (16)                   |
 * +---------------------------------------------------------------+
 *
 * fragment header (§4.5):
 * +---------------+---------------+-------------------------+---+-+
 * |  next header  |   reserved    |     fragment offset     |res|M|
 * +---------------+---------------+-------------------------+---+-+
 * |                        identification                         |
 * +---------------------------------------------------------------+
 * ```
 */
import { readU16, readU32, writeU16, writeU32 } from './byte-order.js';
import { malformed, type Parsed, truncated } from './parsed.js';

export const IPV6_HEADER_SIZE = 40;
export const IPV6_OFF_PAYLOAD_LENGTH = 4;
export const IPV6_OFF_NEXT_HEADER = 6;
export const IPV6_OFF_HOP_LIMIT = 7;
export const IPV6_OFF_SRC = 8;
export const IPV6_OFF_DST = 24;
export const IPV6_FRAGMENT_SIZE = 8;

export const IPV6_NEXT_HOP_BY_HOP = 0;
export const IPV6_NEXT_ROUTING = 43;
export const IPV6_NEXT_FRAGMENT = 44;
export const IPV6_NEXT_AUTHENTICATION = 51;
export const IPV6_NEXT_NONE = 59;
export const IPV6_NEXT_DESTINATION = 60;

export interface Ipv6Header {
  readonly trafficClass: number;
  readonly flowLabel: number;
  readonly payloadSize: number;
  readonly nextHeader: number;
  readonly hopLimit: number;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

/** Where the chain of extension headers ends. */
export interface Ipv6Transport {
  /** The protocol that is no extension header; 44 for a fragment that is not the first. */
  readonly protocol: number;
  readonly offset: number;
  readonly fragment: {
    readonly id: number;
    readonly offset: number;
    readonly moreFragments: boolean;
    /** Offset in the frame of the fragment header. */
    readonly headerOffset: number;
  } | null;
  /** A routing header with segments left: the final destination is not the one of the header. */
  readonly isRouted: boolean;
}

export function parseIpv6(bytes: Uint8Array, offset: number, end = bytes.length): Parsed<Ipv6Header> {
  const available = end - offset;
  if (available < IPV6_HEADER_SIZE) return truncated('ipv6', IPV6_HEADER_SIZE, available);
  const first = readU32(bytes, offset);
  if (first >>> 28 !== 6) return malformed('ipv6', IPV6_HEADER_SIZE, available);
  const payloadSize = readU16(bytes, offset + IPV6_OFF_PAYLOAD_LENGTH);
  if (payloadSize + IPV6_HEADER_SIZE > available) {
    return truncated('ipv6', payloadSize + IPV6_HEADER_SIZE, available);
  }
  return {
    ok: true,
    header: {
      trafficClass: (first >>> 20) & 0xff,
      flowLabel: first & 0xfffff,
      payloadSize,
      nextHeader: bytes[offset + IPV6_OFF_NEXT_HEADER]!,
      hopLimit: bytes[offset + IPV6_OFF_HOP_LIMIT]!,
      source: bytes.slice(offset + IPV6_OFF_SRC, offset + IPV6_OFF_SRC + 16),
      destination: bytes.slice(offset + IPV6_OFF_DST, offset + IPV6_OFF_DST + 16),
    },
    payloadOffset: offset + IPV6_HEADER_SIZE,
  };
}

export function buildIpv6(bytes: Uint8Array, offset: number, header: Ipv6Header): number {
  writeU32(bytes, offset, (0x60000000 | (header.trafficClass << 20) | (header.flowLabel & 0xfffff)) >>> 0);
  writeU16(bytes, offset + IPV6_OFF_PAYLOAD_LENGTH, header.payloadSize);
  bytes[offset + IPV6_OFF_NEXT_HEADER] = header.nextHeader;
  bytes[offset + IPV6_OFF_HOP_LIMIT] = header.hopLimit;
  bytes.set(header.source, offset + IPV6_OFF_SRC);
  bytes.set(header.destination, offset + IPV6_OFF_DST);
  return offset + IPV6_HEADER_SIZE;
}

/** Is the header with this number one to walk over on the way to the transport? */
export function isIpv6Extension(nextHeader: number): boolean {
  return (
    nextHeader === IPV6_NEXT_HOP_BY_HOP ||
    nextHeader === IPV6_NEXT_ROUTING ||
    nextHeader === IPV6_NEXT_FRAGMENT ||
    nextHeader === IPV6_NEXT_AUTHENTICATION ||
    nextHeader === IPV6_NEXT_DESTINATION
  );
}

/** Size of the extension header at offset, of which 8 bytes are known to be there. */
export function ipv6ExtensionSize(nextHeader: number, lengthByte: number): number {
  if (nextHeader === IPV6_NEXT_FRAGMENT) return IPV6_FRAGMENT_SIZE;
  if (nextHeader === IPV6_NEXT_AUTHENTICATION) return (lengthByte + 2) * 4;
  return (lengthByte + 1) * 8;
}

/** Walks the extension headers of the packet at ipOffset, whose payload ends at end. */
export function findIpv6Transport(bytes: Uint8Array, ipOffset: number, end: number): Parsed<Ipv6Transport> {
  let protocol = bytes[ipOffset + IPV6_OFF_NEXT_HEADER]!;
  let at = ipOffset + IPV6_HEADER_SIZE;
  let fragment: Ipv6Transport['fragment'] = null;
  let isRouted = false;
  while (isIpv6Extension(protocol)) {
    if (end - at < 8) return truncated('ipv6', 8, end - at);
    const size = ipv6ExtensionSize(protocol, bytes[at + 1]!);
    if (end - at < size) return truncated('ipv6', size, end - at);
    if (protocol === IPV6_NEXT_ROUTING && bytes[at + 3]! > 0) isRouted = true;
    if (protocol === IPV6_NEXT_FRAGMENT) {
      const field = readU16(bytes, at + 2);
      fragment = {
        id: readU32(bytes, at + 4),
        offset: field & 0xfff8,
        moreFragments: (field & 1) !== 0,
        headerOffset: at,
      };
      if (fragment.offset !== 0) {
        protocol = IPV6_NEXT_FRAGMENT;
        at += size;
        break;
      }
    }
    protocol = bytes[at]!;
    at += size;
  }
  return { ok: true, header: { protocol, offset: at, fragment, isRouted }, payloadOffset: at };
}
