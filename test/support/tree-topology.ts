/** Networks of bridges for the tests of spanning trees, and what must hold of a tree that was made of them. */
import fc from 'fast-check';
import { expect } from 'vitest';

/** A LAN that bridges (by number) are on. */
export interface TestLink {
  readonly bridges: readonly number[];
  readonly cost: number;
}

/** Joined or not, with links between the same bridges, and none from a bridge to itself. */
export const topology: fc.Arbitrary<{ readonly bridgeCount: number; readonly links: readonly TestLink[] }> = fc
  .integer({ min: 2, max: 6 })
  .chain((bridgeCount) =>
    fc.record({
      bridgeCount: fc.constant(bridgeCount),
      links: fc.array(
        fc.record({
          bridges: fc.uniqueArray(fc.nat(bridgeCount - 1), { minLength: 2, maxLength: 2 }),
          cost: fc.integer({ min: 1, max: 5 }),
        }),
        { minLength: 1, maxLength: 10 },
      ),
    }),
  );

export interface TreeEnd {
  readonly bridge: number;
  readonly link: number;
  readonly isUp: boolean;
  readonly forwards: boolean;
}

/** Bridges and LANs joined by the ends for which `joins` holds: what belongs together, and how many joined in a loop. */
function components(bridgeCount: number, ends: readonly TreeEnd[], joins: (end: TreeEnd) => boolean) {
  const parent = new Map<string, string>();
  const find = (node: string): string => {
    const above = parent.get(node) ?? node;
    return above === node ? node : find(above);
  };
  let loops = 0;
  for (const end of ends) {
    if (!joins(end)) continue;
    const [a, b] = [find(`bridge ${end.bridge}`), find(`link ${end.link}`)];
    if (a === b) loops++;
    else parent.set(a, b);
  }
  return { loops, of: Array.from({ length: bridgeCount }, (_, i) => find(`bridge ${i}`)) };
}

/** No frame can go round, and bridges that are joined at all are joined by ports that forward. */
export function judgeTree(bridgeCount: number, ends: readonly TreeEnd[]): void {
  const whole = components(bridgeCount, ends, ({ isUp }) => isUp);
  const tree = components(bridgeCount, ends, ({ forwards }) => forwards);
  expect(tree.loops).toBe(0);
  for (let a = 0; a < bridgeCount; a++) {
    for (let b = 0; b < a; b++) expect(tree.of[a] === tree.of[b]).toBe(whole.of[a] === whole.of[b]);
  }
}
