/**
 * Spanning trees through real OVS and through Upcall: bridges joined by wires, and what both say of them as time goes by
 * and links come and go. Steps are of one second, so that both look at their timers at the same moments.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OvsOracle, requireOracle } from '../support/ovs-oracle.js';
import { OurSwitch } from './bridge/our-switch.js';
import { RealSwitch, type SwitchUnderTest } from './bridge/switch.js';
import { appctl, type Command, ofctl, vsctl } from './native-tunnel/setup.js';

const bridge = (name: string, mac: string, settings: string): Command =>
  vsctl(
    `add-br ${name} -- set bridge ${name} datapath_type=dummy fail_mode=secure other_config:hwaddr=${mac} ${settings}`,
  );

const port = (owner: string, name: string, options: string, settings = ''): Command =>
  vsctl(
    `add-port ${owner} ${name} ${settings} -- set Interface ${name} type=dummy ofport_request=${name.slice(1)} ${options}`,
  );
const listens = (name: string): string => `options:pstream=punix:{dir}/${name}.sock`;
const calls = (name: string): string => `options:stream=unix:{dir}/${name}.sock`;

/** Three bridges in a ring; p7 of br0 takes no part. */
const ring = (settings: string, outside: string): readonly Command[] => [
  // One by one: in which order the tools list them is another test's concern.
  bridge('br0', 'aa:66:aa:66:00:00', settings),
  bridge('br1', 'aa:66:aa:66:00:01', settings),
  bridge('br2', 'aa:66:aa:66:00:02', settings),
  port('br0', 'p1', listens('p1')),
  port('br2', 'p6', listens('p6')),
  port('br0', 'p2', calls('p6')),
  port('br1', 'p3', calls('p1')),
  port('br1', 'p4', listens('p4')),
  port('br2', 'p5', calls('p4')),
  port('br0', 'p7', '', outside),
  ...['br0', 'br1', 'br2'].map((name) => ofctl(`add-flow ${name} actions=normal`)),
];

const TRACES = [
  'ofproto/trace br0 in_port=7,dl_src=50:54:00:00:00:09,dl_dst=50:54:00:00:00:0a',
  'ofproto/trace br0 in_port=1,dl_src=50:54:00:00:00:08,dl_dst=50:54:00:00:00:0b',
  'ofproto/trace br2 in_port=5,dl_src=50:54:00:00:00:08,dl_dst=50:54:00:00:00:0b',
  'ofproto/trace br2 in_port=6,dl_src=50:54:00:00:00:08,dl_dst=50:54:00:00:00:0b',
  'ofproto/trace br0 in_port=1,dl_dst=01:80:c2:00:00:00,dl_type=0x05ff',
  'ofproto/trace br0 in_port=7,dl_dst=01:80:c2:00:00:00,dl_type=0x05ff',
].map(appctl);

const asked = (protocol: 'stp' | 'rstp'): readonly Command[] => [
  appctl(`${protocol}/show`),
  appctl(`${protocol}/show br1`),
  appctl(`${protocol}/show br9`),
  appctl('fdb/show br0'),
  ofctl('show br0'),
  ofctl('show br2'),
  ofctl('-O OpenFlow13 show br2'),
  ...TRACES,
];
const wait = (seconds: number): Command => appctl(`time/warp ${seconds * 1000}`);

const onPort = (name: string, settings: string): Command => vsctl(`set port ${name} ${settings}`);

const STP_STORY: readonly (readonly Command[])[] = [
  ring('stp_enable=true', 'other_config:stp-enable=false'),
  [wait(4)],
  [wait(12)],
  [wait(24)],
  [
    appctl('netdev-dummy/receive p7 in_port(7),eth(src=50:54:00:00:00:09,dst=50:54:00:00:00:0a),eth_type(0x1234)'),
    wait(1),
  ],
  [appctl('netdev-dummy/set-admin-state p1 down'), wait(40)],
  [appctl('netdev-dummy/set-admin-state p1 up'), wait(40)],
  [onPort('p2', 'other_config:stp-path-cost=100'), wait(40)],
  [onPort('p3', 'other_config:stp-path-cost=200 other_config:stp-port-priority=16'), wait(40)],
  [vsctl('set bridge br2 other_config:stp-priority=100'), wait(50)],
  [
    vsctl('set bridge br2 other_config:stp-max-age=6 other_config:stp-forward-delay=4 other_config:stp-hello-time=3'),
    wait(20),
  ],
  [appctl('stp/tcn'), wait(3)],
  [appctl('stp/tcn br0'), wait(5)],
  [vsctl('del-port br0 p2'), wait(40)],
  [onPort('p3', 'other_config:stp-port-num=9'), wait(10)],
  [onPort('p4', 'other_config:stp-port-num=7'), wait(40)],
  [vsctl('set bridge br1 stp_enable=false'), wait(40)],
  [vsctl('del-br br2'), wait(5)],
];

/** A bridge that is gone is asked for too. */
async function ask(target: SwitchUnderTest, args: readonly string[], input: string): Promise<string> {
  try {
    return await target.ofctl(args, input);
  } catch {
    return 'refused';
  }
}

const RSTP_STORY: readonly (readonly Command[])[] = [
  ring('rstp_enable=true', 'other_config:rstp-enable=false'),
  [wait(1)],
  [wait(3)],
  [wait(12)],
  [wait(24)],
  [
    appctl('netdev-dummy/receive p7 in_port(7),eth(src=50:54:00:00:00:09,dst=50:54:00:00:00:0a),eth_type(0x1234)'),
    wait(1),
  ],
  [appctl('netdev-dummy/set-admin-state p1 down'), wait(10)],
  [appctl('netdev-dummy/set-admin-state p1 up'), wait(10)],
  [onPort('p6', 'other_config:rstp-path-cost=10000'), wait(10)],
  [vsctl('set bridge br2 other_config:rstp-priority=4096'), wait(10)],
  [vsctl('set bridge br2 other_config:rstp-forward-delay=20 other_config:rstp-max-age=10'), wait(10)],
  [appctl('rstp/tcn'), appctl('rstp/tcn br0'), wait(3)],
  [onPort('p3', 'other_config:rstp-port-num=9 other_config:rstp-port-priority=48'), wait(20)],
  [vsctl('set bridge br1 other_config:rstp-force-protocol-version=0'), wait(60)],
  [vsctl('set bridge br1 rstp_enable=false'), wait(30)],
];

describe.skipIf(!requireOracle())('spanning trees', () => {
  let oracle: OvsOracle;
  let theirs: SwitchUnderTest;
  let ours: SwitchUnderTest;

  beforeAll(async () => {
    oracle = await OvsOracle.start();
    theirs = new RealSwitch(oracle);
    ours = new OurSwitch();
  });
  afterAll(() => oracle.stop());

  const run = async (target: SwitchUnderTest, { tool, args }: Command): Promise<string> => {
    if (tool === 'vsctl') {
      await target.vsctl(args);
      await target.settle();
      return '';
    }
    if (tool === 'ofctl') {
      const isFlow = args[0] === 'add-flow';
      const text = await ask(target, isFlow ? [args[0]!, args[1]!, '-'] : args, isFlow ? `${args[2]}\n` : '');
      // Numbers of transactions, devices and features are others' concern.
      return String(text).replace(/addr:\S+|xid=\S+|dpid:\S+|capabilities:.*|actions:.*/g, '');
    }
    if (args[0] === 'time/warp') {
      // Second by second: what is sent in one has arrived before the next, as in the world.
      for (let leftMs = Number(args[1]); leftMs > 0; leftMs -= 1000) {
        await target.appctl('time/warp', '1000');
        await target.settle(true);
        await target.settle(true);
      }
      return '';
    }
    const { text } = await target.appctl(args[0]!, ...args.slice(1));
    await target.settle();
    return text;
  };

  const tell = async (story: readonly (readonly Command[])[], protocol: 'stp' | 'rstp'): Promise<void> => {
    await theirs.clear();
    await ours.clear();
    const given: string[] = [];
    for (const [chapter, commands] of story.entries()) {
      for (const command of commands) {
        given.push(`${command.tool} ${command.args.join(' ')}`);
        for (const target of [theirs, ours]) await run(target, command);
      }
      for (const question of asked(protocol)) {
        const [real, own] = [await run(theirs, question), await run(ours, question)];
        expect(own, `chapter ${chapter}: ${question.args.join(' ')} after\n${given.join('\n')}`).toBe(real);
      }
    }
  };

  test('a ring of RSTP', () => tell(RSTP_STORY, 'rstp'), 120_000);
  test('a ring of STP', () => tell(STP_STORY, 'stp'), 120_000);
});
