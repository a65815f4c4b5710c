/**
 * Captured frames in one piece of memory, for those who go over them at full speed (replay, bench): bytes in one array,
 * where they begin and how long they are in typed arrays.
 *
 * Invariant: frame i is `bytes[offsets[i] .. offsets[i] + lengths[i])`. The arrays move when the arena grows: take
 * them after the last add().
 * The arena has a bound, and says when the next frame would pass it.
 */

/** Frames that can be gone over by index. */
export interface CapturedFrames {
  readonly count: number;
  readonly bytes: Uint8Array;
  /** Over all of `bytes`. */
  readonly view: DataView;
  readonly offsets: Int32Array;
  readonly lengths: Int32Array;
  /** What each frame measured on the wire. */
  readonly originalLengths: Uint32Array;
  /** Nanoseconds since the time that the arena was made with; exact up to 104 days, and microseconds beyond. */
  readonly timesNs: Float64Array;
  /** A number of the owner's for each frame, such as the port it comes in by. */
  readonly tags: Int32Array;
}

export class CaptureArena implements CapturedFrames {
  count = 0;
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView;
  offsets = new Int32Array(1024);
  lengths = new Int32Array(1024);
  originalLengths = new Uint32Array(1024);
  timesNs = new Float64Array(1024);
  tags = new Int32Array(1024);
  private size = 0;
  private readonly maxSize: number;

  /** maxSize bounds the frames' bytes; 2 GiB is the most that offsets can say. */
  constructor(maxSize = 1024 ** 3) {
    this.maxSize = Math.min(maxSize, 0x7fff_ffff);
    this.bytes = new Uint8Array(Math.min(this.maxSize, 64 * 1024));
    this.view = new DataView(this.bytes.buffer);
  }

  get byteCount(): number {
    return this.size;
  }

  /** Copies a frame in; false, and nothing happens, when the arena is full. An empty arena takes any frame that fits. */
  add(frame: Uint8Array, originalLength: number, timeNs: number, tag: number): boolean {
    const end = this.size + frame.length;
    if (end > this.maxSize) return false;
    if (end > this.bytes.length) this.growBytes(end);
    const index = this.count;
    if (index === this.offsets.length) this.growIndex();
    this.bytes.set(frame, this.size);
    this.offsets[index] = this.size;
    this.lengths[index] = frame.length;
    this.originalLengths[index] = originalLength;
    this.timesNs[index] = timeNs;
    this.tags[index] = tag;
    this.size = end;
    this.count++;
    return true;
  }

  /** Empties the arena and keeps its memory. */
  clear(): void {
    this.count = 0;
    this.size = 0;
  }

  frame(index: number): Uint8Array {
    const offset = this.offsets[index]!;
    return this.bytes.subarray(offset, offset + this.lengths[index]!);
  }

  private growBytes(needed: number): void {
    const grown = new Uint8Array(Math.min(this.maxSize, Math.max(needed, this.bytes.length * 2)));
    grown.set(this.bytes.subarray(0, this.size));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  private growIndex(): void {
    const size = this.offsets.length * 2;
    const grow = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const grown = new Int32Array(size);
      grown.set(old);
      return grown;
    };
    this.offsets = grow(this.offsets);
    this.lengths = grow(this.lengths);
    this.tags = grow(this.tags);
    const originalLengths = new Uint32Array(size);
    originalLengths.set(this.originalLengths);
    this.originalLengths = originalLengths;
    const times = new Float64Array(size);
    times.set(this.timesNs);
    this.timesNs = times;
  }
}
