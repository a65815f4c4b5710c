/**
 * Random flows with ct, MPLS, learn, conjunctions and the like through real OVS and through Upcall.
 * OVS_CASES and OVS_SEED choose how many cases and which, as in bridge.test.ts.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OvsOracle, requireOracle } from '../support/ovs-oracle.js';
import { compare, describeDisagreement, minimize } from './bridge/compare.js';
import { OurSwitch } from './bridge/our-switch.js';
import { randomStatefulCase } from './bridge/stateful.js';
import { RealSwitch } from './bridge/switch.js';
import { suiteSettings } from './dice.js';

/** Disagreements that are cut down and shown; the rest are counted. */
const SHOWN = Number(process.env.OVS_SHOWN ?? 3);

describe.skipIf(!requireOracle())('state', () => {
  let oracle: OvsOracle;
  const { seed, cases } = suiteSettings('stateful', 40);

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
      const failing: string[] = [];
      for (let i = 0; i < cases; i++) {
        const given = randomStatefulCase(seed * 1_000_003 + i);
        const outcome = await compare(theirs, ours, given);
        steps += outcome.steps;
        agreed += outcome.agreed;
        if (outcome.first === null) continue;
        if (failing.length >= SHOWN) failing.push(`seed ${given.seed}`);
        else failing.push(describeDisagreement(await minimize(theirs, ours, given, outcome.first)));
      }
      console.info(`stateful: ${agreed} of ${steps} steps agreed, ${cases - failing.length} of ${cases} cases`);
      expect(failing.join('\n\n')).toBe('');
    },
    60_000 + cases * 2000,
  );
});
