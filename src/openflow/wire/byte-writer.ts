/** Writing a message in network byte order into a buffer that grows. */
export class ByteWriter {
  private bytes = new Uint8Array(256);
  private used = 0;

  /** Bytes written so far; also the offset of the next one, for patchU16(). */
  get length(): number {
    return this.used;
  }

  u8(value: number): void {
    this.bytes[this.grow(1)] = value;
  }

  u16(value: number): void {
    const at = this.grow(2);
    this.bytes[at] = value >>> 8;
    this.bytes[at + 1] = value;
  }

  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value);
  }

  u64(value: bigint): void {
    this.u32(Number((value >> 32n) & 0xffffffffn));
    this.u32(Number(value & 0xffffffffn));
  }

  append(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.grow(bytes.length));
  }

  zeros(count: number): void {
    this.grow(count);
  }

  /** Zeros up to a multiple of `unit` bytes behind `start`. */
  pad(unit: number, start = 0): void {
    this.zeros((unit - ((this.used - start) % unit)) % unit);
  }

  /** Text in a field of fixed size: cut to leave one NUL at its end. */
  text(value: string, size: number): void {
    const at = this.grow(size);
    this.bytes.set(Buffer.from(value, 'latin1').subarray(0, size - 1), at);
  }

  /** Fills in a length that is known only behind it. */
  patchU16(offset: number, value: number): void {
    this.bytes[offset] = value >>> 8;
    this.bytes[offset + 1] = value;
  }

  /** What was written, as a copy. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.used);
  }

  private grow(count: number): number {
    const at = this.used;
    this.used += count;
    if (this.used > this.bytes.length) {
      const larger = new Uint8Array(Math.max(this.used, this.bytes.length * 2));
      larger.set(this.bytes);
      this.bytes = larger;
    }
    return at;
  }
}
