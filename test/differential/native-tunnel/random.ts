/** Random tunnels, rules and packets on the switch of setup.ts. */
import type { Dice } from '../dice.js';
import { type Command, ofctl, vsctl } from './setup.js';

const TUNNEL_PORTS = [2, 3, 4, 5, 6];
const REMOTES = ['1.1.2.92', '1.1.2.93', '1.1.2.77', '2001:cafe::92', '10.1.1.1', '7.7.7.7', 'flow'];

/** One tunnel of each kind that stays, so that their datapath ports keep their numbers. */
export const KEEPERS: readonly Command[] = ['vxlan', 'vxlan options:dst_port=5000', 'gre', 'geneve'].map((type, i) =>
  vsctl(
    `add-port int-br k${i} -- set Interface k${i} ofport_request=${20 + i} type=${type} options:remote_ip=8.8.8.8 options:key=99`,
  ),
);

function tunnelOptions(dice: Dice, type: string): string {
  const options = [`options:remote_ip=${dice.pick(REMOTES)}`];
  const key = dice.pick(['', '', 'options:key=5', 'options:key=flow', 'options:out_key=7', 'options:out_key=flow']);
  if (key !== '') options.push(key);
  if (dice.chance(0.3)) options.push('options:csum=true');
  if (dice.chance(0.3)) options.push(`options:tos=${dice.pick(['inherit', '0x28'])}`);
  if (dice.chance(0.3)) options.push(`options:ttl=${dice.pick(['inherit', '9'])}`);
  if (dice.chance(0.2)) options.push('options:df_default=false');
  if (dice.chance(0.2)) options.push(`options:egress_pkt_mark=${dice.pick(['1234', '9'])}`);
  if (dice.chance(0.2) && type === 'gre') options.push('options:seq=true');
  else if (dice.chance(0.2) && type === 'vxlan') options.push('options:dst_port=5000');
  return options.join(' ');
}

/** Two tunnels may ask for the same thing: the second does not come up then, so each has a key of its own to match. */
function tunnels(dice: Dice): readonly Command[] {
  return TUNNEL_PORTS.map((port) => {
    const type = dice.pick(['vxlan', 'gre', 'geneve']);
    return vsctl(
      `--if-exists del-port t${port} -- add-port int-br t${port} -- set Interface t${port} type=${type} ` +
        `ofport_request=${port} ${tunnelOptions(dice, type)} options:in_key=${port}`,
    );
  });
}

/** No flood: its order is that of how often ports came and went. */
const INNER_ACTIONS = [
  'set_field:1.1.2.92->tun_dst',
  'set_field:77->tun_id',
  'mod_vlan_vid:7',
  'mod_dl_dst:00:11:22:33:44:55',
  'mod_nw_tos:32',
  'strip_vlan',
  'load:9->NXM_NX_PKT_MARK[]',
  'output:10',
  'resubmit(,1)',
  'output(port=2,max_len=100)',
];

const OUTER_RULES = [
  'priority=1,actions=normal',
  'priority=5,udp,tp_dst=4789,actions=1',
  'priority=6,nw_dst=1.1.2.92,ip,actions=mod_vlan_vid:9,1',
  'priority=7,in_port=LOCAL,actions=1,1',
  'priority=8,in_port=1,actions=LOCAL',
  'priority=9,in_port=1,actions=mod_nw_dst:1.1.2.88,LOCAL,IN_PORT',
  'priority=10,ip,actions=dec_ttl,normal',
];

function rules(dice: Dice): readonly Command[] {
  const inner = [0, 1].map((table) => {
    const actions = Array.from({ length: dice.below(4) }, () => dice.pick(INNER_ACTIONS));
    const open = table === 1 ? actions.filter((action) => !action.startsWith('resubmit')) : actions;
    return ofctl(`add-flow int-br table=${table},actions=${[...open, `output:${dice.pick(TUNNEL_PORTS)}`].join(',')}`);
  });
  const outer = Array.from({ length: 1 + dice.below(4) }, () => ofctl(`add-flow br0 ${dice.pick(OUTER_RULES)}`));
  return [ofctl('del-flows int-br'), ofctl('del-flows br0'), ...inner, ...outer];
}

function packet(dice: Dice, isOuter: boolean): string {
  const inPort = isOuter ? dice.pick(['1', '1', '1', 'LOCAL']) : dice.pick(['10', '10', 'LOCAL']);
  const parts = [
    `in_port=${inPort}`,
    `dl_src=${dice.pick(['f8:bc:12:44:34:b6', 'f8:bc:12:44:34:77'])}`,
    `dl_dst=${dice.pick(['aa:55:aa:55:00:00', 'aa:55:aa:55:00:00', 'ff:ff:ff:ff:ff:ff', '00:00:00:00:00:09'])}`,
  ];
  if (dice.chance(0.2)) parts.push(`dl_vlan=${dice.pick(['0', '5'])}`);
  const kind = dice.pick(['udp', 'udp', 'tcp', 'gre', 'udp6', 'gre6', 'arp', 'na', 'other']);
  const ipv4 = `nw_src=${dice.pick(REMOTES.slice(0, 3))},nw_dst=${dice.pick(['1.1.2.88', '1.1.2.88', '1.1.2.89'])}`;
  const ipv6 = `ipv6_src=2001:cafe::92,ipv6_dst=${dice.pick(['2001:cafe::88', '2001:cafe::89'])}`;
  const tail = `nw_ttl=${dice.pick(['1', '64'])},nw_tos=${dice.pick(['0', '4', '32'])},nw_ecn=${dice.below(4)}`;
  const ports = `udp_src=999,udp_dst=${dice.pick(['4789', '6081', '5000', '53'])}`;
  const arp = `arp_op=${1 + dice.below(2)},arp_spa=1.1.2.92,arp_tpa=${dice.pick(['1.1.2.88', '1.1.2.92', '1.1.2.9'])}`;
  const frag = dice.chance(0.15) ? `,nw_frag=${dice.pick(['first', 'later'])}` : '';
  const body = {
    udp: `udp,${ipv4},${tail},${ports}${frag}`,
    tcp: `tcp,${ipv4},${tail},tcp_src=1,tcp_dst=4789`,
    gre: `ip,nw_proto=47,${ipv4},${tail}${frag}`,
    udp6: `udp6,${ipv6},${tail},${ports}`,
    gre6: `ipv6,nw_proto=47,${ipv6},${tail}`,
    arp: `arp,${arp},arp_sha=f8:bc:12:44:34:b6`,
    na: `icmp6,${ipv6},nw_ttl=255,icmpv6_type=136,icmpv6_code=0,nd_target=2001:cafe::92,nd_tll=f8:bc:12:44:34:b6`,
    other: 'dl_type=0x1234',
  }[kind as 'udp'];
  return `${parts.join(',')},${body}`;
}

export function randomCommands(dice: Dice, traces: number): readonly Command[] {
  const steps = Array.from({ length: traces }, (): Command => {
    const isOuter = dice.chance(0.5);
    return { tool: 'appctl', args: ['ofproto/trace', isOuter ? 'br0' : 'int-br', packet(dice, isOuter)] };
  });
  return [...tunnels(dice), ...rules(dice), ...steps];
}
