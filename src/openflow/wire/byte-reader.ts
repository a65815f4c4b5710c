/**
 * Reading numbers in network byte order off a message. A read past the end throws OFPBRC_BAD_LEN: nothing on the wire
 * may make the reader read elsewhere, or go on with zeros.
 */
import { OpenFlowError } from '../switch-connection.js';

export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  /** Of the next byte, in `bytes`. */
  offset: number;

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.offset;
  }

  u8(): number {
    return this.bytes[this.take(1)]!;
  }

  u16(): number {
    const at = this.take(2);
    return (this.bytes[at]! << 8) | this.bytes[at + 1]!;
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16();
  }

  u64(): bigint {
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32());
  }

  /** A view of the next bytes, not a copy. */
  view(length: number): Uint8Array {
    const at = this.take(length);
    return this.bytes.subarray(at, at + length);
  }

  /** A reader of the next bytes alone; this one goes on behind them. */
  part(length: number): ByteReader {
    const at = this.take(length);
    return new ByteReader(this.bytes, at, at + length);
  }

  skip(length: number): void {
    this.take(length);
  }

  /** Text in a field of fixed size, up to its first NUL. */
  text(length: number): string {
    const bytes = this.view(length);
    const nul = bytes.indexOf(0);
    return Buffer.from(nul < 0 ? bytes : bytes.subarray(0, nul)).toString('latin1');
  }

  private take(length: number): number {
    const at = this.offset;
    if (length > this.end - at) throw new OpenFlowError('OFPBRC_BAD_LEN');
    this.offset = at + length;
    return at;
  }
}
