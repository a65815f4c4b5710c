/** Random bonds, what happens to their links and settings, and packets through them. */
import type { Dice } from '../dice.js';
import { appctl, type Command, ofctl, vsctl } from '../native-tunnel/setup.js';

/** Ports beside the bond, whose members are p1 and on. */
const PLAIN_PORTS = ['p6', 'p7'];
export const PORTS = ['p1', 'p2', 'p3', 'p4', ...PLAIN_PORTS];

const MODES = ['active-backup', 'balance-slb', 'balance-tcp'];
const SOURCES = ['50:54:00:00:00:01', '50:54:00:00:00:02', '50:54:00:00:00:03', '50:54:00:00:00:04'];
const DESTINATIONS = [...SOURCES, 'ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:01', '01:80:c2:00:00:02'];
const VLAN_SETTINGS = [
  '',
  '',
  'tag=5',
  'trunks=0,5',
  'vlan_mode=native-untagged tag=5',
  'vlan_mode=native-tagged tag=5',
];

const device = (name: string): string =>
  `-- set Interface ${name} type=dummy ofport_request=${name.slice(1)} options:tx_pcap={dir}/${name}.pcap`;

/** A bridge with a bond whose members come up in the order of their numbers. */
export function randomSetup(dice: Dice): {
  readonly commands: readonly Command[];
  readonly members: readonly string[];
} {
  const members = ['p1', 'p2', 'p3', 'p4'].slice(0, dice.between(2, 4));
  // Without rebalancing as a rule: when exactly it happens is another test's concern.
  const settings = ['other_config:bond-rebalance-interval=0', ...randomSettings(dice), dice.pick(VLAN_SETTINGS)].join(
    ' ',
  );
  return {
    members,
    commands: [
      vsctl('add-br br0 -- set bridge br0 datapath_type=dummy fail_mode=secure other_config:hwaddr=aa:55:aa:55:00:00'),
      vsctl(`add-bond br0 bond0 ${members.join(' ')} ${settings} ${members.map(device).join(' ')}`),
      ...PLAIN_PORTS.map((name) => vsctl(`add-port br0 ${name} ${dice.pick(VLAN_SETTINGS)} ${device(name)}`)),
      ofctl('add-flow br0 actions=normal'),
      ...members.map((name) => appctl(`netdev-dummy/set-admin-state ${name} down`)),
      ...waiting(20),
      ...members.flatMap((name) => [appctl(`netdev-dummy/set-admin-state ${name} up`), ...waiting(20)]),
    ],
  };
}

/** So many steps of 100 ms: delays are multiples of that. */
const waiting = (steps: number): readonly Command[] => [appctl(`time/warp ${steps * 100} 100`)];

function randomSettings(dice: Dice): readonly string[] {
  return dice.some(
    [
      `bond_mode=${dice.pick(MODES)}`,
      `bond_mode=${dice.pick(MODES)}`,
      `bond_updelay=${dice.pick([0, 100, 300])}`,
      `bond_downdelay=${dice.pick([0, 200])}`,
      `other_config:bond-primary=${dice.pick(['p1', 'p2', 'p9'])}`,
      `other_config:bond-hash-basis=${dice.pick([0, 7, 12345])}`,
      `other_config:all-members-active=${dice.pick(['true', 'false'])}`,
      `other_config:lb-output-action=${dice.pick(['true', 'false'])}`,
      'lacp=passive',
      `other_config:lacp-fallback-ab=${dice.pick(['true', 'false'])}`,
    ],
    0,
    4,
  );
}

export function randomStep(dice: Dice, members: readonly string[]): readonly Command[] {
  const member = dice.pick(members);
  const show = appctl('bond/show');
  switch (dice.below(12)) {
    case 0:
    case 1:
      return [
        appctl(`netdev-dummy/set-admin-state ${member} ${dice.pick(['up', 'up', 'down'])}`),
        show,
        ...waiting(dice.between(1, 4)),
        show,
      ];
    case 2: {
      const settings = randomSettings(dice);
      if (settings.length === 0) return [show];
      return [vsctl(`set port bond0 ${settings.join(' ')}`), ...waiting(1), show];
    }
    case 3:
      return [
        vsctl(
          `remove port bond0 ${dice.pick(['lacp passive', 'other_config bond-primary', 'other_config bond-hash-basis'])}`,
        ),
        ...waiting(1),
        show,
      ];
    case 4:
      return [
        appctl(`bond/migrate bond0 ${dice.pick([hashOf(dice), '-1', '300'])} ${dice.pick([...members, 'p9'])}`),
        appctl(`bond/set-active-member ${dice.pick(['bond0', 'bond0', 'bond9'])} ${dice.pick([...members, 'p9'])}`),
        show,
      ];
    case 5:
      return [
        appctl(`bond/${dice.pick(['enable', 'disable'])}-${dice.pick(['member', 'slave'])} bond0 ${member}`),
        ...waiting(1),
        show,
      ];
    case 6:
      return [
        appctl(
          `bond/hash ${dice.pick([...SOURCES, 'x', '50:54:00'])} ${dice.pick(['0', '5', '70000', 'x'])} ${dice.pick(['0', '9', '-1'])}`,
        ),
        appctl('bond/list'),
      ];
    case 7:
    case 8:
    case 9:
      return [{ tool: 'appctl', args: ['ofproto/trace', 'br0', randomFlow(dice, members)] }];
    default: {
      const port = dice.pick([...members, ...PLAIN_PORTS]);
      return [{ tool: 'appctl', args: ['netdev-dummy/receive', port, randomFrame(dice, port)] }];
    }
  }
}

const hashOf = (dice: Dice): string => String(dice.below(256));

function randomFlow(dice: Dice, members: readonly string[]): string {
  const vlan = dice.pick(['', '', ',dl_vlan=5', ',dl_vlan=7']);
  const kind = dice.pick([
    ',dl_type=0x8809',
    ',arp,arp_op=1,arp_spa=10.0.0.1,arp_tpa=10.0.0.1',
    ',arp,arp_op=2,arp_spa=10.0.0.1,arp_tpa=10.0.0.2',
    `,tcp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tcp_src=${dice.below(4)},tcp_dst=80`,
    `,udp6,ipv6_src=::1,ipv6_dst=::2,udp_src=${dice.below(4)},udp_dst=53`,
    ',icmp,nw_src=10.0.0.1,nw_dst=10.0.0.2',
  ]);
  const port = dice.pick([...members, ...PLAIN_PORTS]).slice(1);
  return `in_port=${port},dl_src=${dice.pick(SOURCES)},dl_dst=${dice.pick(DESTINATIONS)}${vlan}${kind}`;
}

function randomFrame(dice: Dice, port: string): string {
  const eth = `in_port(${port.slice(1)}),eth(src=${dice.pick(SOURCES)},dst=${dice.pick(DESTINATIONS)}),`;
  const inner = dice.pick([
    'eth_type(0x0806),arp(sip=10.0.0.1,tip=10.0.0.1,op=1,sha=50:54:00:00:00:01,tha=00:00:00:00:00:00)',
    'eth_type(0x0806),arp(sip=10.0.0.1,tip=10.0.0.2,op=2,sha=50:54:00:00:00:01,tha=00:00:00:00:00:00)',
    `eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=6,tos=0,ttl=64,frag=no),tcp(src=${dice.below(9)},dst=80),tcp_flags(ack)`,
    `eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ttl=64,frag=no),udp(src=${dice.below(9)},dst=80)`,
  ]);
  return dice.chance(0.3) ? `${eth}eth_type(0x8100),vlan(vid=${dice.pick([5, 7])},pcp=0),encap(${inner})` : eth + inner;
}
