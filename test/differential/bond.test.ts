/**
 * Bonds and LACP through real OVS and through Upcall: texts, traces, and the frames that leave by each port.
 * OVS_CASES and OVS_SEED choose how many random bonds and which, as in bridge.test.ts.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OvsOracle, requireOracle } from '../support/ovs-oracle.js';
import { BondComparison, type Difference } from './bond/compare.js';
import { LACP_QUESTIONS, lacpSetup, lacpStep } from './bond/lacp-random.js';
import { PORTS, randomSetup, randomStep } from './bond/random.js';
import { OurSwitch } from './bridge/our-switch.js';
import { RealSwitch, type SwitchUnderTest } from './bridge/switch.js';
import { Dice, suiteSettings } from './dice.js';
import type { Command } from './native-tunnel/setup.js';

const STEPS = 25;
const LACP_STEPS = 3;
const SHOWN = Number(process.env.OVS_SHOWN ?? 1);

const quote = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text}'`);
const scriptOf = (commands: readonly Command[]): string =>
  commands.map(({ tool, args }) => `ovs-${tool} ${args.map(quote).join(' ')}`).join('\n');

function describeDifference(commands: readonly Command[], { command, theirs, ours }: Difference): string {
  const before = commands.slice(0, commands.lastIndexOf(command) + 1);
  const [real, own] = [theirs.split('\n'), ours.split('\n')];
  const at = real.findIndex((line, i) => line !== own[i]);
  return `${scriptOf(before)}\nreal OVS:\n${theirs}\nUpcall:\n${ours}\nfirst: ${real[at]} | ${own[at]}`;
}

describe.skipIf(!requireOracle())('bonds', () => {
  let oracle: OvsOracle;
  let theirs: SwitchUnderTest;
  let ours: SwitchUnderTest;

  beforeAll(async () => {
    oracle = await OvsOracle.start();
    theirs = new RealSwitch(oracle);
    ours = new OurSwitch();
  });
  afterAll(() => oracle.stop());

  /** Runs commands on both, and lets LACP have its say: long for slow partners, then in small steps for fast ones. */
  const settleBoth = async (commands: readonly Command[]): Promise<void> => {
    for (const target of [theirs, ours]) {
      for (const { tool, args } of commands) {
        if (tool === 'vsctl') await target.vsctl(args);
        else await target.ofctl([args[0]!, args[1]!, '-'], `${args[2]}\n`);
        await target.settle();
      }
      await target.appctl('time/warp', '100000', '10000');
      await target.appctl('time/warp', '8000', '500');
      await target.settle();
    }
  };

  test(
    'LACP between two bridges',
    async () => {
      const { seed, cases } = suiteSettings('LACP', 3);
      const failing: string[] = [];
      for (let i = 0; i < cases && failing.length < SHOWN; i++) {
        const dice = new Dice(seed * 1_000_003 + i);
        await theirs.clear();
        await ours.clear();
        const done: Command[] = [];
        for (let step = 0; step <= LACP_STEPS && failing.length < SHOWN; step++) {
          const commands = step === 0 ? lacpSetup(dice) : [lacpStep(dice)];
          await settleBoth(commands);
          done.push(...commands, ...LACP_QUESTIONS);
          const difference = await new BondComparison(theirs, ours, [], true).run(LACP_QUESTIONS);
          if (difference !== null) failing.push(`case ${i}:\n${describeDifference(done, difference)}`);
        }
      }
      expect(failing.join('\n\n')).toBe('');
    },
    30_000 + 10_000 * Number(process.env.OVS_CASES ?? 3),
  );

  test(
    'random bonds, links and packets',
    async () => {
      const { seed, cases } = suiteSettings('bonds', 4);
      const failing: string[] = [];
      let commands = 0;
      let arbitrary = 0;
      for (let i = 0; i < cases && failing.length < SHOWN; i++) {
        const dice = new Dice(seed * 1_000_003 + i);
        await theirs.clear();
        await ours.clear();
        const setup = randomSetup(dice);
        const steps = Array.from({ length: STEPS }, () => randomStep(dice, setup.members)).flat();
        const given = [...setup.commands, ...steps];
        const comparison = new BondComparison(theirs, ours, PORTS, true);
        const difference = await comparison.run(given);
        commands += comparison.commands;
        arbitrary += comparison.arbitrary;
        if (difference !== null) failing.push(`case ${i}:\n${describeDifference(given, difference)}`);
      }
      console.info(`bonds: ${commands} commands, ${arbitrary} arbitrary choices of an active member`);
      expect(failing.join('\n\n')).toBe('');
    },
    30_000 + 10_000 * Number(process.env.OVS_CASES ?? 4),
  );
});
