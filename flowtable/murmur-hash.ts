/**
 * MurmurHash3 over 32-bit words, as OVS uses it for its tables and for choices that packets make. // hot path
 * Mirrors mhash_add() and mhash_finish() of lib/hash.h: its form for machines without SSE 4.2, which is what
 * distributions build.
 */

/** Mixes a word into a hash; signed, for hashFinish. */
export function hashAdd(hash: number, word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  const data = hash ^ Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
  return (Math.imul((data << 13) | (data >>> 19), 5) + 0xe6546b64) | 0;
}

/** Ends a hash; `final` is the number of bytes, or what else tells inputs apart. Unsigned. */
export function hashFinish(hash: number, final: number): number {
  let h = hash ^ final;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** hash_2words(), and hash_int(x, basis y). */
export const hash2Words = (x: number, y: number): number => hashFinish(hashAdd(hashAdd(x, 0), y), 8);

/** hash_boolean(). */
export const hashBoolean = (is: boolean, basis: number): number =>
  ((is ? 0xc2b73583 : 0xe90f1258) ^ ((basis << 1) | (basis >>> 31))) >>> 0;
