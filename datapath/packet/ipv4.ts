/**
 * IPv4 (RFC 791), with options kept as bytes and fragments described.
 *
 * ```
 *  0               1               2               3
 * +-------+-------+---------------+-------------------------------+
 * |ver 4  |  IHL  |      TOS      |         total length          |
 * +-------+-------+---------------+-----+-------------------------+
 * |        identification         |0|D|M|     fragment offset     |
 * +---------------+---------------+-----+-------------------------+
 * |      TTL      |   protocol    |        header checksum        |
 * +---------------+---------------+-------------------------------+
 * |                        source address                         |
 * +---------------------------------------------------------------+
 * |                      destination address                      |
 * +---------------------------------------------------------------+
 * |                    options, to IHL * 4 bytes                  |
 * ```
 */
import { readU16, writeU16 } from './byte-order.js';
import { checksum } from './checksum.js';
import { malformed, type Parsed, truncated } from './parsed.js';

export const IPV4_HEADER_SIZE = 20;
export const IPV4_OFF_TOS = 1;
export const IPV4_OFF_TOTAL_LENGTH = 2;
export const IPV4_OFF_ID = 4;
export const IPV4_OFF_FRAGMENT = 6;
export const IPV4_OFF_TTL = 8;
export const IPV4_OFF_PROTOCOL = 9;
export const IPV4_OFF_CHECKSUM = 10;
export const IPV4_OFF_SRC = 12;
export const IPV4_OFF_DST = 16;
export const IPV4_DONT_FRAGMENT = 0x4000;
export const IPV4_MORE_FRAGMENTS = 0x2000;
export const IPV4_FRAGMENT_OFFSET_MASK = 0x1fff;

export const IP_PROTO_ICMP = 1;
export const IP_PROTO_IGMP = 2;
export const IP_PROTO_TCP = 6;
export const IP_PROTO_UDP = 17;
export const IP_PROTO_GRE = 47;
export const IP_PROTO_ICMPV6 = 58;
export const IP_PROTO_SCTP = 132;

export interface Ipv4Header {
  readonly tos: number;
  readonly totalSize: number;
  readonly id: number;
  readonly dontFragment: boolean;
  readonly moreFragments: boolean;
  /** In bytes, a multiple of 8. */
  readonly fragmentOffset: number;
  readonly ttl: number;
  readonly protocol: number;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly options: Uint8Array;
  /** As it stands; `isIpv4ChecksumRight` judges it. */
  readonly checksum: number;
}

export function parseIpv4(bytes: Uint8Array, offset: number, end = bytes.length): Parsed<Ipv4Header> {
  const available = end - offset;
  if (available < IPV4_HEADER_SIZE) return truncated('ipv4', IPV4_HEADER_SIZE, available);
  const headerSize = (bytes[offset]! & 0x0f) * 4;
  if (bytes[offset]! >>> 4 !== 4 || headerSize < IPV4_HEADER_SIZE)
    return malformed('ipv4', IPV4_HEADER_SIZE, available);
  if (available < headerSize) return truncated('ipv4', headerSize, available);
  const totalSize = readU16(bytes, offset + IPV4_OFF_TOTAL_LENGTH);
  if (totalSize < headerSize) return malformed('ipv4', headerSize, totalSize);
  if (totalSize > available) return truncated('ipv4', totalSize, available);
  const fragment = readU16(bytes, offset + IPV4_OFF_FRAGMENT);
  return {
    ok: true,
    header: {
      tos: bytes[offset + IPV4_OFF_TOS]!,
      totalSize,
      id: readU16(bytes, offset + IPV4_OFF_ID),
      dontFragment: (fragment & IPV4_DONT_FRAGMENT) !== 0,
      moreFragments: (fragment & IPV4_MORE_FRAGMENTS) !== 0,
      fragmentOffset: (fragment & IPV4_FRAGMENT_OFFSET_MASK) * 8,
      ttl: bytes[offset + IPV4_OFF_TTL]!,
      protocol: bytes[offset + IPV4_OFF_PROTOCOL]!,
      source: bytes.slice(offset + IPV4_OFF_SRC, offset + IPV4_OFF_SRC + 4),
      destination: bytes.slice(offset + IPV4_OFF_DST, offset + IPV4_OFF_DST + 4),
      options: bytes.slice(offset + IPV4_HEADER_SIZE, offset + headerSize),
      checksum: readU16(bytes, offset + IPV4_OFF_CHECKSUM),
    },
    payloadOffset: offset + headerSize,
  };
}

export function isIpv4ChecksumRight(bytes: Uint8Array, offset: number): boolean {
  return checksum(bytes, offset, (bytes[offset]! & 0x0f) * 4) === 0;
}

/** Writes the header with a right checksum. Options are padded to a multiple of 4 bytes with zeros (end of list). */
export function buildIpv4(bytes: Uint8Array, offset: number, header: Omit<Ipv4Header, 'checksum'>): number {
  const headerSize = IPV4_HEADER_SIZE + ((header.options.length + 3) & ~3);
  bytes.fill(0, offset, offset + headerSize);
  bytes[offset] = 0x40 | (headerSize / 4);
  bytes[offset + IPV4_OFF_TOS] = header.tos;
  writeU16(bytes, offset + IPV4_OFF_TOTAL_LENGTH, header.totalSize);
  writeU16(bytes, offset + IPV4_OFF_ID, header.id);
  const flags = (header.dontFragment ? IPV4_DONT_FRAGMENT : 0) | (header.moreFragments ? IPV4_MORE_FRAGMENTS : 0);
  writeU16(bytes, offset + IPV4_OFF_FRAGMENT, flags | ((header.fragmentOffset >>> 3) & IPV4_FRAGMENT_OFFSET_MASK));
  bytes[offset + IPV4_OFF_TTL] = header.ttl;
  bytes[offset + IPV4_OFF_PROTOCOL] = header.protocol;
  bytes.set(header.source, offset + IPV4_OFF_SRC);
  bytes.set(header.destination, offset + IPV4_OFF_DST);
  bytes.set(header.options, offset + IPV4_HEADER_SIZE);
  writeU16(bytes, offset + IPV4_OFF_CHECKSUM, checksum(bytes, offset, headerSize));
  return offset + headerSize;
}
