/**
 * Bytes that are almost right: samples of an input that is well-formed, changed as files and frames are damaged (bits
 * turned, pieces cut, copied, moved and swapped between samples), with numbers that parsers get wrong put in.
 *
 * The same random words give the same bytes.
 */
import type { Rng } from '../../datapath/environment.js';

const MAX_SIZE = 64 * 1024;
const INTERESTING = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/** What texts are likely to trip over. */
const TOKENS = [
  '=',
  ',',
  '(',
  ')',
  '[',
  ']',
  ':',
  '/',
  '/0',
  '-1',
  '0x',
  '->',
  '"',
  "'",
  '\n',
  '\0',
  '::',
  '%',
  '{',
  '}',
];

const below = (rng: Rng, bound: number): number => (bound <= 0 ? 0 : rng.next32() % bound);

function splice(bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array {
  const whole = new Uint8Array(bytes.length - removed + added.length);
  whole.set(bytes.subarray(0, at));
  whole.set(added, at);
  whole.set(bytes.subarray(at + removed), at + added.length);
  return whole;
}

function randomBytes(rng: Rng, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, () => rng.next32() & 0xff);
}

function mutateOnce(bytes: Uint8Array, samples: readonly Uint8Array[], rng: Rng): Uint8Array {
  const at = below(rng, bytes.length + 1);
  const size = Math.min(bytes.length - at, 1 + below(rng, 1 << below(rng, 8)));
  switch (below(rng, 10)) {
    case 0: {
      if (bytes.length === 0) return bytes;
      const changed = bytes.slice();
      changed[below(rng, bytes.length)]! ^= 1 << below(rng, 8);
      return changed;
    }
    case 1:
      return splice(bytes, at, size, randomBytes(rng, size));
    case 2:
      return splice(bytes, at, size, new Uint8Array());
    case 3:
      return bytes.slice(0, at);
    case 4:
      return splice(bytes, at, 0, bytes.subarray(at, at + size));
    case 5: {
      const other = samples[below(rng, samples.length)]!;
      const from = below(rng, other.length + 1);
      return splice(bytes, at, size, other.subarray(from, from + 1 + below(rng, 64)));
    }
    case 6:
    case 7: {
      const width = [1, 2, 4][below(rng, 3)]!;
      if (at + width > bytes.length) return bytes;
      const number = INTERESTING[below(rng, INTERESTING.length)]!;
      const changed = bytes.slice();
      for (let i = 0; i < width; i++) {
        const shift = (rng.next32() & 1) === 0 ? i : width - 1 - i;
        changed[at + i] = (number >>> (8 * shift)) & 0xff;
      }
      return changed;
    }
    case 8:
      return splice(
        bytes,
        at,
        Math.min(below(rng, 2), bytes.length - at),
        new TextEncoder().encode(TOKENS[below(rng, TOKENS.length)]!),
      );
    default:
      return splice(bytes, at, 0, new TextEncoder().encode(String(INTERESTING[below(rng, INTERESTING.length)])));
  }
}

/** An input made of the samples; now and then of nothing but chance. */
export function fuzzInput(samples: readonly Uint8Array[], rng: Rng): Uint8Array {
  if (below(rng, 20) === 0) return randomBytes(rng, below(rng, 200));
  let bytes = samples[below(rng, samples.length)]!;
  const count = 1 + below(rng, 6);
  for (let i = 0; i < count; i++) bytes = mutateOnce(bytes, samples, rng);
  return bytes.slice(0, MAX_SIZE);
}
