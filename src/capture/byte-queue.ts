/**
 * Bytes that have arrived and are not yet read: chunks of any size in, contiguous views out.
 *
 * Invariant: bytes are joined only when a view across chunks is asked for, and then once, so that reading costs linear
 * time however small the chunks are. Chunks are never written to, so views stay valid.
 */
export class ByteQueue {
  private readonly chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that are read already. */
  private start = 0;
  private available = 0;
  /** Bytes read since the beginning: the offset in the file of the next byte. */
  private readOffset = 0;

  get size(): number {
    return this.available;
  }

  get offset(): number {
    return this.readOffset;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.chunks.push(chunk);
    this.available += chunk.length;
  }

  /** A view of the next `size` bytes, which stay unread; null when so many are not there. */
  peek(size: number): Uint8Array | null {
    if (size > this.available) return null;
    if (size === 0) return new Uint8Array(0);
    const first = this.chunks[0]!;
    if (first.length - this.start >= size) return first.subarray(this.start, this.start + size);
    this.join();
    return this.chunks[0]!.subarray(0, size);
  }

  /** Drops up to `size` bytes; returns how many. */
  skip(size: number): number {
    const skipped = Math.min(size, this.available);
    let rest = skipped;
    while (rest > 0) {
      const inFirst = this.chunks[0]!.length - this.start;
      if (rest < inFirst) {
        this.start += rest;
        break;
      }
      rest -= inFirst;
      this.chunks.shift();
      this.start = 0;
    }
    this.available -= skipped;
    this.readOffset += skipped;
    return skipped;
  }

  private join(): void {
    const joined = new Uint8Array(this.available);
    let at = 0;
    for (let i = 0; i < this.chunks.length; i++) {
      const part = i === 0 ? this.chunks[0]!.subarray(this.start) : this.chunks[i]!;
      joined.set(part, at);
      at += part.length;
    }
    this.chunks.length = 0;
    this.chunks.push(joined);
    this.start = 0;
  }
}
