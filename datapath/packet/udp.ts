/**
 * UDP (RFC 768).
 *
 * ```
 * +-------------------------------+-------------------------------+
 * |          source port          |       destination port        |
 * +-------------------------------+-------------------------------+
 * |            length             |    checksum (0 = none)        |
 * +-------------------------------+-------------------------------+
 * ```
 */
import { readU16, writeU16 } from './byte-order.js';
import { malformed, type Parsed, truncated } from './parsed.js';

export const UDP_HEADER_SIZE = 8;
export const UDP_OFF_SRC = 0;
export const UDP_OFF_DST = 2;
export const UDP_OFF_LENGTH = 4;
export const UDP_OFF_CHECKSUM = 6;

export interface UdpHeader {
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Header and payload. */
  readonly size: number;
  readonly checksum: number;
}

export function parseUdp(bytes: Uint8Array, offset: number, end = bytes.length): Parsed<UdpHeader> {
  const available = end - offset;
  if (available < UDP_HEADER_SIZE) return truncated('udp', UDP_HEADER_SIZE, available);
  const size = readU16(bytes, offset + UDP_OFF_LENGTH);
  if (size < UDP_HEADER_SIZE) return malformed('udp', UDP_HEADER_SIZE, size);
  if (size > available) return truncated('udp', size, available);
  return {
    ok: true,
    header: {
      sourcePort: readU16(bytes, offset + UDP_OFF_SRC),
      destinationPort: readU16(bytes, offset + UDP_OFF_DST),
      size,
      checksum: readU16(bytes, offset + UDP_OFF_CHECKSUM),
    },
    payloadOffset: offset + UDP_HEADER_SIZE,
  };
}

export function buildUdp(bytes: Uint8Array, offset: number, header: UdpHeader): number {
  writeU16(bytes, offset + UDP_OFF_SRC, header.sourcePort);
  writeU16(bytes, offset + UDP_OFF_DST, header.destinationPort);
  writeU16(bytes, offset + UDP_OFF_LENGTH, header.size);
  writeU16(bytes, offset + UDP_OFF_CHECKSUM, header.checksum);
  return offset + UDP_HEADER_SIZE;
}
