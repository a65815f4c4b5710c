/** A trie answers as a scan of its prefixes does, and looks at no bit more than it must. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrefixTrie, type TrieAnswer } from '#flowtable/prefix-trie.js';

const bytesOf = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
const prefixOf = (value: number, length: number): number => (length === 0 ? 0 : (value & (-1 << (32 - length))) >>> 0);
const answerFor = (trie: PrefixTrie, value: number): TrieAnswer => {
  const answer: TrieAnswer = { bits: 0, lengths: new Uint8Array(33) };
  trie.lookup(bytesOf(value), answer);
  return answer;
};

interface Prefix {
  readonly value: number;
  readonly length: number;
}

/** Values with few distinct bits, so that prefixes share and nest. */
const value = fc.tuple(fc.nat(7), fc.nat(3), fc.nat(15)).map(([a, b, c]) => ((a << 29) | (b << 16) | c) >>> 0);
const prefix: fc.Arbitrary<Prefix> = fc.record({ value, length: fc.integer({ min: 1, max: 32 }) });

function matchingLengths(prefixes: readonly Prefix[], probe: number): number[] {
  const lengths = prefixes
    .filter((p) => prefixOf(p.value, p.length) === prefixOf(probe, p.length))
    .map((p) => p.length);
  return [...new Set(lengths)].sort((a, b) => a - b);
}

const lengthsOf = (answer: TrieAnswer): number[] =>
  [...answer.lengths].flatMap((isSet, length) => (isSet === 1 ? [length] : []));

describe('PrefixTrie', () => {
  it('knows nothing when empty, and needs no bit for that', () => {
    expect(answerFor(new PrefixTrie(32), 0x0a000001).bits).toBe(0);
  });

  it.each([
    // Inserted 10.0.0.0/8: the probe, the bits that decide, the lengths that match.
    ['inside', 0x0a010203, 8, [8]],
    ['differs in the first bit', 0x8a000000, 1, []],
    ['differs in the eighth bit', 0x0b000000, 8, []],
  ])('%s', (_, probe, bits, lengths) => {
    const trie = new PrefixTrie(32);
    trie.insert(bytesOf(0x0a000000), 8);
    const answer = answerFor(trie, probe);
    expect(answer.bits).toBe(bits);
    expect(lengthsOf(answer)).toEqual(lengths);
  });

  it('finds the lengths that a scan finds, and its bits decide them', () => {
    fc.assert(
      fc.property(fc.array(prefix, { maxLength: 12 }), value, value, (prefixes, probe, other) => {
        const trie = new PrefixTrie(32);
        for (const p of prefixes) trie.insert(bytesOf(p.value), p.length);
        const answer = answerFor(trie, probe);
        expect(lengthsOf(answer)).toEqual(matchingLengths(prefixes, probe));
        // Any value that agrees on these bits has the same answer.
        const mask = answer.bits === 0 ? 0 : -1 << (32 - answer.bits);
        const alike = ((probe & mask) | (other & ~mask)) >>> 0;
        expect(matchingLengths(prefixes, alike)).toEqual(lengthsOf(answer));
      }),
      { numRuns: 500 },
    );
  });

  it('forgets what is removed', () => {
    fc.assert(
      fc.property(
        fc.array(prefix, { maxLength: 10 }),
        fc.array(prefix, { maxLength: 10 }),
        value,
        (kept, gone, probe) => {
          const trie = new PrefixTrie(32);
          const fresh = new PrefixTrie(32);
          for (const p of [...kept, ...gone]) trie.insert(bytesOf(p.value), p.length);
          for (const p of kept) fresh.insert(bytesOf(p.value), p.length);
          for (const p of gone) expect(trie.remove(bytesOf(p.value), p.length)).toBe(true);
          expect(answerFor(trie, probe)).toEqual(answerFor(fresh, probe));
        },
      ),
    );
  });

  it('refuses to remove what is not there', () => {
    const trie = new PrefixTrie(32);
    trie.insert(bytesOf(0x0a000000), 8);
    expect(trie.remove(bytesOf(0x0a000000), 16)).toBe(false);
    expect(trie.remove(bytesOf(0x0b000000), 8)).toBe(false);
    expect(trie.remove(bytesOf(0x0a000000), 8)).toBe(true);
    expect(trie.isEmpty).toBe(true);
  });
});
