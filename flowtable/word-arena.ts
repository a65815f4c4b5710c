/**
 * Blocks of 32-bit words in one array that grows by doubling. A block that was let go is handed out again to the next
 * who asks for its size, so the array is as long as the most words that were ever in use at once, times what sizes
 * leave unused.
 */
const INITIAL_WORDS = 4096;
/** Sizes above this are rounded up to a power of two, so that a few lists hold all that was let go. */
const EXACT_SIZES = 64;

export class WordArena {
  words: Int32Array = new Int32Array(INITIAL_WORDS);
  private used: number;
  /** By size: the first free block; each holds the place of the next in its first word. 0 ends a list. */
  private readonly free = new Map<number, number>();

  /** The first `reserved` words (at least one: 0 is no block) are never handed out and stay zero. */
  constructor(reserved: number) {
    this.used = reserved;
  }

  /** Where a block of `size` zeroed words begins. `words` may be another array afterwards. */
  allocate(size: number): number {
    const rounded = roundUp(size);
    const first = this.free.get(rounded) ?? 0;
    if (first !== 0) {
      this.free.set(rounded, this.words[first]!);
      this.words.fill(0, first, first + rounded);
      return first;
    }
    const at = this.used;
    this.used += rounded;
    if (this.used > this.words.length) {
      const grown = new Int32Array(Math.max(this.words.length * 2, this.used));
      grown.set(this.words);
      this.words = grown;
    }
    return at;
  }

  /** Lets go a block of that size. */
  release(at: number, size: number): void {
    const rounded = roundUp(size);
    this.words[at] = this.free.get(rounded) ?? 0;
    this.free.set(rounded, at);
  }
}

function roundUp(size: number): number {
  return size <= EXACT_SIZES ? size : 1 << (32 - Math.clz32(size - 1));
}
