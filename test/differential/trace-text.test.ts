/**
 * Whole texts of ofproto/trace for random bridges, groups and state, from real OVS and from Upcall, line by line.
 * Real OVS floods in an order of its own making, so lines count without order and indentation, and the datapath actions, which
 * the other tests compare by what they do, do not count. OVS_CASES and OVS_SEED choose how many cases and which.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OvsOracle, requireOracle } from '../support/ovs-oracle.js';
import { KINDS_OF_CASES } from './bridge/kinds.js';
import { OurSwitch } from './bridge/our-switch.js';
import { traceCommand } from './bridge/case.js';
import { runCase } from './bridge/run.js';
import { RealSwitch } from './bridge/switch.js';
import { suiteSettings } from './dice.js';

/** The lines without numbers that are given out in the order of use. */
const linesOf = (text: string): string[] =>
  text
    .replace(/recirc_id=(0x)?[0-9a-f]+/g, 'recirc_id=N')
    .replace(/recirc\(0x[0-9a-f]+\)/g, 'recirc(N)')
    .split('\n')
    .map((line) => line.trimStart())
    .filter((line) => !line.startsWith('Datapath actions: '));

describe.skipIf(!requireOracle())('the text of traces', () => {
  let oracle: OvsOracle;
  const { seed, cases } = suiteSettings('trace text', 5);

  beforeAll(async () => {
    oracle = await OvsOracle.start();
  });
  afterAll(() => oracle.stop());

  test.each(KINDS_OF_CASES)(
    'of random $name is that of real OVS',
    async ({ name, randomOf }) => {
      const theirs = new RealSwitch(oracle);
      const ours = new OurSwitch();
      let traces = 0;
      for (let i = 0; i < cases; i++) {
        const given = randomOf(seed * 2_000_003 + i);
        for (const target of [theirs, ours]) await runCase(target, { ...given, steps: [] });
        for (const step of given.steps) {
          if (step.kind !== 'trace') continue;
          const [real, own] = await Promise.all(
            [theirs, ours].map(async (target) => {
              const [command, ...args] = traceCommand(step);
              return (await target.appctl(command!, ...args)).text;
            }),
          );
          traces++;
          const where = `seed ${given.seed}: ${traceCommand(step).join(' ')}`;
          expect([where, ...linesOf(own!).sort()]).toEqual([where, ...linesOf(real!).sort()]);
        }
      }
      console.info(`trace text: ${traces} traces of ${name} agreed`);
    },
    60_000 + cases * 4000,
  );
});
