/** One well-formed frame of every kind that key extraction knows, by name. */
import { eth, mac, type PacketBuilder } from './packet-builder.js';

const SAMPLES: Readonly<Record<string, PacketBuilder>> = {
  'ipv4 udp': eth().ipv4('10.0.0.1', '10.0.0.2').udp(1000, 53).payload(20),
  'ipv4 udp without checksum': eth().ipv4('10.0.0.1', '10.0.0.2').udp(1000, 53, { checksum: 0 }).payload(20),
  'ipv4 tcp with options': eth()
    .ipv4('192.168.1.1', '192.168.1.2', { tos: 0xb9, ttl: 3 })
    .tcp(40000, 443, { flags: 0x1ff, options: Uint8Array.of(2, 4, 5, 0xb4) })
    .payload(7),
  'ipv4 with options': eth()
    .ipv4('10.1.0.1', '10.1.0.2', { options: Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 0) })
    .tcp(1, 2),
  'ipv4 sctp': eth().ipv4('10.0.0.1', '10.0.0.2').sctp(3868, 3869).payload(16),
  'ipv4 icmp echo': eth().ipv4('10.0.0.1', '10.0.0.2').icmp(8, 0).payload(56),
  'ipv4 igmp': eth().ipv4('10.0.0.1', '224.0.0.22').igmp(0x16, '239.1.2.3'),
  'ipv4 first fragment': eth().ipv4('10.0.0.1', '10.0.0.2', { moreFragments: true }).udp(5, 6).payload(24),
  'ipv4 later fragment': eth().ipv4('10.0.0.1', '10.0.0.2', { fragmentOffset: 1480, protocol: 17 }).payload(24),
  'ipv4 gre': eth().ipv4('10.0.0.1', '10.0.0.2', { protocol: 47 }).payload(24),
  'vlan ipv4 tcp': eth().vlan(100, { pcp: 5 }).ipv4('10.0.0.1', '10.0.0.2').tcp(80, 1234),
  'priority tag': eth().vlan(0, { pcp: 3 }).ipv4('10.0.0.1', '10.0.0.2').udp(1, 2),
  'vlan with DEI': eth().vlan(7, { dei: true }).ipv4('10.0.0.1', '10.0.0.2').udp(1, 2),
  'qinq ipv4 udp': eth().vlan(200, { tpid: 0x88a8 }).vlan(300).ipv4('10.0.0.1', '10.0.0.2').udp(1, 2),
  'three tags': eth().vlan(1, { tpid: 0x88a8 }).vlan(2).vlan(3).ipv4('10.0.0.1', '10.0.0.2').udp(1, 2),
  'arp request': eth().arp('request', '10.0.0.1', '10.0.0.2'),
  'arp reply': eth().arp('reply', '10.0.0.2', '10.0.0.1', { targetMac: '02:00:00:00:00:09' }),
  'arp with a long opcode': eth().arp(0x101, '10.0.0.2', '10.0.0.1'),
  'vlan arp': eth().vlan(11).arp('request', '10.0.0.1', '10.0.0.2'),
  'ipv6 udp': eth()
    .ipv6('2001:db8::1', '2001:db8::2', { trafficClass: 0x2e, flowLabel: 0x12345 })
    .udp(9, 10)
    .payload(8),
  'ipv6 tcp': eth().ipv6('2001:db8::1', '2001:db8::2').tcp(9, 10, { flags: 2 }),
  'ipv6 sctp': eth().ipv6('2001:db8::1', '2001:db8::2').sctp(9, 10).payload(4),
  'ipv6 echo': eth().ipv6('2001:db8::1', '2001:db8::2').icmpv6(128).payload(16),
  'ipv6 hop-by-hop and destination': eth().ipv6('fe80::1', 'ff02::16').extension(0).extension(60).icmpv6(143),
  'ipv6 routing': eth().ipv6('2001:db8::1', '2001:db8::2').extension(43, 1).udp(1, 2).payload(4),
  'ipv6 first fragment': eth().ipv6('2001:db8::1', '2001:db8::2').fragment(0, true).udp(1, 2).payload(8),
  'ipv6 later fragment': eth().ipv6('2001:db8::1', '2001:db8::2').fragment(1448, false).payload(32),
  'ipv6 atomic fragment': eth().ipv6('2001:db8::1', '2001:db8::2').fragment(0, false).udp(1, 2).payload(8),
  'ipv6 no next header': eth().ipv6('2001:db8::1', '2001:db8::2'),
  'nd solicit': eth().ipv6('fe80::1', 'ff02::1:ff00:2').nd('solicit', 'fe80::2', { sll: '02:00:00:00:00:01' }),
  'nd advert': eth()
    .ipv6('fe80::2', 'fe80::1')
    .nd('advert', 'fe80::2', { tll: '02:00:00:00:00:02', flags: 0x60000000 }),
  'nd without options': eth().ipv6('::', 'ff02::1:ff00:2').nd('solicit', 'fe80::2'),
  'nd with both options': eth()
    .ipv6('fe80::1', 'fe80::2')
    .nd('solicit', 'fe80::2', { sll: '02:00:00:00:00:01', tll: '02:00:00:00:00:02' }),
  'vlan ipv6 nd': eth().vlan(9).ipv6('fe80::1', 'ff02::1').nd('solicit', 'fe80::2', { sll: '02:00:00:00:00:01' }),
  'mpls one label': eth().mpls(1000, { tc: 3 }).ipv4('10.0.0.1', '10.0.0.2').udp(1, 2),
  'mpls four labels': eth().mpls(1).mpls(2).mpls(3).mpls(4).payload(40),
  vxlan: eth().ipv4('172.16.0.1', '172.16.0.2').udp(50000, 4789).vxlan(77).eth().ipv4('10.0.0.1', '10.0.0.2').icmp(8),
  'unknown type': eth(undefined, undefined, 0x88cc).payload(40),
  '802.3 without SNAP': eth(undefined, '01:80:c2:00:00:00', 38)
    .payload(Uint8Array.of(0x42, 0x42, 3))
    .payload(40),
  '802.3 with SNAP': eth(undefined, undefined, 60)
    .payload(Uint8Array.of(0xaa, 0xaa, 3, 0, 0, 0, 8, 0))
    .payload(eth().ipv4('10.0.0.1', '10.0.0.2').udp(1, 2).bytes().slice(14)),
  'SNAP of another organisation': eth(undefined, undefined, 60)
    .payload(Uint8Array.of(0xaa, 0xaa, 3, 0, 0, 0xc, 0x20, 0))
    .payload(30),
  'SNAP with a length for a type': eth(undefined, undefined, 60)
    .payload(Uint8Array.of(0xaa, 0xaa, 3, 0, 0, 0, 1, 0))
    .payload(30),
  'header only': eth(undefined, undefined, 0x9000),
  broadcast: eth(undefined, 'ff:ff:ff:ff:ff:ff', 0x88b5).payload(mac('01:02:03:04:05:06')),
};

export interface FrameSample {
  readonly name: string;
  readonly frame: Uint8Array;
}

/** Every sample as it is, and those of a short length once more with padding. */
export function allFrames(): FrameSample[] {
  return Object.entries(SAMPLES).flatMap(([name, builder]) => {
    const frame = builder.bytes();
    const samples = [{ name, frame }];
    if (frame.length < 60) samples.push({ name: `${name}, padded`, frame: builder.padded() });
    return samples;
  });
}

export function sampleFrame(name: string): Uint8Array {
  const builder = SAMPLES[name];
  if (builder === undefined) throw new Error(`no sample ${name}`);
  return builder.bytes();
}
