/**
 * Random bridges, flows and packets through real OVS and through Upcall: the same megaflow and datapath actions of every
 * trace, the same frames out of every port. OVS_CASES and OVS_SEED choose how many cases and which, for instance
 * `OVS_CASES=2000 OVS_SEED=7 npx vitest run test/differential/bridge.test.ts`.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OvsOracle, requireOracle } from '../support/ovs-oracle.js';
import { compare, describeDisagreement, minimize } from './bridge/compare.js';
import { OurSwitch } from './bridge/our-switch.js';
import { randomCase } from './bridge/case.js';
import { RealSwitch } from './bridge/switch.js';
import { suiteSettings } from './dice.js';

/** Disagreements that are cut down and shown; the rest are counted. */
const SHOWN = Number(process.env.OVS_SHOWN ?? 3);

describe.skipIf(!requireOracle())('bridges', () => {
  let oracle: OvsOracle;
  const { seed, cases } = suiteSettings('bridges', 60);

  beforeAll(async () => {
    oracle = await OvsOracle.start();
  });
  afterAll(() => oracle.stop());

  test(
    'traces and frames are those of real OVS',
    async () => {
      const theirs = new RealSwitch(oracle);
      const ours = new OurSwitch();
      let steps = 0;
      let agreed = 0;
      let reordered = 0;
      const failing: string[] = [];
      for (let i = 0; i < cases; i++) {
        const given = randomCase(seed * 1_000_003 + i);
        const outcome = await compare(theirs, ours, given);
        steps += outcome.steps;
        agreed += outcome.agreed;
        reordered += outcome.reordered;
        if (outcome.first === null) continue;
        if (failing.length >= SHOWN) {
          failing.push(`seed ${given.seed}`);
          continue;
        }
        failing.push(describeDisagreement(await minimize(theirs, ours, given, outcome.first)));
      }
      console.info(
        `bridges: ${agreed} of ${steps} steps agreed (${reordered} of them but for the order of a flood), ` +
          `${cases - failing.length} of ${cases} cases`,
      );
      expect(failing.join('\n\n')).toBe('');
    },
    60_000 + cases * 2000,
  );
});
