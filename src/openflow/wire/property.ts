/**
 * Properties: lists of (type, length, value) that OpenFlow 1.4 and later, and OVS's extensions, put where things may be
 * added (OpenFlow 1.5.1 §7.2, struct ofp_prop_header; lib/ofp-prop.c).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------------------------------+-------------------------------+
 *     |             type              |            length             |
 *     +-------------------------------+-------------------------------+
 *     |  experimenter, then its type (type 0xffff only), value, …     |
 *     +---------------------------------------------------------------+
 *
 * The length counts the header, and not the padding to 8 bytes behind the value.
 */
import { OpenFlowError } from '../switch-connection.js';
import { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';

const EXPERIMENTER = 0xffff;
const HEADER_SIZE = 4;
const EXPERIMENTER_HEADER_SIZE = 12;

const fail = (code: string): never => {
  throw new OpenFlowError(code);
};

/** Who defined a property of type 0xffff, and its type there. */
export interface PropertyExperimenter {
  readonly vendor: number;
  readonly type: number;
}

export class Property {
  readonly type: number;
  readonly experimenter: PropertyExperimenter | null;
  private readonly bytes: Uint8Array;
  private readonly start: number;
  private readonly end: number;

  constructor(bytes: Uint8Array, start: number, end: number, firstExperimenter = EXPERIMENTER) {
    const header = new ByteReader(bytes, start, end);
    this.type = header.u16();
    header.skip(2);
    this.experimenter = this.type >= firstExperimenter ? { vendor: header.u32(), type: header.u32() } : null;
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  /** Of the whole, the header included and the padding not. */
  get size(): number {
    return this.end - this.start;
  }

  /** What follows the header. */
  value(): ByteReader {
    const header = this.experimenter === null ? HEADER_SIZE : EXPERIMENTER_HEADER_SIZE;
    return new ByteReader(this.bytes, this.start + header, this.end);
  }

  /** Properties in this one, or a number of 64 bits: they begin at the next multiple of 8 bytes. */
  aligned(): ByteReader {
    const header = this.experimenter === null ? 8 : 16;
    if (this.start + header > this.end) fail('OFPBPC_BAD_LEN');
    return new ByteReader(this.bytes, this.start + header, this.end);
  }

  /** Small numbers may have anything behind them. */
  u8(): number {
    return this.atLeast(1).u8();
  }

  u16(): number {
    return this.atLeast(2).u16();
  }

  u32(): number {
    const value = this.value();
    return value.remaining === 4 ? value.u32() : fail('OFPBPC_BAD_LEN');
  }

  u64(): bigint {
    const value = this.aligned();
    return value.remaining === 8 ? value.u64() : fail('OFPBPC_BAD_LEN');
  }

  private atLeast(size: number): ByteReader {
    const value = this.value();
    return value.remaining >= size ? value : fail('OFPBPC_BAD_LEN');
  }
}

/** Reads one property with its padding. Types from `firstExperimenter` on are experimenters'. */
export function readProperty(reader: ByteReader, firstExperimenter = EXPERIMENTER): Property {
  if (reader.remaining < HEADER_SIZE) fail('OFPBPC_BAD_LEN');
  const start = reader.offset;
  const header = new ByteReader(reader.bytes, start, reader.end);
  const type = header.u16();
  const length = header.u16();
  const padded = (length + 7) & ~7;
  if (length < HEADER_SIZE || padded > reader.remaining) fail('OFPBPC_BAD_LEN');
  if (type >= firstExperimenter) {
    if (length < EXPERIMENTER_HEADER_SIZE) fail('OFPBPC_BAD_LEN');
    if (header.u32() === 0) fail('OFPBPC_BAD_EXPERIMENTER');
  }
  reader.skip(padded);
  return new Property(reader.bytes, start, start + length, firstExperimenter);
}

/** Throws what is answered to a property that the reader does not know. */
export function refuseProperty(property: Property): never {
  return fail(property.experimenter === null ? 'OFPBPC_BAD_TYPE' : 'OFPBPC_BAD_EXP_TYPE');
}

/** Appends a property whose value is what `write` appends, and its padding. */
export function putProperty(
  writer: ByteWriter,
  type: number | PropertyExperimenter,
  write: (writer: ByteWriter) => void = () => {},
): void {
  const start = writer.size;
  if (typeof type === 'number') {
    writer.u16(type);
    writer.u16(0);
  } else {
    writer.u16(EXPERIMENTER);
    writer.u16(0);
    writer.u32(type.vendor);
    writer.u32(type.type);
  }
  write(writer);
  writer.patchU16(start + 2, writer.size - start);
  writer.pad(8, start);
}

/** Appends a property whose value begins at the next multiple of 8 bytes: others, or a number of 64 bits. */
export function putAligned(writer: ByteWriter, type: number, write: (writer: ByteWriter) => void): void {
  putProperty(writer, type, () => {
    writer.zeros(4);
    write(writer);
  });
}

export const putU8 = (writer: ByteWriter, type: number, value: number): void =>
  putProperty(writer, type, () => writer.u8(value));

/** OpenFlow has two bytes of padding in the value of such properties. */
export const putU16 = (writer: ByteWriter, type: number, value: number): void =>
  putProperty(writer, type, () => {
    writer.u16(value);
    writer.u16(0);
  });

export const putU32 = (writer: ByteWriter, type: number, value: number): void =>
  putProperty(writer, type, () => writer.u32(value));

export const putU64 = (writer: ByteWriter, type: number, value: bigint): void =>
  putAligned(writer, type, () => writer.u64(value));
