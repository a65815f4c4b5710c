/**
 * TCP (RFC 9293 §3.1).
 *
 * ```
 *  0               1               2               3
 * +-------------------------------+-------------------------------+
 * |          source port          |       destination port        |
 * +-------------------------------+-------------------------------+
 * |                        sequence number                        |
 * +---------------------------------------------------------------+
 * |                     acknowledgement number                    |
 * +-------+-------+---------------+-------------------------------+
 * |offset | rsvd  |C|E|U|A|P|R|S|F|            window             |
 * +-------+-------+---------------+-------------------------------+
 * |           checksum            |        urgent pointer         |
 * +-------------------------------+-------------------------------+
 * |                  options, to offset * 4 bytes                 |
 * ```
 * The flags are kept as OVS keeps them: 12 bits, with the reserved ones.
 */
import { readU16, readU32, writeU16, writeU32 } from './byte-order.js';
import { malformed, type Parsed, truncated } from './parsed.js';

export const TCP_HEADER_SIZE = 20;
export const TCP_OFF_SRC = 0;
export const TCP_OFF_DST = 2;
export const TCP_OFF_CONTROL = 12;
export const TCP_OFF_CHECKSUM = 16;

export const TCP_FIN = 0x001;
export const TCP_SYN = 0x002;
export const TCP_RST = 0x004;
export const TCP_PSH = 0x008;
export const TCP_ACK = 0x010;
export const TCP_URG = 0x020;
export const TCP_ECE = 0x040;
export const TCP_CWR = 0x080;
export const TCP_NS = 0x100;

export interface TcpHeader {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  readonly window: number;
  readonly urgent: number;
  readonly options: Uint8Array;
}

export function parseTcp(bytes: Uint8Array, offset: number, end = bytes.length): Parsed<TcpHeader> {
  const available = end - offset;
  if (available < TCP_HEADER_SIZE) return truncated('tcp', TCP_HEADER_SIZE, available);
  const headerSize = (bytes[offset + TCP_OFF_CONTROL]! >>> 4) * 4;
  if (headerSize < TCP_HEADER_SIZE) return malformed('tcp', TCP_HEADER_SIZE, headerSize);
  if (available < headerSize) return truncated('tcp', headerSize, available);
  return {
    ok: true,
    header: {
      sourcePort: readU16(bytes, offset + TCP_OFF_SRC),
      destinationPort: readU16(bytes, offset + TCP_OFF_DST),
      sequence: readU32(bytes, offset + 4),
      acknowledgement: readU32(bytes, offset + 8),
      flags: readU16(bytes, offset + TCP_OFF_CONTROL) & 0xfff,
      window: readU16(bytes, offset + 14),
      urgent: readU16(bytes, offset + 18),
      options: bytes.slice(offset + TCP_HEADER_SIZE, offset + headerSize),
    },
    payloadOffset: offset + headerSize,
  };
}

/** Writes the header with a zero checksum: the payload and the pseudo-header are not known here. */
export function buildTcp(bytes: Uint8Array, offset: number, header: TcpHeader): number {
  const headerSize = TCP_HEADER_SIZE + ((header.options.length + 3) & ~3);
  bytes.fill(0, offset, offset + headerSize);
  writeU16(bytes, offset + TCP_OFF_SRC, header.sourcePort);
  writeU16(bytes, offset + TCP_OFF_DST, header.destinationPort);
  writeU32(bytes, offset + 4, header.sequence);
  writeU32(bytes, offset + 8, header.acknowledgement);
  writeU16(bytes, offset + TCP_OFF_CONTROL, ((headerSize / 4) << 12) | (header.flags & 0xfff));
  writeU16(bytes, offset + 14, header.window);
  writeU16(bytes, offset + 18, header.urgent);
  bytes.set(header.options, offset + TCP_HEADER_SIZE);
  return offset + headerSize;
}
