/**
 * Generic network virtualization encapsulation (RFC 8926 §3.4, options §3.5).
 *
 * ```
 *  0                   1                   2                   3
 * +---+-----------+-+-+-----------+-------------------------------+
 * |ver|opt length |O|C|  reserved |         protocol type         |
 * +---+-----------+-+-+-----------+---------------+---------------+
 * |                      VNI                      |   reserved    |
 * +-----------------------------------------------+---------------+
 * |         option class          |     type      |0|0|0| length  |
 * +-------------------------------+---------------+---------------+
 * |                  option data, to length * 4 bytes             |
 * ```
 * O: control packet (OAM). C: critical options are there. Reserved bits are not judged on reception (§3.4).
 */
import { readU16, readU32, writeU16, writeU32 } from './byte-order.js';
import { malformed, type Parsed, truncated } from './parsed.js';

export const GENEVE_BASE_SIZE = 8;
export const GENEVE_PORT = 6081;
export const GENEVE_PROTO_ETHERNET = 0x6558;
export const GENEVE_MAX_OPTIONS_SIZE = 252;
export const GENEVE_OPTION_CRITICAL = 0x80;

export interface GeneveHeader {
  readonly isControl: boolean;
  readonly isCritical: boolean;
  readonly protocol: number;
  readonly vni: number;
  /** All options as they stand, a multiple of 4 bytes. */
  readonly options: Uint8Array;
}

export interface GeneveOption {
  readonly optionClass: number;
  /** With the critical bit (0x80). */
  readonly type: number;
  /** A multiple of 4 bytes, at most 124. */
  readonly data: Uint8Array;
}

export function parseGeneve(bytes: Uint8Array, offset: number, end = bytes.length): Parsed<GeneveHeader> {
  const available = end - offset;
  if (available < GENEVE_BASE_SIZE) return truncated('geneve', GENEVE_BASE_SIZE, available);
  const first = bytes[offset]!;
  if (first >>> 6 !== 0) return malformed('geneve', GENEVE_BASE_SIZE, available);
  const size = GENEVE_BASE_SIZE + (first & 0x3f) * 4;
  if (available < size) return truncated('geneve', size, available);
  return {
    ok: true,
    header: {
      isControl: (bytes[offset + 1]! & 0x80) !== 0,
      isCritical: (bytes[offset + 1]! & 0x40) !== 0,
      protocol: readU16(bytes, offset + 2),
      vni: readU32(bytes, offset + 4) >>> 8,
      options: bytes.slice(offset + GENEVE_BASE_SIZE, offset + size),
    },
    payloadOffset: offset + size,
  };
}

export function buildGeneve(bytes: Uint8Array, offset: number, header: GeneveHeader): number {
  bytes[offset] = header.options.length / 4;
  bytes[offset + 1] = (header.isControl ? 0x80 : 0) | (header.isCritical ? 0x40 : 0);
  writeU16(bytes, offset + 2, header.protocol);
  writeU32(bytes, offset + 4, header.vni << 8);
  bytes.set(header.options, offset + GENEVE_BASE_SIZE);
  return offset + GENEVE_BASE_SIZE + header.options.length;
}

/** The options one by one, or null where one is longer than what is left. */
export function parseGeneveOptions(options: Uint8Array): readonly GeneveOption[] | null {
  const found: GeneveOption[] = [];
  for (let at = 0; at < options.length; ) {
    if (options.length - at < 4) return null;
    const size = (options[at + 3]! & 0x1f) * 4;
    if (options.length - at - 4 < size) return null;
    found.push({
      optionClass: readU16(options, at),
      type: options[at + 2]!,
      data: options.slice(at + 4, at + 4 + size),
    });
    at += 4 + size;
  }
  return found;
}

export function buildGeneveOptions(options: readonly GeneveOption[]): Uint8Array {
  const bytes = new Uint8Array(options.reduce((size, option) => size + 4 + option.data.length, 0));
  let at = 0;
  for (const option of options) {
    writeU16(bytes, at, option.optionClass);
    bytes[at + 2] = option.type;
    bytes[at + 3] = option.data.length / 4;
    bytes.set(option.data, at + 4);
    at += 4 + option.data.length;
  }
  return bytes;
}
