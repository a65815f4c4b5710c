/**
 * The switch of OVS's tests/tunnel-push-pop.at as commands: an underlay bridge br0 with addresses and p0, and int-br
 * with tunnels of each kind.
 */
export interface Command {
  readonly tool: 'vsctl' | 'ofctl' | 'appctl';
  readonly args: readonly string[];
}

const words = (line: string): readonly string[] => line.trim().split(/\s+/);
const command =
  (tool: Command['tool']) =>
  (line: string): Command => ({ tool, args: words(line) });
export const vsctl = command('vsctl');
export const ofctl = command('ofctl');
export const appctl = command('appctl');

const tunnel = (name: string, number: number, type: string, options: string): string =>
  `-- add-port int-br ${name} -- set Interface ${name} type=${type} ofport_request=${number} ${options}`;

export const BRIDGES: readonly Command[] = [
  vsctl(
    'add-br br0 -- set bridge br0 datapath_type=dummy fail_mode=secure other-config:hwaddr=aa:55:aa:55:00:00 ' +
      '-- add-port br0 p0 -- set Interface p0 type=dummy ofport_request=1 options:tx_pcap={dir}/p0.pcap',
  ),
  vsctl(
    'add-br int-br -- set bridge int-br datapath_type=dummy fail_mode=secure other-config:hwaddr=aa:55:aa:55:00:99 ' +
      '-- add-port int-br v1 -- set Interface v1 type=dummy ofport_request=10 options:tx_pcap={dir}/v1.pcap',
  ),
];

export const TUNNELS: readonly Command[] = [
  tunnel('t2', 2, 'vxlan', 'options:remote_ip=1.1.2.92 options:key=123'),
  tunnel('t1', 3, 'gre', 'options:remote_ip=1.1.2.92 options:key=456'),
  tunnel('t3', 4, 'vxlan', 'options:remote_ip=1.1.2.93 options:out_key=flow options:csum=true'),
  tunnel('t4', 5, 'geneve', 'options:remote_ip=flow options:key=123'),
  tunnel('t5', 6, 'geneve', 'options:remote_ip=1.1.2.93 options:out_key=flow options:egress_pkt_mark=1234'),
  tunnel('t6', 7, 'vxlan', 'options:remote_ip=2001:cafe::92 options:key=789'),
  tunnel('t7', 8, 'gre', 'options:remote_ip=2001:cafe::93 options:key=flow options:csum=true'),
  tunnel('t8', 9, 'geneve', 'options:remote_ip=10.9.9.9 options:key=5 options:tos=inherit options:ttl=inherit'),
  tunnel('t9', 11, 'gre', 'options:remote_ip=1.1.2.94 options:seq=true options:df_default=false options:tos=0x20'),
].map((text) => vsctl(text.slice(3)));

export const ADDRESSES: readonly Command[] = [
  'netdev-dummy/ip4addr br0 1.1.2.88/24',
  'netdev-dummy/ip6addr br0 2001:cafe::88/24',
  'ovs/route/add 1.1.2.92/24 br0',
  'ovs/route/add 1.1.2.92/24 br0 pkt_mark=1234',
  'ovs/route/add 2001:cafe::/64 br0',
  'ovs/route/add 10.0.0.0/8 br0 1.1.2.1',
].map(appctl);

export const NEIGHBOURS: readonly Command[] = [
  'tnl/neigh/set br0 1.1.2.92 f8:bc:12:44:34:b6',
  'tnl/neigh/set br0 1.1.2.93 f8:bc:12:44:34:b7',
  'tnl/arp/set br0 1.1.2.1 f8:bc:12:44:34:01',
  'tnl/neigh/set br0 1.1.2.94 f8:bc:12:44:34:b8',
  'tnl/neigh/set br0 2001:cafe::92 f8:bc:12:46:58:e0',
  'tnl/neigh/set br0 2001:cafe::93 f8:bc:12:46:58:e1',
].map(appctl);
