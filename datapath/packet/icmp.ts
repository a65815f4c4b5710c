/**
 * ICMP (RFC 792).
 *
 * ```
 * +---------------+---------------+-------------------------------+
 * |     type      |     code      |           checksum            |
 * +---------------+---------------+-------------------------------+
 * |     rest: identifier and sequence of an echo, MTU, gateway    |
 * +---------------------------------------------------------------+
 * ```
 */
import { readU32, writeU16, writeU32 } from './byte-order.js';
import { checksum } from './checksum.js';
import { type Parsed, truncated } from './parsed.js';

export const ICMP_HEADER_SIZE = 8;
export const ICMP_OFF_TYPE = 0;
export const ICMP_OFF_CODE = 1;
export const ICMP_OFF_CHECKSUM = 2;
export const ICMP_ECHO_REPLY = 0;
export const ICMP_UNREACHABLE = 3;
export const ICMP_ECHO_REQUEST = 8;
export const ICMP_TIME_EXCEEDED = 11;

export interface IcmpHeader {
  readonly type: number;
  readonly code: number;
  /** The four bytes after the checksum. */
  readonly rest: number;
}

export function parseIcmp(bytes: Uint8Array, offset: number, end = bytes.length): Parsed<IcmpHeader> {
  if (end - offset < ICMP_HEADER_SIZE) return truncated('icmp', ICMP_HEADER_SIZE, end - offset);
  return {
    ok: true,
    header: { type: bytes[offset]!, code: bytes[offset + 1]!, rest: readU32(bytes, offset + 4) },
    payloadOffset: offset + ICMP_HEADER_SIZE,
  };
}

/** Writes the header with a zero checksum: `writeIcmpChecksum` follows when the payload is there. */
export function buildIcmp(bytes: Uint8Array, offset: number, header: IcmpHeader): number {
  bytes[offset] = header.type;
  bytes[offset + 1] = header.code;
  writeU16(bytes, offset + ICMP_OFF_CHECKSUM, 0);
  writeU32(bytes, offset + 4, header.rest);
  return offset + ICMP_HEADER_SIZE;
}

/** The checksum of an ICMP message of `size` bytes, header and payload. */
export function writeIcmpChecksum(bytes: Uint8Array, offset: number, size: number): void {
  writeU16(bytes, offset + ICMP_OFF_CHECKSUM, 0);
  writeU16(bytes, offset + ICMP_OFF_CHECKSUM, checksum(bytes, offset, size));
}

export function isIcmpChecksumRight(bytes: Uint8Array, offset: number, size: number): boolean {
  return checksum(bytes, offset, size) === 0;
}

/** The rest word of an echo message. */
export function echoRest(identifier: number, sequence: number): number {
  return (((identifier & 0xffff) << 16) | (sequence & 0xffff)) >>> 0;
}

export function readEcho(rest: number): { readonly identifier: number; readonly sequence: number } {
  return { identifier: rest >>> 16, sequence: rest & 0xffff };
}
