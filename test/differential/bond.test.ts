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
import { appctl, type Command, ofctl, vsctl } from './native-tunnel/setup.js';

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

  test('loads are spread by bytes', async () => {
    await theirs.clear();
    await ours.clear();
    const frame = (source: number): Command => ({
      tool: 'appctl',
      args: [
        'netdev-dummy/receive',
        'p7',
        `in_port(7),eth(src=50:54:00:00:00:${source.toString(16).padStart(2, '0')},dst=50:54:00:00:01:00),eth_type(0x1234)`,
        ...['--len', String(6000 + 400 * (source % 7))],
      ],
    });
    const setup = [
      vsctl('add-br br0 -- set bridge br0 datapath_type=dummy fail_mode=secure'),
      vsctl(
        'add-bond br0 bond0 p1 p2 bond_mode=balance-slb other_config:bond-rebalance-interval=5000 ' +
          '-- set Interface p1 type=dummy ofport_request=1 mtu_request=9000 ' +
          '-- set Interface p2 type=dummy ofport_request=2 mtu_request=9000',
      ),
      vsctl('add-port br0 p7 -- set Interface p7 type=dummy ofport_request=7 mtu_request=9000'),
      ofctl('add-flow br0 actions=normal'),
      ...['p1 down', 'p2 down', 'p1 up', 'p2 up'].map((state) => appctl(`netdev-dummy/set-admin-state ${state}`)),
    ];
    const sources = Array.from({ length: 24 }, (_, i) => i);
    const hashes = Array.from({ length: 256 }, (_, hash) => hash);
    const difference = await new BondComparison(theirs, ours, [], false).run([
      ...setup,
      // All of it on one member.
      ...hashes.map((hash) => appctl(`bond/migrate bond0 ${hash} p1`)),
      ...sources.map(frame),
    ]);
    expect(difference).toBeNull();
    for (let round = 0; round < 3; round++) {
      for (const target of [theirs, ours]) {
        await target.appctl('time/warp', '5000', '500');
        await target.appctl('revalidator/wait');
        await target.settle();
      }
      const shown = await Promise.all([theirs, ours].map((target) => target.appctl('bond/show', 'bond0')));
      // When exactly it happens hangs on when OVS has counted.
      const [real, own] = shown.map(({ text }) => text.replace(/next rebalance: .*|active member mac: .*/g, ''));
      expect(own).toBe(real);
      expect(own).toMatch(/member p2: enabled\n(.*\n)*? {2}hash \d+: \d+ kB load/);
    }
  }, 60_000);

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
