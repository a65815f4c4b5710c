/**
 * Network service header (RFC 8300 §2.2 to §2.5).
 *
 * ```
 *  0                   1                   2                   3
 * +---+-+-+-----------+-----------+-------+-------+---------------+
 * |ver|O|U|    TTL    |   length  |U U U U|MD type| next protocol |
 * +---+-+-+-----------+-----------+-------+-------+---------------+
 * |          service path identifier (SPI)        | service index |
 * +-----------------------------------------------+---------------+
 * |        MD type 1: four words of context                       |
 * |        MD type 2: any number of variable-length TLVs          |
 * ```
 * The length counts words of the whole header: 6 for MD type 1, 2 or more for MD type 2.
 */
import { readU16, readU32, writeU16, writeU32 } from './byte-order.js';
import { malformed, type Parsed, truncated } from './parsed.js';

export const NSH_BASE_SIZE = 8;
export const NSH_MD1_SIZE = 24;
export const NSH_MAX_SIZE = 252;
export const NSH_MD_TYPE_1 = 1;
export const NSH_MD_TYPE_2 = 2;
export const NSH_NEXT_IPV4 = 1;
export const NSH_NEXT_IPV6 = 2;
export const NSH_NEXT_ETHERNET = 3;
export const NSH_NEXT_NSH = 4;
export const NSH_NEXT_MPLS = 5;

export interface NshHeader {
  /** Two bits: O (2, operations and maintenance), and the unassigned one behind it. */
  readonly flags: number;
  /** Six bits. */
  readonly ttl: number;
  readonly mdType: number;
  readonly nextProtocol: number;
  /** 24 bits. */
  readonly servicePath: number;
  readonly serviceIndex: number;
  /** What follows the service path header: 16 bytes for MD type 1. */
  readonly context: Uint8Array;
}

/** Bytes of the whole header at `at`, as its length field says. */
export function nshSizeAt(bytes: Uint8Array, at: number): number {
  return (bytes[at + 1]! & 0x3f) * 4;
}

export function parseNsh(bytes: Uint8Array, offset: number, end = bytes.length): Parsed<NshHeader> {
  const available = end - offset;
  if (available < NSH_BASE_SIZE) return truncated('nsh', NSH_BASE_SIZE, available);
  const first = readU16(bytes, offset);
  const size = (first & 0x3f) * 4;
  const mdType = bytes[offset + 2]! & 0x0f;
  const isSizeRight = mdType === NSH_MD_TYPE_1 ? size === NSH_MD1_SIZE : size >= NSH_BASE_SIZE;
  if (first >>> 14 !== 0 || !isSizeRight) return malformed('nsh', NSH_BASE_SIZE, available);
  if (available < size) return truncated('nsh', size, available);
  const path = readU32(bytes, offset + 4);
  return {
    ok: true,
    header: {
      flags: (first >>> 12) & 3,
      ttl: (first >>> 6) & 0x3f,
      mdType,
      nextProtocol: bytes[offset + 3]!,
      servicePath: path >>> 8,
      serviceIndex: path & 0xff,
      context: bytes.slice(offset + NSH_BASE_SIZE, offset + size),
    },
    payloadOffset: offset + size,
  };
}

export function buildNsh(bytes: Uint8Array, offset: number, header: NshHeader): number {
  const size = NSH_BASE_SIZE + header.context.length;
  writeU16(bytes, offset, ((header.flags & 3) << 12) | ((header.ttl & 0x3f) << 6) | (size >>> 2));
  bytes[offset + 2] = header.mdType & 0x0f;
  bytes[offset + 3] = header.nextProtocol;
  writeU32(bytes, offset + 4, (header.servicePath << 8) | header.serviceIndex);
  bytes.set(header.context, offset + NSH_BASE_SIZE);
  return offset + size;
}
