/** Bytes in network order, one value behind the other: what messages and export datagrams are made of. */
const INITIAL_SIZE = 512;

export class ByteWriter {
  private bytes: Uint8Array = new Uint8Array(INITIAL_SIZE);
  private view = new DataView(this.bytes.buffer);
  size = 0;

  u8(value: number): void {
    const at = this.grow(1);
    this.bytes[at] = value;
  }

  u16(value: number): void {
    const at = this.grow(2);
    this.view.setUint16(at, value);
  }

  u32(value: number): void {
    const at = this.grow(4);
    this.view.setUint32(at, value);
  }

  /** Numbers that are cut to 64 bits; -1 is all ones. */
  u64(value: number | bigint): void {
    const at = this.grow(8);
    this.view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)));
  }

  put(bytes: Uint8Array): void {
    const at = this.grow(bytes.length);
    this.bytes.set(bytes, at);
  }

  zeros(count: number): void {
    this.grow(count);
  }

  /** Zeros up to a multiple of `unit` bytes behind `start`. */
  pad(unit: number, start = 0): void {
    this.grow((unit - ((this.size - start) % unit)) % unit);
  }

  /** Text in a field of fixed size: cut to leave one NUL at its end. */
  text(value: string, length: number): void {
    const at = this.grow(length);
    this.bytes.set(Buffer.from(value, 'latin1').subarray(0, length - 1), at);
  }

  /** Changes what was written before. */
  patchU16(at: number, value: number): void {
    this.view.setUint16(at, value);
  }

  patchU32(at: number, value: number): void {
    this.view.setUint32(at, value);
  }

  /** What was written before. */
  u16At(at: number): number {
    return this.view.getUint16(at);
  }

  /** A copy of all that was written. */
  take(): Uint8Array {
    return this.bytes.slice(0, this.size);
  }

  /** Where the next `count` bytes begin, which are zero. `bytes` and `view` may be others afterwards. */
  private grow(count: number): number {
    const at = this.size;
    this.size += count;
    if (this.size > this.bytes.length) {
      const larger = new Uint8Array(Math.max(this.size, 2 * this.bytes.length));
      larger.set(this.bytes);
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    return at;
  }
}
