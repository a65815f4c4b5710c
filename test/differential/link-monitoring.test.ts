/**
 * BFD and CFM through real OVS and through Upcall: what bfd/show and cfm/show print, what the database holds, and what
 * becomes of packets, after the same settings and the same warps. Beside fixed sessions there are random ones: OVS_CASES
 * and OVS_SEED choose how many and which, as in bridge.test.ts.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OvsOracle, requireOracle } from '../support/ovs-oracle.js';
import { summarizeTrace } from './bridge/run.js';
import { OurSwitch } from './bridge/our-switch.js';
import { RealSwitch } from './bridge/switch.js';
import { Dice, suiteSettings } from './dice.js';

const BRIDGES =
  'vsctl add-br br0 -- set bridge br0 datapath-type=dummy fail-mode=standalone other-config:hwaddr=aa:55:aa:55:00:00 ' +
  '-- add-br br1 -- set bridge br1 datapath-type=dummy fail-mode=standalone other-config:hwaddr=aa:55:aa:56:00:00 ' +
  '-- add-port br0 p0 -- set Interface p0 type=patch options:peer=p1 ofport_request=1 ' +
  '-- add-port br1 p1 -- set Interface p1 type=patch options:peer=p0 ofport_request=2 ' +
  '-- add-port br0 p3 -- set Interface p3 type=dummy ofport_request=3 ' +
  '-- add-port br1 p4 -- set Interface p4 type=dummy ofport_request=4';

/** What tells of the monitors of both ends. */
const QUESTIONS = ['p0', 'p1'].flatMap((port) => [
  `appctl bfd/show ${port}`,
  `appctl cfm/show ${port}`,
  `vsctl --columns=bfd_status,cfm_fault,cfm_fault_status,cfm_flap_count,cfm_health,cfm_remote_mpids,cfm_remote_opstate list Interface ${port}`,
]);

/** Times hang on dice, discriminators are random, and whether a CCM has come since the last look is one of the moment. */
const comparable = (text: string): string =>
  text.replace(/^ {2}(\S+ )*(Time|Discriminator|next CCM tx|next fault check|recv since check): ?.*\n/gm, '');

/** How many CCMs have come in a time during which something changed depends on the moment. */
const withoutHealth = (text: string): string => text.replace(/(average health|cfm_health +): [1-9]\d*/g, '$1');

const SESSIONS: Readonly<Record<string, readonly string[]>> = {
  'BFD comes up, goes down, and comes up again': [
    'vsctl set Interface p0 bfd:enable=true -- set Interface p1 bfd:enable=true',
    'appctl time/warp 4100 100',
    'vsctl set Interface p0 bfd:enable=false',
    'appctl time/warp 4100 100',
    'vsctl set Interface p0 bfd:enable=true',
    'appctl time/warp 4100 100',
  ],
  'BFD takes up other intervals and multipliers': [
    'vsctl set Interface p0 bfd:enable=true -- set Interface p1 bfd:enable=true bfd:mult=1',
    'appctl time/warp 3100 100',
    'vsctl set Interface p0 bfd:min_tx=200 bfd:mult=256',
    'vsctl set Interface p1 bfd:min_rx=300 bfd:mult=255',
    'appctl time/warp 3100 100',
    'vsctl set Interface p1 bfd:min_tx=-3 bfd:min_rx=none',
    'appctl time/warp 3100 100',
  ],
  'BFD tells of a concatenated path that is down': [
    'vsctl set Interface p0 bfd:enable=true -- set Interface p1 bfd:enable=true',
    'appctl time/warp 4100 100',
    'vsctl set Interface p0 bfd:cpath_down=true',
    'appctl time/warp 4100 100',
    'vsctl set Interface p0 bfd:cpath_down=false',
    'appctl time/warp 4100 100',
  ],
  'BFD decays without traffic': [
    'vsctl set Interface p0 bfd:enable=true bfd:min_tx=300 bfd:min_rx=300 -- ' +
      'set Interface p1 bfd:enable=true bfd:min_tx=500 bfd:min_rx=500',
    'appctl time/warp 10000 500',
    'vsctl set Interface p0 bfd:decay_min_rx=3000',
    'appctl time/warp 12000 500',
    'vsctl set Interface p0 bfd:decay_min_rx=100',
    'appctl time/warp 10000 500',
  ],
  'commands of BFD': [
    'appctl bfd/show',
    'appctl bfd/show p9',
    'appctl bfd/show p0 p1',
    'appctl bfd/set-forwarding',
    'vsctl set Interface p0 bfd:enable=true',
    'appctl time/warp 1000 100',
    'appctl bfd/set-forwarding p9 true',
    'appctl bfd/set-forwarding p0 maybe',
    'appctl bfd/set-forwarding p0 TRUE',
    'appctl time/warp 200 100',
    'ofctl dump-ports-desc br0',
    'appctl bfd/set-forwarding normal',
    'appctl time/warp 200 100',
    'appctl bfd/show',
  ],
  'CFM finds its remote point, loses it, and finds it again': [
    'vsctl set Interface p0 cfm_mpid=1 other_config:cfm_interval=400 other_config:cfm_extended=true -- ' +
      'set Interface p1 cfm_mpid=2 other_config:cfm_interval=400 other_config:cfm_extended=true',
    'appctl time/warp 10100 100',
    'vsctl clear Interface p1 cfm_mpid',
    'appctl time/warp 4100 100',
    'vsctl set Interface p1 cfm_mpid=5 other_config:cfm_opstate=down',
    'appctl time/warp 3100 100',
  ],
  'CFM by the standard, with a loop': [
    'vsctl set Interface p0 cfm_mpid=7 other_config:cfm_interval=150 -- ' +
      'set Interface p1 cfm_mpid=7 other_config:cfm_interval=100 other_config:cfm_ccm_vlan=5 other_config:cfm_ccm_pcp=3',
    'appctl time/warp 7100 100',
    'vsctl set Interface p0 cfm_mpid=8192',
    'appctl time/warp 2100 100',
  ],
  'CFM on demand': [
    'vsctl set Interface p0 cfm_mpid=1 other_config:cfm_interval=600 other_config:cfm_extended=true ' +
      'other_config:cfm_demand=true -- set Interface p1 cfm_mpid=2 other_config:cfm_interval=600 ' +
      'other_config:cfm_extended=true',
    'appctl time/warp 16000 100',
    'vsctl clear Interface p1 cfm_mpid',
    'appctl time/warp 5100 100',
  ],
  'commands of CFM': [
    'appctl cfm/show',
    'appctl cfm/show p9',
    'appctl cfm/set-fault',
    'vsctl set Interface p0 cfm_mpid=1',
    'appctl time/warp 8000 100',
    'appctl cfm/set-fault p9 true',
    'appctl cfm/set-fault p0 maybe',
    'appctl cfm/set-fault p0 false',
    'appctl time/warp 200 100',
    'ofctl dump-ports-desc br0',
    'appctl cfm/set-fault True',
    'appctl time/warp 200 100',
    'appctl cfm/show',
    'appctl cfm/set-fault normal',
    'appctl time/warp 200 100',
  ],
};

const TUNNELLED = (key: number, destination: string): string =>
  `appctl ofproto/trace --l7-len 0 ovs-dummy tunnel(tun_id=0x${key},src=2.2.2.2,dst=2.2.2.1,tos=0x0,ttl=64,tp_src=0,` +
  'tp_dst=0,flags(key)),in_port(1),eth(src=00:11:22:33:44:55,dst=00:23:20:00:00:01),eth_type(0x0800),' +
  `ipv4(src=169.254.1.0,dst=${destination},proto=17,tos=0,ttl=255,frag=no),udp(src=49152,dst=3784) -generate`;

/** Monitors beside what else a port may have. */
const NEIGHBOURS: Readonly<Record<string, readonly string[]>> = {
  'keys of tunnels': [
    'vsctl add-port br0 gre -- set Interface gre type=gre ofport_request=9 options:remote_ip=2.2.2.2 options:key=1 bfd:enable=true',
    TUNNELLED(1, '169.254.1.1'),
    'vsctl set Interface gre bfd:check_tnl_key=true',
    TUNNELLED(1, '169.254.1.1'),
    'vsctl set Interface gre options:key=0',
    TUNNELLED(0, '169.254.1.1'),
    'vsctl set Interface gre bfd:bfd_src_ip=2.2.2.1',
    TUNNELLED(0, '169.254.1.1'),
    TUNNELLED(0, '2.2.2.1'),
  ],
  'spanning trees': [
    'vsctl set bridge br0 stp_enable=true -- set Interface p3 bfd:enable=true -- ' +
      'add-port br0 p5 -- set Interface p5 type=dummy ofport_request=5',
    'ofctl add-flow br0 priority=9,in_port=5,udp,actions=3,all',
    'appctl ofproto/trace br0 in_port=LOCAL,udp,udp_dst=3784',
    'appctl ofproto/trace br0 in_port=3,udp,udp_dst=3784',
    'appctl ofproto/trace br0 in_port=5,udp,udp_dst=3784',
    'appctl ofproto/trace br0 in_port=5,udp,udp_dst=53',
  ],
  bonds: [
    'vsctl add-bond br0 bond0 b1 b2 bond_mode=active-backup other_config:bond-primary=b1 -- ' +
      'set Interface b1 type=dummy ofport_request=11 bfd:enable=true -- set Interface b2 type=dummy ofport_request=12',
    ...['false', 'true', 'false'].flatMap((forwarding) => [
      `appctl bfd/set-forwarding b1 ${forwarding}`,
      'appctl time/warp 500 100',
      'appctl bond/show bond0',
      'ofctl dump-ports-desc br0',
    ]),
  ],
};

const MONITORED =
  'vsctl set Interface p3 bfd:enable=true cfm_mpid=3 -- set Interface p4 bfd:enable=true bfd:bfd_src_ip=10.0.0.1 ' +
  'bfd:bfd_remote_dst_mac=00:23:20:00:00:01';

const FLOWS = [
  'udp,udp_dst=3784',
  'udp,udp_dst=3785',
  'udp,udp_dst=80,nw_frag=later',
  'udp,udp_dst=3784,nw_dst=10.0.0.1',
  'udp,udp_dst=3784,nw_dst=10.0.0.1,dl_dst=00:23:20:00:00:01',
  'udp,udp_dst=40000,dl_dst=00:23:20:00:00:01',
  'tcp,tcp_dst=3784',
  'udp6,udp_dst=3784',
  'dl_type=0x8902,dl_dst=01:80:c2:00:00:30',
  'dl_type=0x8902,dl_dst=01:23:20:00:00:30',
  'arp',
];

describe.skipIf(!requireOracle())('link monitoring, as in real OVS', () => {
  let oracle: OvsOracle;
  let theirs: RealSwitch;
  let ours: OurSwitch;

  beforeAll(async () => {
    oracle = await OvsOracle.start();
    theirs = new RealSwitch(oracle);
    ours = new OurSwitch();
  });
  afterAll(() => oracle.stop());

  const answer = async (target: RealSwitch | OurSwitch, line: string): Promise<string> => {
    const [tool, ...args] = line.split(' ');
    if (tool === 'vsctl') return comparable(target.vsctl(args));
    if (tool === 'ofctl') return (await target.ofctl(args, '')).replace(/addr:\S+|\(xid=\S+\)/g, '');
    const { ok, text } = await target.appctl(args[0]!, ...args.slice(1));
    if (args[0] === 'ofproto/trace') {
      const reasons = text.split('\n').filter((words) => words.startsWith('  - '));
      // A flood goes out in the order of a hash table over memory addresses.
      const lines = summarizeTrace(text).map((words) =>
        words.replace(/(?<=^Datapath actions: )[\d,]+$/, (ports) => ports.split(',').sort().join()),
      );
      return [...lines, ...reasons].join('\n');
    }
    if (args[0] === 'bond/show') return text.replace(/active member mac: \S+/g, '');
    return comparable(`${ok ? '' : 'error: '}${text}`);
  };

  /** What the two say to the commands, and to the questions after each that moves time. */
  const run = async (target: RealSwitch | OurSwitch, lines: readonly string[]): Promise<readonly string[]> => {
    const said: string[] = [];
    await target.clear();
    for (const line of [BRIDGES, ...lines]) {
      said.push(`${line}\n${await answer(target, line)}`);
      // OVS looks at its ports, and shows what it has seen, a little later.
      for (let i = 0; i < 12; i++) await target.appctl('version');
      if (!line.startsWith('appctl time/warp')) continue;
      for (const question of QUESTIONS) said.push(`${question}\n${await answer(target, question)}`);
    }
    return said;
  };

  const differences = async (lines: readonly string[], blur = (text: string): string => text): Promise<string> => {
    const [real, own] = [(await run(theirs, lines)).map(blur), (await run(ours, lines)).map(blur)];
    const at = real.findIndex((text, i) => text !== own[i]);
    return at < 0 ? '' : `after\n${lines.join('\n')}\nreal OVS:\n${real[at]}\nUpcall:\n${own[at]}`;
  };

  test.each(Object.entries({ ...SESSIONS, ...NEIGHBOURS }))('%s', async (_name, lines) => {
    expect(await differences(lines)).toBe('');
  });

  test('packets of BFD and CFM among others', async () => {
    const traces = [3, 4].flatMap((port) =>
      FLOWS.flatMap((flow) => [
        `appctl ofproto/trace br${port - 3} in_port=${port},${flow}`,
        `appctl ofproto/trace br${port - 3} in_port=${port - 2},${flow}`,
      ]),
    );
    const rules = [3, 4].map((port) => `ofctl add-flow br${port - 3} priority=9,in_port=${port - 2},actions=${port}`);
    expect(await differences([MONITORED, ...rules, ...traces])).toBe('');
  });

  test(
    'random settings',
    async () => {
      const { seed, cases } = suiteSettings('link monitoring', 1);
      const failing: string[] = [];
      for (let i = 0; i < cases && failing.length === 0; i++) {
        const dice = new Dice(seed * 1_000_003 + i);
        const lines = Array.from({ length: 3 }, () => [randomSettings(dice), 'appctl time/warp 12000 100']).flat();
        const difference = await differences(lines, withoutHealth);
        if (difference !== '') failing.push(`case ${i}: ${difference}`);
      }
      expect(failing.join('\n\n')).toBe('');
    },
    30_000 + 10_000 * Number(process.env.OVS_CASES ?? 1),
  );
});

/**
 * Intervals stay well above a step of a warp, so that it does not matter what happens first within one; and three and a
 * half of CFM's are a number of whole steps, for OVS looks at the clock no more often.
 */
function randomSettings(dice: Dice): string {
  const port = dice.pick(['p0', 'p1']);
  const bfd = dice.some(
    [
      `bfd:min_tx=${dice.pick([200, 400, 1000])}`,
      `bfd:min_rx=${dice.pick([200, 400, 1000])}`,
      `bfd:mult=${dice.pick([3, 5, 0])}`,
      `bfd:cpath_down=${dice.pick(['true', 'false'])}`,
      'bfd:bfd_local_src_mac=02:00:00:00:00:09',
    ],
    1,
    3,
  );
  const cfm = dice.some(
    [
      `other_config:cfm_interval=${dice.pick(['400', '1000'])} other_config:cfm_extended=true`,
      'other_config:cfm_interval=1000 other_config:cfm_extended=false',
      `other_config:cfm_opstate=${dice.pick(['up', 'down'])}`,
      `other_config:cfm_ccm_vlan=${dice.pick([0, 9, 'random'])}`,
    ],
    1,
    3,
  );
  return dice.chance(0.6)
    ? `vsctl set Interface ${port} bfd:enable=${dice.chance(0.85)} ${bfd.join(' ')}`
    : `vsctl set Interface ${port} cfm_mpid=${dice.pick([1, 2, 70_000])} other_config:cfm_interval=1000 ${cfm.join(' ')}`;
}
