/**
 * Hashes over flow keys: of whole keys for the microflow cache, of masked keys for a subtable, of the 5-tuple for
 * spreading tunnelled flows, and the 128-bit UFID. // hot path
 *
 * Words of a key are raw network bytes in a little-endian word, so what differs between neighbours (the last octet of
 * an address) stands in the highest byte, from where a multiplication cannot carry it down. Each word is therefore
 * folded (`w ^ w >>> 15`) before it is multiplied; the products are summed, which the processor does in parallel,
 * and one finalizer mixes the sum (MurmurHash3's fmix32). Not keyed: whoever knows the constants can make collisions,
 * which cost time and never a wrong answer, because every table compares whole keys.
 */
import {
  DATAPATH_WORDS,
  type FlowKey,
  KEY_WORDS,
  OFF_TUN_ID,
  SHAPE_IPV6,
  SHAPE_TUNNEL,
  SHAPE_WORD,
} from './flow-key.js';

/** The tunnel's key and IPv4 addresses are the first four words from here. */
const TUNNEL_WORD = OFF_TUN_ID / 4;

/** One odd multiplier for each word of a key. */
export const MULTIPLIERS: Int32Array = makeMultipliers();

function makeMultipliers(): Int32Array {
  const multipliers = new Int32Array(KEY_WORDS);
  let x = 0x9e3779b9;
  for (let i = 0; i < multipliers.length; i++) {
    x = mixBits(x + 0x6d2b79f5);
    multipliers[i] = x | 1;
  }
  return multipliers;
}

/** MurmurHash3's finalizer: every bit of the result depends on every bit of the argument. */
export function mixBits(value: number): number {
  let h = value | 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** The hash of the key at words[at...], as a signed 32-bit number. Fields that rarely tell flows apart are left out. */
export function microflowHash(words: Int32Array, at: number): number {
  const w0 = words[at]!;
  const w1 = words[at + 1]!;
  const w2 = words[at + 2]!;
  const w4 = words[at + 4]!;
  const w5 = words[at + 5]!;
  const w8 = words[at + 8]!;
  const w9 = words[at + 9]!;
  const w10 = words[at + 10]!;
  let h =
    Math.imul(w0 ^ (w0 >>> 15) ^ w1, 0x2c1b3c6d) +
    Math.imul(w2 ^ (w2 >>> 15), 0x297a2d39) +
    Math.imul(w4 ^ (w4 >>> 15), 0x1b56c4e9) +
    Math.imul(w5 ^ (w5 >>> 15), 0x7feb352d) +
    Math.imul(w8 ^ (w8 >>> 15), 0x846ca68b) +
    Math.imul(w9 ^ (w9 >>> 15), 0x68bc6d3f) +
    Math.imul(w10 ^ (w10 >>> 15), 0x5bd1e995);
  const shape = words[at + SHAPE_WORD]!;
  if (shape !== 0) {
    h = (h + shape) | 0;
    if ((shape & SHAPE_IPV6) !== 0) h = (h + addressSum(words, at + 20)) | 0;
    if ((shape & SHAPE_TUNNEL) !== 0) h = addWords(h, words, at, TUNNEL_WORD, TUNNEL_WORD + 4);
  }
  return mixBits(h);
}

/** Both IPv6 addresses, eight words. Written out, because it is run for every packet of IPv6. */
function addressSum(words: Int32Array, at: number): number {
  const w0 = words[at]!;
  const w1 = words[at + 1]!;
  const w2 = words[at + 2]!;
  const w3 = words[at + 3]!;
  const w4 = words[at + 4]!;
  const w5 = words[at + 5]!;
  const w6 = words[at + 6]!;
  const w7 = words[at + 7]!;
  return (
    (Math.imul(w0 ^ (w0 >>> 15), 0x3c6ef35f) +
      Math.imul(w1 ^ (w1 >>> 15), 0x19660d01) +
      Math.imul(w2 ^ (w2 >>> 15), 0x4ed8aa4b) +
      Math.imul(w3 ^ (w3 >>> 15), 0x7a6d76e9) +
      Math.imul(w4 ^ (w4 >>> 15), 0x21f0aaad) +
      Math.imul(w5 ^ (w5 >>> 15), 0x735a2d97) +
      Math.imul(w6 ^ (w6 >>> 15), 0x6c8e9cf5) +
      Math.imul(w7 ^ (w7 >>> 15), 0x597e3d2b)) |
    0
  );
}

function addWords(sum: number, words: Int32Array, at: number, from: number, to: number): number {
  let h = sum;
  for (let i = from; i < to; i++) {
    const w = words[at + i]!;
    h = (h + Math.imul(w ^ (w >>> 15), MULTIPLIERS[i]!)) | 0;
  }
  return h;
}

/**
 * The hash of the flow that a packet belongs to: addresses, protocol and ports, or the Ethernet addresses where there
 * is no IP. Unsigned. Vxlan source ports come from it.
 */
export function flowHash(words: Int32Array, at: number): number {
  const hasAddresses = (words[at + 8]! | words[at + 9]!) !== 0 || (words[at + SHAPE_WORD]! & SHAPE_IPV6) !== 0;
  let h = addWords(words[at + 6]! >>> 24, words, at, 8, 11);
  if ((words[at + SHAPE_WORD]! & SHAPE_IPV6) !== 0) h = addWords(h, words, at, 20, 28);
  if (!hasAddresses) h = addWords(h, words, at, 2, 5);
  return mixBits(h) >>> 0;
}

/**
 * The unique flow identifier: 128 bits of key and mask as 32 hex digits. Deterministic, so that two runs name a flow
 * alike; OVS mixes a random number into its own.
 *
 * Each of the four lanes multiplies by numbers of its own, before words meet the state: were the lanes alike but for
 * where they begin, a difference in the mask's top bit could be undone by one in the key, in all four at once, and
 * masks of prefixes are full of those.
 */
export function ufidOf(key: FlowKey, mask: FlowKey): string {
  const m = MULTIPLIERS;
  let h0 = m[8]!;
  let h1 = m[9]!;
  let h2 = m[10]!;
  let h3 = m[11]!;
  for (let i = 0; i < DATAPATH_WORDS; i++) {
    const bits = mask.words[i]!;
    if (bits === 0 || i === SHAPE_WORD) continue;
    const word = key.words[i]! & bits;
    h0 = absorbWord(absorbWord(h0 + i, bits, m[0]!, m[4]!), word, m[0]!, m[4]!);
    h1 = absorbWord(absorbWord(h1 + i, bits, m[1]!, m[5]!), word, m[1]!, m[5]!);
    h2 = absorbWord(absorbWord(h2 + i, bits, m[2]!, m[6]!), word, m[2]!, m[6]!);
    h3 = absorbWord(absorbWord(h3 + i, bits, m[3]!, m[7]!), word, m[3]!, m[7]!);
  }
  return hex32(h0) + hex32(h1) + hex32(h2) + hex32(h3);
}

const hex32 = (lane: number): string => (mixBits(lane) >>> 0).toString(16).padStart(8, '0');

function absorbWord(state: number, word: number, first: number, second: number): number {
  const h = Math.imul(state ^ Math.imul(word ^ (word >>> 15), first), second);
  return h ^ (h >>> 13);
}
