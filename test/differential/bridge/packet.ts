/** Random packets, each as an OpenFlow flow (for ofproto/trace) and as a datapath flow (for netdev-dummy/receive). */
import type { Dice } from '../dice.js';

export const MACS = [
  '50:54:00:00:00:01',
  '50:54:00:00:00:02',
  '50:54:00:00:00:03',
  'ff:ff:ff:ff:ff:ff',
  '01:00:5e:00:00:05',
];
export const IPV4S = ['10.0.0.1', '10.0.0.2', '10.0.1.9', '192.168.0.1', '224.0.0.5', '172.16.255.3'];
export const IPV6S = ['fe80::1', 'fe80::2', '2001:db8::1', '2001:db8:0:1::7', 'ff02::1:ff00:1'];
export const PORTS = [1, 2, 22, 80, 81, 443, 1024, 4789, 40000, 65535];
export const VIDS = [1, 10, 20, 30, 4095];

/** Names and values in the order in which OpenFlow text wants them: what others depend on comes first. */
export interface Packet {
  readonly inPort: number;
  readonly openflow: string;
  readonly odp: string;
}

interface Layers {
  readonly openflow: readonly string[];
  readonly odp: readonly string[];
}

export function randomPacket(dice: Dice, inPorts: readonly number[]): Packet {
  const inPort = dice.pick(inPorts);
  const source = dice.pick(MACS.slice(0, 3));
  // Now and then an address that bridges keep for themselves (IEEE 802.1D table 7-10).
  const destination = dice.chance(0.04) ? '01:80:c2:00:00:00' : dice.pick(MACS);
  const network = randomNetwork(dice);
  const openflow = [`in_port=${inPort}`, ...network.openflow.slice(0, 1), `dl_src=${source}`, `dl_dst=${destination}`];
  const odp = [`in_port(${inPort})`, `eth(src=${source},dst=${destination})`];
  if (dice.chance(0.45)) {
    const vid = dice.pick([0, ...VIDS]);
    const pcp = dice.pick([0, 0, 0, 5]);
    openflow.push(`dl_vlan=${vid}`, `dl_vlan_pcp=${pcp}`);
    odp.push('eth_type(0x8100)', `vlan(vid=${vid},pcp=${pcp})`, `encap(${network.odp.join(',')})`);
  } else {
    odp.push(...network.odp);
  }
  openflow.push(...network.openflow.slice(1));
  return {
    inPort,
    openflow: openflow.filter((part) => !/=0$/.test(part) || /^dl_vlan=/.test(part)).join(','),
    odp: odp.join(','),
  };
}

function randomNetwork(dice: Dice): Layers {
  switch (dice.below(10)) {
    case 0:
      return randomArp(dice);
    case 1:
      return { openflow: ['dl_type=0x88cc'], odp: ['eth_type(0x88cc)'] };
    case 2:
    case 3:
    case 4:
      return randomIpv6(dice);
    default:
      return randomIpv4(dice);
  }
}

function randomArp(dice: Dice): Layers {
  const op = dice.pick([1, 2]);
  const [spa, tpa] = [dice.pick(IPV4S), dice.pick(IPV4S)];
  const [sha, tha] = [dice.pick(MACS), dice.pick(MACS)];
  return {
    openflow: ['arp', `arp_op=${op}`, `arp_spa=${spa}`, `arp_tpa=${tpa}`, `arp_sha=${sha}`, `arp_tha=${tha}`],
    odp: ['eth_type(0x0806)', `arp(sip=${spa},tip=${tpa},op=${op},sha=${sha},tha=${tha})`],
  };
}

function randomIpv4(dice: Dice): Layers {
  const [source, destination] = [dice.pick(IPV4S), dice.pick(IPV4S)];
  const tos = dice.pick([0, 0, 4, 184, 187]);
  const ttl = dice.pick([64, 64, 64, 1, 255]);
  const frag = dice.pick(['no', 'no', 'no', 'no', 'first', 'later']);
  const protocol = dice.pick([6, 6, 17, 17, 1, 132, 2, 47]);
  const word = { 6: 'tcp', 17: 'udp', 1: 'icmp', 132: 'sctp' }[protocol];
  const transport: Layers = frag === 'later' ? { openflow: [], odp: [] } : randomTransport(dice, protocol);
  return {
    openflow: [
      word ?? 'ip',
      ...(word === undefined ? [`nw_proto=${protocol}`] : []),
      `nw_src=${source}`,
      `nw_dst=${destination}`,
      `nw_tos=${tos & 0xfc}`,
      `nw_ecn=${tos & 3}`,
      `nw_ttl=${ttl}`,
      ...(frag === 'no' ? [] : [`nw_frag=${frag}`]),
      ...transport.openflow,
    ],
    odp: [
      'eth_type(0x0800)',
      `ipv4(src=${source},dst=${destination},proto=${protocol},tos=${tos},ttl=${ttl},frag=${frag})`,
      ...transport.odp,
    ],
  };
}

function randomIpv6(dice: Dice): Layers {
  const [source, destination] = [dice.pick(IPV6S), dice.pick(IPV6S)];
  const label = dice.pick([0, 0, 5, 0xfffff]);
  const limit = dice.pick([64, 64, 1]);
  const protocol = dice.pick([6, 17, 58, 58, 132, 59]);
  const word = { 6: 'tcp6', 17: 'udp6', 58: 'icmp6', 132: 'sctp6' }[protocol];
  const transport = randomTransport(dice, protocol);
  return {
    openflow: [
      word ?? 'ipv6',
      ...(word === undefined ? [`nw_proto=${protocol}`] : []),
      `ipv6_src=${source}`,
      `ipv6_dst=${destination}`,
      `ipv6_label=${label}`,
      `nw_ttl=${limit}`,
      ...transport.openflow,
    ],
    odp: [
      'eth_type(0x86dd)',
      `ipv6(src=${source},dst=${destination},label=0x${label.toString(16)},proto=${protocol},tclass=0,hlimit=${limit},frag=no)`,
      ...transport.odp,
    ],
  };
}

function randomTransport(dice: Dice, protocol: number): Layers {
  const [source, destination] = [dice.pick(PORTS), dice.pick(PORTS)];
  switch (protocol) {
    case 6: {
      const flags = dice.pick(['syn', 'ack', 'syn|ack', 'fin|ack']);
      return {
        openflow: [`tcp_src=${source}`, `tcp_dst=${destination}`, `tcp_flags=${flags}`],
        odp: [`tcp(src=${source},dst=${destination})`, `tcp_flags(${flags})`],
      };
    }
    case 17:
      return {
        openflow: [`udp_src=${source}`, `udp_dst=${destination}`],
        odp: [`udp(src=${source},dst=${destination})`],
      };
    case 132:
      return {
        openflow: [`sctp_src=${source}`, `sctp_dst=${destination}`],
        odp: [`sctp(src=${source},dst=${destination})`],
      };
    case 1: {
      const type = dice.pick([0, 8, 3]);
      const code = type === 3 ? 1 : 0;
      return { openflow: [`icmp_type=${type}`, `icmp_code=${code}`], odp: [`icmp(type=${type},code=${code})`] };
    }
    case 58: {
      const type = dice.pick([128, 129, 135, 136]);
      const icmp = [`icmpv6_type=${type}`];
      if (type < 135) return { openflow: icmp, odp: [`icmpv6(type=${type},code=0)`] };
      const target = dice.pick(IPV6S);
      const mac = dice.pick(MACS);
      const [option, odpOption] = type === 135 ? ['nd_sll', 'sll'] : ['nd_tll', 'tll'];
      return {
        openflow: [...icmp, `nd_target=${target}`, `${option}=${mac}`],
        odp: [`icmpv6(type=${type},code=0)`, `nd(target=${target},${odpOption}=${mac})`],
      };
    }
    default:
      return { openflow: [], odp: [] };
  }
}
