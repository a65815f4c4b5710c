/**
 * Native tunnels through real OVS and through Upcall: routes, neighbours, tnl_push and tnl_pop.
 * OVS_CASES and OVS_SEED choose how many random packets and which, as in bridge.test.ts.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OvsOracle, requireOracle } from '../support/ovs-oracle.js';
import { OurSwitch } from './bridge/our-switch.js';
import { RealSwitch, type SwitchUnderTest } from './bridge/switch.js';
import { Dice, suiteSettings } from './dice.js';
import { KEEPERS, randomCommands } from './native-tunnel/random.js';
import { differences } from './native-tunnel/script.js';
import { ADDRESSES, appctl, BRIDGES, type Command, NEIGHBOURS, ofctl, TUNNELS, vsctl } from './native-tunnel/setup.js';

const INNER =
  'in_port=LOCAL,dl_src=aa:55:aa:55:00:00,dl_dst=f8:bc:12:ff:ff:ff,ip,nw_src=1.1.3.92,nw_dst=1.1.3.88,nw_proto=1,nw_ttl=64,nw_tos=12';
const LISTS = ['ovs/route/show', 'tnl/neigh/show', 'tnl/ports/show', 'tnl/ports/show -v', 'tnl/neigh/aging'].map(
  appctl,
);
/** Traces of a random case, and cases that are shown. */
const TRACES = 25;
const SHOWN = 3;
const PORTS = [2, 3, 4, 5, 6, 7, 8, 9, 11];

describe.skipIf(!requireOracle())('native tunnels', () => {
  let oracle: OvsOracle;
  let theirs: SwitchUnderTest;
  let ours: SwitchUnderTest;

  const compare = async (...commands: readonly (readonly Command[])[]): Promise<void> => {
    expect((await differences(theirs, ours, commands.flat())).join('\n\n')).toBe('');
  };

  beforeEach(async () => {
    oracle = await OvsOracle.start();
    theirs = new RealSwitch(oracle);
    ours = new OurSwitch();
  });
  afterEach(() => oracle.stop());

  test('routes and neighbours in words', async () => {
    await compare(
      BRIDGES,
      TUNNELS,
      [
        'ovs/route/add 1.1.2.92/24 br0',
        'netdev-dummy/ip4addr br9 1.1.2.88/24',
        'netdev-dummy/ip4addr br0 1.1.2.88/33',
        'netdev-dummy/ip4addr br0 1.1.2',
        'netdev-dummy/ip6addr br0 1.1.2.3/24',
        'netdev-dummy/ip6addr br0 fe80::1/129',
      ].map(appctl),
      ADDRESSES,
      [
        'ovs/route/add 1.1.2.92/24 br0 nonsense',
        'ovs/route/add 1.1.2.92/24 br0 1.1.2.1 pkt_mark=0x10',
        'ovs/route/add 1.1.2.92/24 br0 1.1.2.1 mark=0x10',
        'ovs/route/add 2.2.2.0/24 br0',
        'ovs/route/add 2.2.2.0/24 br0 1.1.2.9',
        'ovs/route/add 2001:db8::/32 br0 2001:cafe::1',
        'ovs/route/add 2001:db8::/32 br0 x',
        'ovs/route/add hello br0',
        'ovs/route/add 1.1.2.0/24 br9',
      ].map(appctl),
      LISTS,
      [
        'ovs/route/lookup 1.1.2.92',
        'ovs/route/lookup 1.1.2.92 pkt_mark=1234',
        'ovs/route/lookup 1.1.2.92 pkt_mark=16',
        'ovs/route/lookup 1.1.2.92 pkt=16',
        'ovs/route/lookup 1.1.2.92/24',
        'ovs/route/lookup 3.3.3.3',
        'ovs/route/lookup 10.1.2.3',
        'ovs/route/lookup 2001:cafe::9',
        'ovs/route/lookup 2001:db8::9',
        'ovs/route/del 1.1.2.92/24',
        'ovs/route/del 1.1.2.92/24',
        'ovs/route/del 1.1.2.92/24 pkt_mark=16',
        'ovs/route/del x',
        'tnl/neigh/set br0 1.1.2.3 aa:bb:cc:dd:ee:ff',
        'tnl/neigh/set br0 1.1.2 aa:bb:cc:dd:ee:ff',
        'tnl/neigh/set br0 1.1.2.3 aa:bb:cc:dd:ee',
        'tnl/neigh/set br0 fe80::1 aa:bb:cc:dd:ee:ff',
        'tnl/neigh/aging 0',
        'tnl/neigh/aging 3601',
        'tnl/neigh/aging 20',
        'tnl/egress_port_range',
        'tnl/egress_port_range 0 5',
        'tnl/egress_port_range 5 0',
      ].map(appctl),
      LISTS,
      ['tnl/neigh/flush', 'tnl/neigh/show'].map(appctl),
    );
  });

  test('tunnels push', async () => {
    await compare(BRIDGES, TUNNELS, ADDRESSES, NEIGHBOURS, [ofctl('add-flow br0 actions=normal')]);
    for (const port of PORTS) {
      await compare([
        ofctl('del-flows int-br'),
        ofctl(`add-flow int-br actions=set_field:1.1.2.92->tun_dst,set_field:77->tun_id,${port}`),
        { tool: 'appctl', args: ['ofproto/trace', 'int-br', INNER] },
        ofctl(`add-flow int-br actions=set_field:1.1.2.92->tun_dst,set_field:77->tun_id,${port},10`),
        { tool: 'appctl', args: ['ofproto/trace', 'int-br', INNER] },
      ]);
    }
    await compare([
      ofctl('add-flow int-br actions=2,3,10,4'),
      { tool: 'appctl', args: ['ofproto/trace', 'int-br', INNER] },
      ofctl('add-flow int-br actions=normal'),
      { tool: 'appctl', args: ['ofproto/trace', 'int-br', INNER] },
      ofctl('add-flow int-br actions=2,mod_vlan_vid:7,3,dec_ttl,10'),
      { tool: 'appctl', args: ['ofproto/trace', 'int-br', INNER] },
      ofctl('add-flow int-br actions=set_field:9.9.9.9->tun_dst,5'),
      { tool: 'appctl', args: ['ofproto/trace', 'int-br', INNER] },
    ]);
  });

  test('tunnels pop', async () => {
    await compare(BRIDGES, TUNNELS, ADDRESSES, NEIGHBOURS, [ofctl('add-flow br0 actions=normal')]);
    const from = 'in_port=1,dl_src=f8:bc:12:44:34:b6,dl_dst=aa:55:aa:55:00:00';
    const outer = [
      'udp,nw_src=1.1.2.92,nw_dst=1.1.2.88,nw_ttl=64,udp_src=51283,udp_dst=4789',
      'udp,nw_src=1.1.2.92,nw_dst=1.1.2.88,nw_ttl=64,udp_src=51283,udp_dst=6081',
      'udp,nw_src=1.1.2.92,nw_dst=1.1.2.88,nw_ttl=64,udp_src=51283,udp_dst=53',
      'udp,nw_src=1.1.2.92,nw_dst=1.1.2.89,nw_ttl=64,udp_src=51283,udp_dst=4789',
      'ip,nw_src=1.1.2.92,nw_dst=1.1.2.88,nw_ttl=64,nw_proto=47',
      'udp6,ipv6_src=2001:cafe::92,ipv6_dst=2001:cafe::88,nw_ttl=64,udp_src=51283,udp_dst=4789',
      'ipv6,ipv6_src=2001:cafe::92,ipv6_dst=2001:cafe::88,nw_ttl=64,nw_proto=47',
      'tcp,nw_src=1.1.2.92,nw_dst=1.1.2.88,nw_ttl=64,tcp_src=51283,tcp_dst=4789',
      'arp,arp_op=2,arp_spa=1.1.2.92,arp_tpa=1.1.2.88,arp_sha=f8:bc:12:44:34:b6',
      'arp,arp_op=1,arp_spa=1.1.2.92,arp_tpa=1.1.2.88,arp_sha=f8:bc:12:44:34:b6',
      'arp,arp_op=1,arp_spa=1.1.2.92,arp_tpa=1.1.2.92,arp_sha=f8:bc:12:44:34:b6',
      'icmp6,ipv6_src=2001:cafe::92,ipv6_dst=2001:cafe::88,icmpv6_type=136,icmpv6_code=0,nd_target=2001:cafe::92,nd_tll=f8:bc:12:44:34:b6',
    ];
    for (const actions of ['normal', 'LOCAL', 'LOCAL,1']) {
      await compare(
        [ofctl(`add-flow br0 actions=${actions}`)],
        outer.map((text) => ({ tool: 'appctl' as const, args: ['ofproto/trace', 'br0', `${from},${text}`] })),
        [
          {
            tool: 'appctl',
            args: ['ofproto/trace', 'br0', `${from},dl_vlan=5,udp,nw_src=1.1.2.92,nw_dst=1.1.2.88,udp_dst=4789`],
          },
        ],
      );
    }
  });

  test('neighbours are asked for and overheard', async () => {
    await compare(BRIDGES, TUNNELS, ADDRESSES, [
      ofctl('add-flow br0 actions=normal'),
      ofctl('add-flow int-br actions=2,6,7,10'),
    ]);
    const arp = (sip: string, tip: string, op: number, mac: string): string =>
      `in_port(1),eth(src=${mac},dst=ff:ff:ff:ff:ff:ff),eth_type(0x0806),arp(sip=${sip},tip=${tip},op=${op},sha=${mac},tha=00:00:00:00:00:00)`;
    const receive = (port: string, flow: string): Command => ({
      tool: 'appctl',
      args: ['netdev-dummy/receive', port, flow],
    });
    const inner =
      'in_port(2),eth(src=aa:55:aa:55:00:00,dst=f8:bc:12:ff:ff:ff),eth_type(0x0800),ipv4(src=1.1.3.92,dst=1.1.3.88,proto=1,tos=0,ttl=64,frag=no),icmp(type=0,code=0)';
    const nd =
      'in_port(1),eth(src=f8:bc:12:44:34:c9,dst=aa:55:aa:55:00:00),eth_type(0x86dd),ipv6(src=2001:cafe::92,dst=2001:cafe::88,label=0,proto=58,tclass=0,hlimit=255,frag=no),icmpv6(type=136,code=0),nd(target=2001:cafe::92,tll=f8:bc:12:44:34:c9)';
    await compare([
      receive('v1', inner),
      receive('p0', arp('1.1.2.92', '1.1.2.88', 2, 'f8:bc:12:44:34:c8')),
      ...LISTS,
      receive('v1', inner),
      receive('p0', arp('1.1.2.92', '1.1.2.90', 2, 'f8:bc:12:44:34:b8')),
      ...LISTS,
      receive('p0', arp('1.1.2.93', '1.1.2.93', 1, 'f8:bc:12:44:34:d3')),
      receive('v1', arp('1.1.2.92', '1.1.2.88', 2, 'f8:bc:12:44:34:e1')),
      receive('p0', nd),
      ...LISTS,
      receive('v1', inner),
      vsctl('set port br0 tag=10'),
      receive('p0', arp('1.1.2.93', '1.1.2.88', 2, 'f8:bc:12:44:34:d4')),
      ...LISTS,
    ]);
  });

  test(
    'random tunnels and packets',
    async () => {
      const { seed, cases } = suiteSettings('native tunnels', 20);
      await compare(BRIDGES, KEEPERS, ADDRESSES, NEIGHBOURS);
      const failing: string[] = [];
      for (let i = 0; i < cases && failing.length < SHOWN; i++) {
        const commands = randomCommands(new Dice(seed * 1_000_003 + i), TRACES);
        const found = await differences(theirs, ours, commands);
        const settings = commands.filter(({ tool }) => tool !== 'appctl').map(({ args }) => args.join(' '));
        if (found.length > 0) failing.push(`${settings.join('\n')}\n${found.length} of ${TRACES} differ\n${found[0]}`);
      }
      expect(failing.join('\n\n')).toBe('');
    },
    30_000 + 5000 * Number(process.env.OVS_CASES ?? 20),
  );
});
