/** The seeded random source (xoshiro128**, Blackman and Vigna): the same seed gives the same words for ever. */
import type { Rng } from '#datapath/environment.js';

const rotl = (x: number, k: number): number => (x << k) | (x >>> (32 - k));

export class SeededRng implements Rng {
  private readonly s = new Int32Array(4);

  constructor(seed: number) {
    // splitmix32 spreads the seed over the state; the state is never all zero.
    let x = seed | 0;
    for (let i = 0; i < 4; i++) {
      x = (x + 0x9e3779b9) | 0;
      let z = x ^ (x >>> 16);
      z = Math.imul(z, 0x21f0aaad);
      z ^= z >>> 15;
      z = Math.imul(z, 0x735a2d97);
      this.s[i] = z ^ (z >>> 15) || 1;
    }
  }

  next32(): number {
    const s = this.s;
    const result = Math.imul(rotl(Math.imul(s[1]!, 5), 7), 9);
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = rotl(s[3]!, 11);
    return result >>> 0;
  }

  /** A float in [0, 1). */
  nextFloat(): number {
    return this.next32() / 0x1_0000_0000;
  }

  /** An integer in [0, bound). */
  nextBelow(bound: number): number {
    return Math.floor(this.nextFloat() * bound);
  }
}
