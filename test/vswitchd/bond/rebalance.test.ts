/** What moves where: the rules of choose_entries_to_migrate() (bond.c) as a table. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Load, rebalance } from '#src/vswitchd/bond/rebalance.js';

const KB = 1000;

/** Loads of members by name, in kilobytes, before and after. */
function after(before: Readonly<Record<string, readonly number[]>>): Record<string, readonly number[]> {
  const loads: Load<string>[] = Object.entries(before).flatMap(([member, sizes]) =>
    sizes.map((size) => ({ member, txBytes: size * KB })),
  );
  rebalance(loads, Object.keys(before));
  return Object.fromEntries(
    Object.keys(before).map((name) => [
      name,
      loads
        .filter(({ member }) => member === name)
        .map(({ txBytes }) => txBytes / KB)
        .sort((a, b) => b - a),
    ]),
  );
}

describe('rebalancing', () => {
  it.each([
    ['half of four equal ones moves', { a: [100, 100, 100, 100], b: [] }, { a: [100, 100], b: [100, 100] }],
    ['one alone stays: it would only move the trouble', { a: [1000], b: [] }, { a: [1000], b: [] }],
    ['less than 100 kB stay', { a: [50, 49], b: [] }, { a: [50, 49], b: [] }],
    ['less than 3 % stay', { a: [5000, 5100], b: [5000, 4900] }, { a: [5100, 5000], b: [5000, 4900] }],
    ['the largest that do not overshoot', { a: [600, 300, 100], b: [] }, { a: [600], b: [300, 100] }],
    ['the lightest, where all overshoot', { a: [1000, 900], b: [] }, { a: [1000], b: [900] }],
    ['nothing, where that would not help', { a: [1000, 1000], b: [1000] }, { a: [1000, 1000], b: [1000] }],
    ['from the most to the least loaded', { a: [400, 400], b: [300], c: [] }, { a: [400], b: [300], c: [400] }],
  ])('%s', (_, before, expected) => {
    expect(after(before as unknown as Record<string, readonly number[]>)).toEqual(expected);
  });

  it('never makes the least loaded member carry less, nor loses a byte', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(sizes, { minLength: 2, maxLength: 4 }), (members) => {
        const before = Object.fromEntries(members.map((loads, i) => [`m${i}`, loads]));
        const moved = after(before);
        const sum = (loads: readonly number[]): number => loads.reduce((total, load) => total + load, 0);
        const sums = (of: Readonly<Record<string, readonly number[]>>): number[] => Object.values(of).map(sum);
        expect(sum(sums(moved))).toBe(sum(sums(before)));
        expect(Math.min(...sums(moved))).toBeGreaterThanOrEqual(Math.min(...sums(before)));
      }),
    );
  });
});
