/**
 * SCTP's common header (RFC 9260 §3.1) and its checksum, CRC32c (RFC 9260 appendix A, RFC 3385).
 *
 * ```
 * +-------------------------------+-------------------------------+
 * |          source port          |       destination port        |
 * +-------------------------------+-------------------------------+
 * |                       verification tag                        |
 * +---------------------------------------------------------------+
 * |                      checksum (CRC32c)                        |
 * +---------------------------------------------------------------+
 * ```
 * The CRC is sent with its least significant byte first, unlike every other number of the header.
 */
import { readU16, readU32, writeU16, writeU32 } from './byte-order.js';
import { type Parsed, truncated } from './parsed.js';

export const SCTP_HEADER_SIZE = 12;
export const SCTP_OFF_SRC = 0;
export const SCTP_OFF_DST = 2;
export const SCTP_OFF_CHECKSUM = 8;

export interface SctpHeader {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly verificationTag: number;
}

/** The table of the reflected Castagnoli polynomial. */
const CRC_TABLE = new Int32Array(256);
for (let i = 0; i < 256; i++) {
  let crc = i;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  CRC_TABLE[i] = crc;
}

/** The CRC32c of bytes[offset, offset + size), as a signed 32-bit number. */
export function crc32c(bytes: Uint8Array, offset: number, size: number): number {
  let crc = -1;
  for (let i = offset; i < offset + size; i++) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ bytes[i]!) & 0xff]!;
  return ~crc;
}

export function parseSctp(bytes: Uint8Array, offset: number, end = bytes.length): Parsed<SctpHeader> {
  if (end - offset < SCTP_HEADER_SIZE) return truncated('sctp', SCTP_HEADER_SIZE, end - offset);
  return {
    ok: true,
    header: {
      sourcePort: readU16(bytes, offset),
      destinationPort: readU16(bytes, offset + 2),
      verificationTag: readU32(bytes, offset + 4),
    },
    payloadOffset: offset + SCTP_HEADER_SIZE,
  };
}

/** Writes the header with a zero checksum: `writeSctpChecksum` follows when the chunks are there. */
export function buildSctp(bytes: Uint8Array, offset: number, header: SctpHeader): number {
  writeU16(bytes, offset, header.sourcePort);
  writeU16(bytes, offset + 2, header.destinationPort);
  writeU32(bytes, offset + 4, header.verificationTag);
  writeU32(bytes, offset + 8, 0);
  return offset + SCTP_HEADER_SIZE;
}

/** Computes and writes the checksum of the packet at offset. */
export function writeSctpChecksum(bytes: Uint8Array, offset: number, size: number): void {
  writeU32(bytes, offset + SCTP_OFF_CHECKSUM, 0);
  const crc = crc32c(bytes, offset, size);
  bytes[offset + 8] = crc;
  bytes[offset + 9] = crc >>> 8;
  bytes[offset + 10] = crc >>> 16;
  bytes[offset + 11] = crc >>> 24;
}
