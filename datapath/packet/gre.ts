/**
 * Generic routing encapsulation (RFC 2784), with key and sequence number (RFC 2890).
 *
 * ```
 *  0                   1                   2                   3
 * +-+-+-+-+-----------------+-----+-------------------------------+
 * |C|0|K|S|    reserved     | ver |         protocol type         |
 * +-+-+-+-+-----------------+-----+-------------------------------+
 * |      checksum (if C)          |        reserved (if C)        |
 * +-------------------------------+-------------------------------+
 * |                          key (if K)                           |
 * +---------------------------------------------------------------+
 * |                    sequence number (if S)                     |
 * +---------------------------------------------------------------+
 * ```
 * The checksum covers the header and the payload. Other flags, and versions other than 0, are malformed, as OVS judges.
 */
import { readU16, readU32, writeU16, writeU32 } from './byte-order.js';
import { malformed, type Parsed, truncated } from './parsed.js';

export const GRE_BASE_SIZE = 4;
export const GRE_FLAG_CHECKSUM = 0x8000;
export const GRE_FLAG_KEY = 0x2000;
export const GRE_FLAG_SEQUENCE = 0x1000;
const GRE_FLAGS_KNOWN = GRE_FLAG_CHECKSUM | GRE_FLAG_KEY | GRE_FLAG_SEQUENCE;
/** The protocol type of an Ethernet frame (transparent Ethernet bridging, RFC 1701). */
export const GRE_PROTO_TEB = 0x6558;

export interface GreHeader {
  readonly protocol: number;
  /** As it stands; the caller judges it over header and payload. Null where there is none. */
  readonly checksum: number | null;
  readonly key: number | null;
  readonly sequence: number | null;
}

/** Size of a header with these flags. */
export function greHeaderSize(flags: number): number {
  let size = GRE_BASE_SIZE;
  for (const flag of [GRE_FLAG_CHECKSUM, GRE_FLAG_KEY, GRE_FLAG_SEQUENCE]) if ((flags & flag) !== 0) size += 4;
  return size;
}

export function parseGre(bytes: Uint8Array, offset: number, end = bytes.length): Parsed<GreHeader> {
  const available = end - offset;
  if (available < GRE_BASE_SIZE) return truncated('gre', GRE_BASE_SIZE, available);
  const flags = readU16(bytes, offset);
  if ((flags & ~GRE_FLAGS_KNOWN) !== 0) return malformed('gre', GRE_BASE_SIZE, available);
  const size = greHeaderSize(flags);
  if (available < size) return truncated('gre', size, available);
  let at = offset + GRE_BASE_SIZE;
  const option = (flag: number): number | null => {
    if ((flags & flag) === 0) return null;
    at += 4;
    return flag === GRE_FLAG_CHECKSUM ? readU16(bytes, at - 4) : readU32(bytes, at - 4);
  };
  const header: GreHeader = {
    protocol: readU16(bytes, offset + 2),
    checksum: option(GRE_FLAG_CHECKSUM),
    key: option(GRE_FLAG_KEY),
    sequence: option(GRE_FLAG_SEQUENCE),
  };
  return { ok: true, header, payloadOffset: at };
}

export function buildGre(bytes: Uint8Array, offset: number, header: GreHeader): number {
  const flags =
    (header.checksum === null ? 0 : GRE_FLAG_CHECKSUM) |
    (header.key === null ? 0 : GRE_FLAG_KEY) |
    (header.sequence === null ? 0 : GRE_FLAG_SEQUENCE);
  writeU16(bytes, offset, flags);
  writeU16(bytes, offset + 2, header.protocol);
  let at = offset + GRE_BASE_SIZE;
  if (header.checksum !== null) {
    writeU32(bytes, at, header.checksum << 16);
    at += 4;
  }
  for (const value of [header.key, header.sequence]) {
    if (value === null) continue;
    writeU32(bytes, at, value);
    at += 4;
  }
  return at;
}
