/**
 * Random command lines, right ones and ones with mistakes, through the real ovs-ofctl and through ours: the same text,
 * the same errors, the same exit codes. `OVS_SEED=7 OVS_CASES=5000` runs others, and more of them.
 */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { requireOracle } from '../support/ovs-oracle.js';
import { suiteSettings } from './dice.js';
import { PARSED_KINDS } from './text/case.js';
import { compareLines, type Disagreement, ourRunner, type Runner } from './text/compare.js';

const SHOWN = Number(process.env.OVS_SHOWN ?? 5);

const real: Runner = ({ args, stdin }) => {
  const done = spawnSync('ovs-ofctl', args, { input: stdin, encoding: 'utf8' });
  return { stdout: done.stdout, stderr: done.stderr, exitCode: done.status ?? -1 };
};

describe.skipIf(!requireOracle())('ovs-ofctl without a switch', () => {
  for (const kind of PARSED_KINDS) {
    const { seed, cases } = suiteSettings(kind.name, kind.defaultCases);
    test(`${kind.name} of random texts`, { timeout: 1e8 }, async () => {
      const ours = ourRunner(() => undefined);
      const disagreements: Disagreement[] = [];
      for (let i = 0; i < cases; i++) {
        const found = await compareLines(kind.linesOf(seed * 1_000_000 + i), real, ours);
        if (found !== null) disagreements.push(found);
      }
      expect({ count: disagreements.length, of: cases, some: disagreements.slice(0, SHOWN) }).toEqual({
        count: 0,
        of: cases,
        some: [],
      });
    });
  }
});
