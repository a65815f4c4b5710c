/**
 * Random matches, as entries and as bytes, through the commands of the real ovs-ofctl and through ours: the same text,
 * the same bytes, the same errors and warnings. `OVS_SEED=7 OVS_CASES=5000` runs others, and more of them.
 */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { runOfctl } from '#src/openflow/ofctl/ofctl.js';
import { Dice, suiteSettings } from '../../../differential/dice.js';
import { requireOracle } from '../../../support/ovs-oracle.js';
import { RandomEntries } from './random-entries.js';
import { RandomStructures } from './random-structures.js';

interface Run {
  readonly args: readonly string[];
  readonly stdin: string;
}

const LINES_OF_A_RUN = 40;

/** Without the time of day. */
const untimed = (text: string): string => text.replace(/^\d{4}-\d\d-\d\dT[\d:]+Z\|/gm, '');

function runReal({ args, stdin }: Run): unknown {
  const { stdout, stderr, status } = spawnSync('ovs-ofctl', args, { input: stdin, encoding: 'latin1', maxBuffer: 1e8 });
  return { stdout, stderr: untimed(stderr), exitCode: status };
}

async function runOurs({ args, stdin }: Run): Promise<unknown> {
  const output = await runOfctl(args, {
    connection: () => undefined,
    readFile: () => Promise.reject(new Error('no files')),
    stdin,
  });
  return { ...output, stderr: untimed(output.stderr) };
}

const VERSIONS = ['OpenFlow12', 'OpenFlow13', 'OpenFlow14', 'OpenFlow15'];

const KINDS: readonly {
  readonly name: string;
  readonly defaultCases: number;
  readonly runOf: (seed: number) => Run;
}[] = [
  {
    name: 'entries of NXM and OXM',
    defaultCases: 60,
    runOf(seed) {
      const random = new RandomEntries(seed);
      const { dice } = random;
      const lines = Array.from({ length: LINES_OF_A_RUN }, () => random.line());
      if (dice.chance(0.5)) lines.push(random.brokenLine());
      const command = dice.chance(0.5)
        ? [dice.pick(['parse-nxm', 'parse-nx-match'])]
        : ['parse-oxm', dice.pick(VERSIONS)];
      return { args: [...(dice.chance(0.7) ? ['--strict'] : []), '-m', ...command], stdin: lines.join('\n') };
    },
  },
  {
    name: 'structures of OpenFlow 1.0 and 1.1',
    defaultCases: 40,
    runOf(seed) {
      const random = new RandomStructures(seed);
      const isOf10 = random.dice.chance(0.5);
      const lines = Array.from({ length: LINES_OF_A_RUN }, () => (isOf10 ? random.ofp10() : random.ofp11()));
      return { args: [isOf10 ? 'parse-ofp10-match' : 'parse-ofp11-match'], stdin: lines.join('\n') };
    },
  },
  {
    name: 'tags',
    defaultCases: 60,
    runOf(seed) {
      const dice = new Dice(seed);
      const bits = (): string =>
        dice.pick([0, 0xffff, 0x1000, 0x1fff, 0xf000, dice.below(0x10000), dice.below(0x10000)]).toString(16);
      return { args: ['check-vlan', bits(), bits()], stdin: '' };
    },
  },
];

describe.skipIf(!requireOracle())('beside the real ovs-ofctl', () => {
  test.each(KINDS)('random $name', { timeout: 1e8 }, async ({ name, defaultCases, runOf }) => {
    const { seed, cases } = suiteSettings(name, defaultCases);
    for (let i = 0; i < cases; i++) {
      const run = runOf(seed * 1_000_003 + i);
      expect({ ...run, output: await runOurs(run) }).toEqual({ ...run, output: runReal(run) });
    }
  });
});
