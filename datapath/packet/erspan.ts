/**
 * Encapsulated remote switched port analyzer over GRE (draft-foschiano-erspan-03): version 1 (type II) and version 2
 * (type III), behind a GRE header with a sequence number and nothing else.
 *
 * ```
 *  0                   1                   2                   3
 * +-------+-----------------------+-----+---+-+-------------------+
 * |  ver  |         VLAN          | COS | En|T|    session ID     |
 * +-------+---------------+-------+-----+---+-+-------------------+
 * |       reserved        |                 index                 |   version 1
 * +-----------------------+---------------------------------------+
 * |                           timestamp                           |   version 2
 * +-------------------------------+-+---------+-----------+-+-+---+
 * |      security group tag       |P|frametype|hardware ID|D|Gra|O|
 * +-------------------------------+-+---------+-----------+-+---+-+
 * ```
 */
import { readU16, readU32, writeU16, writeU32 } from './byte-order.js';
import { GRE_FLAG_SEQUENCE } from './gre.js';
import { malformed, type Parsed, truncated } from './parsed.js';

export const ERSPAN_PROTO_V1 = 0x88be;
export const ERSPAN_PROTO_V2 = 0x22eb;
/** GRE with a sequence number. */
const GRE_SIZE = 8;
const BASE_SIZE = 4;
const OFF_TIMESTAMP = GRE_SIZE + BASE_SIZE;
export const ERSPAN_MAX_SESSION = 0x3ff;

export interface ErspanHeader {
  readonly version: 1 | 2;
  readonly session: number;
  /** Version 1. */
  readonly index: number;
  /** Version 2: whether the frame was seen on its way out, and by which hardware (6 bits). */
  readonly direction: number;
  readonly hardwareId: number;
}

/** Of the GRE header and what follows it. */
export const erspanHeaderSize = (version: number): number => GRE_SIZE + BASE_SIZE + (version === 1 ? 4 : 8);

export function parseErspan(bytes: Uint8Array, offset: number, end = bytes.length): Parsed<ErspanHeader> {
  const available = end - offset;
  if (available < GRE_SIZE + BASE_SIZE) return truncated('gre', GRE_SIZE + BASE_SIZE, available);
  const protocol = readU16(bytes, offset + 2);
  const isErspan = protocol === ERSPAN_PROTO_V1 || protocol === ERSPAN_PROTO_V2;
  const at = offset + GRE_SIZE;
  const version = bytes[at]! >>> 4;
  const hasOtherFlags = (readU16(bytes, offset) & ~GRE_FLAG_SEQUENCE) !== 0;
  if (!isErspan || hasOtherFlags || (version !== 1 && version !== 2)) return malformed('gre', GRE_SIZE, available);
  const size = erspanHeaderSize(version);
  if (available < size) return truncated('gre', size, available);
  const last = readU16(bytes, at + 10);
  return {
    ok: true,
    header: {
      version,
      session: readU16(bytes, at + 2) & ERSPAN_MAX_SESSION,
      index: version === 1 ? readU32(bytes, at + BASE_SIZE) : 0,
      direction: version === 1 ? 0 : (last >>> 3) & 1,
      hardwareId: version === 1 ? 0 : (last >>> 4) & 0x3f,
    },
    payloadOffset: offset + size,
  };
}

/** Sequence number and timestamp are left zero. */
export function buildErspan(bytes: Uint8Array, offset: number, header: ErspanHeader): number {
  const { version, session, index, direction, hardwareId } = header;
  const at = offset + GRE_SIZE;
  writeU16(bytes, offset, GRE_FLAG_SEQUENCE);
  writeU16(bytes, offset + 2, version === 1 ? ERSPAN_PROTO_V1 : ERSPAN_PROTO_V2);
  bytes[at] = version << 4;
  writeU16(bytes, at + 2, session);
  if (version === 1) writeU32(bytes, at + BASE_SIZE, index);
  else writeU16(bytes, at + 10, (hardwareId << 4) | (direction << 3));
  return offset + erspanHeaderSize(version);
}

/** Writes what differs from packet to packet: the number, and the time in units of 100 µs where the version has it. */
export function stampErspan(view: DataView, offset: number, sequence: number, time: number): void {
  view.setUint32(offset + 4, sequence);
  if (view.getUint16(offset + 2) === ERSPAN_PROTO_V2) view.setUint32(offset + OFF_TIMESTAMP, time);
}
