/**
 * Random bridges, flows and packets through real OVS and through Upcall: the same megaflow and datapath actions of every
 * trace, the same frames out of every port. OVS_CASES and OVS_SEED choose how many cases and which, for instance
 * `OVS_CASES=2000 OVS_SEED=7 npx vitest run test/differential/bridge.test.ts -t groups`.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OvsOracle, requireOracle } from '../support/ovs-oracle.js';
import { compare, describeDisagreement, minimize } from './bridge/compare.js';
import { KINDS_OF_CASES } from './bridge/kinds.js';
import { OurSwitch } from './bridge/our-switch.js';
import { RealSwitch } from './bridge/switch.js';
import { suiteSettings } from './dice.js';

/** Disagreements that are cut down and shown; the rest are counted. */
const SHOWN = Number(process.env.OVS_SHOWN ?? 3);

describe.skipIf(!requireOracle())('beside real OVS', () => {
  let oracle: OvsOracle;

  // One of its own for each kind: what was sent stays in its captures.
  beforeEach(async () => {
    oracle = await OvsOracle.start();
  });
  afterEach(() => oracle.stop());

  test.each(KINDS_OF_CASES)(
    'random $name: the same traces and frames',
    async ({ name, randomOf, defaultCases }) => {
      const { seed, cases } = suiteSettings(name, defaultCases);
      const theirs = new RealSwitch(oracle);
      const ours = new OurSwitch();
      let steps = 0;
      let agreed = 0;
      let reordered = 0;
      const failing: string[] = [];
      for (let i = 0; i < cases; i++) {
        const given = randomOf(seed * 1_000_003 + i);
        const outcome = await compare(theirs, ours, given);
        steps += outcome.steps;
        agreed += outcome.agreed;
        reordered += outcome.reordered;
        if (outcome.first === null) continue;
        if (failing.length >= SHOWN) failing.push(`seed ${given.seed}`);
        else failing.push(describeDisagreement(await minimize(theirs, ours, given, outcome.first)));
      }
      console.info(
        `${name}: ${agreed} of ${steps} steps agreed (${reordered} of them but for the order of a flood), ` +
          `${cases - failing.length} of ${cases} cases`,
      );
      expect(failing.join('\n\n')).toBe('');
    },
    60_000 + Number(process.env.OVS_CASES ?? 60) * 2000,
  );
});
