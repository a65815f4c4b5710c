/**
 * GPRS tunnelling protocol, user plane (3GPP TS 29.281 §5.1).
 *
 * ```
 * +-----+-+-+-+-+-+---------------+-------------------------------+
 * | ver |P|0|E|S|N| message type  |            length             |
 * +-----+-+-+-+-+-+---------------+-------------------------------+
 * |               tunnel endpoint identifier (TEID)               |
 * +-------------------------------+---------------+---------------+
 * |   sequence number (E, S, N)   |  N-PDU number | next extension|
 * +-------------------------------+---------------+---------------+
 * ```
 * The length is that of what follows the first eight bytes.
 */
import { readU32, writeU16, writeU32 } from './byte-order.js';
import { type Parsed, truncated } from './parsed.js';

export const GTPU_HEADER_SIZE = 8;
export const GTPU_OPTIONAL_SIZE = 4;
export const GTPU_OFF_LENGTH = 2;
export const GTPU_PORT = 2152;
/** Version 1, and GTP rather than GTP'. */
export const GTPU_FLAGS = 0x30;
export const GTPU_FLAG_SEQUENCE = 0x02;
/** A packet of a user (G-PDU). */
export const GTPU_USER_PACKET = 255;

export interface GtpuHeader {
  readonly flags: number;
  readonly messageType: number;
  readonly teid: number;
}

export function parseGtpu(bytes: Uint8Array, offset: number, end = bytes.length): Parsed<GtpuHeader> {
  const available = end - offset;
  if (available < GTPU_HEADER_SIZE) return truncated('gtpu', GTPU_HEADER_SIZE, available);
  const flags = bytes[offset]!;
  const size = GTPU_HEADER_SIZE + ((flags & GTPU_FLAG_SEQUENCE) === 0 ? 0 : GTPU_OPTIONAL_SIZE);
  return {
    ok: true,
    header: { flags, messageType: bytes[offset + 1]!, teid: readU32(bytes, offset + 4) },
    payloadOffset: offset + size,
  };
}

/** The length is left zero. */
export function buildGtpu(bytes: Uint8Array, offset: number, { flags, messageType, teid }: GtpuHeader): number {
  bytes[offset] = flags;
  bytes[offset + 1] = messageType;
  writeU16(bytes, offset + GTPU_OFF_LENGTH, 0);
  writeU32(bytes, offset + 4, teid);
  return offset + GTPU_HEADER_SIZE;
}
