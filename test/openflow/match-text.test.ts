import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OFF_PACKET_TYPE } from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import { formatMatch } from '#src/openflow/match-format.js';
import { parseFlow, parseMatch } from '#src/openflow/match-parse.js';
import { formatFlow } from '#src/openflow/flow-format.js';
import { NO_PORT_NAMES, type PortNames } from '#src/openflow/ports.js';
import { UserError } from '#src/report/user-error.js';
import { FlowTextGenerator } from './random-flow-text.js';

const ports: PortNames = {
  nameOf: (port) => (port === 1 ? 'p1' : port === 2 ? 'br-int' : undefined),
  numberOf: (name) => (name === 'p1' ? 1 : name === 'br-int' ? 2 : undefined),
};
const canonical = (text: string): string => formatMatch(parseMatch(text, { ports }), { ports });

/** As written, and as OVS 3.1.0 prints it. */
const MATCHES: readonly (readonly [string, string])[] = [
  ['', ''],
  ['in_port=p1', 'in_port=1'],
  ['in_port=local', 'in_port=LOCAL'],
  ['in_port=65534', 'in_port=LOCAL'],
  ['dl_type=0x800', 'ip'],
  ['dl_type=0x88cc', 'dl_type=0x88cc'],
  ['ip,nw_proto=6', 'tcp'],
  ['tun_metadata0=5', 'tun_metadata0=0x5'],
  ['tun_metadata0', 'tun_metadata0'],
  ['tun_metadata0=0x1/0x0', 'tun_metadata0'],
  // A mask has no more bytes than it needs, and one of ones only is not told from none.
  ['tun_metadata0=0x1/0xff', 'tun_metadata0=0x1'],
  ['tun_metadata5=0,tun_metadata0=0x1ff/0xff00', 'tun_metadata0=0x100/0xff00,tun_metadata5=0'],
  ['tun_gtpu_flags=0x30,tun_gtpu_msgtype=255', 'gtpu_flags=0x30,gtpu_msgtype=255'],
  ['tun_erspan_hwid=0x7', ''],
  ['tun_erspan_ver=1,tun_erspan_idx=0x7,tun_erspan_dir=1', 'tun_erspan_ver=1,tun_erspan_idx=0x7'],
  ['tun_erspan_ver=2,tun_erspan_dir=1,tun_erspan_hwid=0x3f', 'tun_erspan_ver=2,tun_erspan_dir=1,tun_erspan_hwid=0x3f'],
  ['icmp6,icmp_type=135,nd_reserved=5,nd_options_type=2', 'icmp6,icmp_type=135,nd_reserved=5,nd_options_type=2'],
  ['ip,nw_proto=89', 'ip,nw_proto=89'],
  ['ip,nw_dst=10.1.2.3/8,nw_src=1.2.3.4', 'ip,nw_src=1.2.3.4,nw_dst=10.0.0.0/8'],
  ['ip,nw_src=10.1.2.3/255.0.255.0', 'ip,nw_src=10.0.2.0/255.0.255.0'],
  ['ip,nw_src=10.1.2.3/0', 'ip'],
  ['tcp,tp_dst=0x50', 'tcp,tp_dst=80'],
  ['tcp,tp_dst=80/0xfff0', 'tcp,tp_dst=0x50/0xfff0'],
  ['tcp,tcp_flags=+syn-ack', 'tcp,tcp_flags=+syn-ack'],
  ['tcp,tcp_flags=syn', 'tcp,tcp_flags=syn'],
  ['tcp,tcp_flags=0x2/0x12', 'tcp,tcp_flags=+syn-ack'],
  ['icmp,icmp_type=8,icmp_code=0', 'icmp,icmp_type=8,icmp_code=0'],
  ['icmp6,icmpv6_type=135,nd_target=fe80::1', 'icmp6,icmp_type=135,nd_target=fe80::1'],
  ['arp,arp_op=1,arp_tpa=10.0.0.1', 'arp,arp_tpa=10.0.0.1,arp_op=1'],
  ['ipv6,ipv6_dst=2001:0db8::/32', 'ipv6,ipv6_dst=2001:db8::/32'],
  ['ipv6,ipv6_dst=::/ffff::', 'ipv6,ipv6_dst=::/16'],
  ['udp6,ipv6_label=0x12', 'udp6,ipv6_label=0x00012'],
  ['dl_vlan=10', 'dl_vlan=10'],
  ['dl_vlan=10,dl_vlan_pcp=3', 'dl_vlan=10,dl_vlan_pcp=3'],
  ['dl_vlan=0xffff', 'vlan_tci=0x0000'],
  ['vlan_tci=0x1123/0x1fff', 'dl_vlan=291'],
  ['vlan_tci=0x1000/0x1000', 'vlan_tci=0x1000/0x1000'],
  ['vlan_tci=0', 'vlan_tci=0x0000'],
  ['vlan_tci=0xf123', 'dl_vlan=291,dl_vlan_pcp=7'],
  ['ip,nw_frag=no', 'ip,nw_frag=no'],
  ['ip,ip_frag=not_later', 'ip,nw_frag=not_later'],
  ['ip,nw_tos=5,nw_ecn=1,nw_ttl=64', 'ip,nw_tos=4,nw_ecn=1,nw_ttl=64'],
  ['ip,ip_dscp=46', 'ip,nw_tos=184'],
  ['dl_dst=ff:ff:ff:ff:ff:ff', 'dl_dst=ff:ff:ff:ff:ff:ff'],
  ['dl_dst=01:00:00:00:00:00/01:00:00:00:00:00', 'dl_dst=01:00:00:00:00:00/01:00:00:00:00:00'],
  ['ct_state=+trk-new', 'ct_state=-new+trk'],
  ['ct_mark=0x10/0xf0,ct_zone=5,ct_label=0x1', 'ct_zone=5,ct_mark=0x10/0xf0,ct_label=0x1'],
  ['reg0=5,reg3=0xff/0xf', 'reg0=0x5,reg3=0xf/0xf'],
  ['reg0[4..7]=3', 'reg0=0x30/0xf0'],
  ['xreg0=0x100000002', 'reg0=0x1,reg1=0x2'],
  ['tun_id=5/0xff,tun_src=1.2.3.4', 'tun_id=0x5/0xff,tun_src=1.2.3.4'],
  ['tunnel_id=0', 'tun_id=0'],
  ['metadata=7', 'metadata=0x7'],
  ['mpls,mpls_label=5,mpls_bos=1', 'mpls,mpls_label=5,mpls_bos=1'],
  // What packets of the match do not have says nothing.
  ['tp_src=80', ''],
  ['ip,tp_src=80', 'ip'],
  ['nw_src=10.0.0.1', ''],
  ['arp,nw_tos=4', 'arp'],
];

describe('a match as text', () => {
  test.each(MATCHES)('%s is printed as %s', (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  test('ports have names where they are asked for, with quotes where the name needs them', () => {
    const format = (text: string): string => formatMatch(parseMatch(text, { ports }), { ports, names: true });
    expect(format('in_port=1')).toBe('in_port=p1');
    expect(format('in_port=2')).toBe('in_port="br-int"');
    expect(format('in_port=3')).toBe('in_port=3');
    expect(format('in_port="br-int"')).toBe('in_port="br-int"');
  });

  test('the priority is printed unless it is the default', () => {
    const match = parseMatch('ip', { ports });
    expect(formatMatch(match, { ports, priority: 0x8000 })).toBe('ip');
    expect(formatMatch(match, { ports, priority: 7 })).toBe('priority=7,ip');
  });

  test('a megaflow says that packets are Ethernet', () => {
    const match = parseMatch('ip,nw_frag=no,in_port=1', { ports });
    match.set('recirc_id', 0n);
    expect(formatMatch(match, { ports })).toBe('recirc_id=0,eth,ip,in_port=1,nw_frag=no');
  });

  test.each([
    ['tun_metadata0=1,tun_metadata0=2', 'field tun_metadata0 set multiple times'],
    [
      `tun_metadata0=0x${'ff'.repeat(124)},tun_metadata1=0x${'ff'.repeat(124)},tun_metadata2=0x${'ff'.repeat(9)}`,
      'field tun_metadata2 exceeds maximum size for tunnel metadata (used 257, max 256)',
    ],
    ['tun_metadata1=0xggg', '0xggg: bad syntax for tun_metadata1 value'],
    ['tun_metadata64=1', 'unknown keyword tun_metadata64'],
  ])('%s is refused', (text, message) => {
    expect(() => canonical(text)).toThrow(message);
  });

  test('what is printed is read back as the same match', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const match = parseMatch(new FlowTextGenerator(seed).match(), { ports });
        const text = formatMatch(match, { ports });
        const again = parseMatch(text, { ports });
        // Text does not say that a packet is Ethernet where nothing else hangs on it.
        again.mask.setU32(OFF_PACKET_TYPE, match.mask.u32(OFF_PACKET_TYPE));
        expect(again.equals(match), text).toBe(true);
        expect(formatMatch(again, { ports })).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test('a match holds for a packet that was made from it', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const match = parseMatch(new FlowTextGenerator(seed).match(), { ports });
        expect(match.matches(match.key)).toBe(true);
        expect(new Match(match.key.clone(), match.mask.clone()).isWithin(match)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test('any text is a match or a complaint', () => {
    const characters = [...'abcdefiprtwxyz_0123456789=/,:.[]()+-* "'];
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...characters), maxLength: 80 }), fc.integer(), (noise, seed) => {
        const valid = new FlowTextGenerator(seed).match();
        const cut = valid.length === 0 ? 0 : Math.abs(seed) % valid.length;
        for (const text of [noise, valid.slice(0, cut) + noise + valid.slice(cut)]) {
          for (const read of [() => parseMatch(text, { ports }), () => parseFlow(text, ports)]) {
            try {
              read();
            } catch (error) {
              expect(error).toBeInstanceOf(UserError);
            }
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a packet as text', () => {
  test('every field that it has is shown, and of its context what is not zero', () => {
    const key = parseFlow('in_port=1,tcp,nw_src=10.0.0.1,tcp_dst=80,reg3=5', NO_PORT_NAMES);
    expect(formatFlow(key)).toBe(
      'tcp,reg3=0x5,in_port=1,vlan_tci=0x0000,dl_src=00:00:00:00:00:00,dl_dst=00:00:00:00:00:00,nw_src=10.0.0.1,' +
        'nw_dst=0.0.0.0,nw_tos=0,nw_ecn=0,nw_ttl=0,nw_frag=no,tp_src=0,tp_dst=80,tcp_flags=0',
    );
  });

  test.each([
    ['in_port=1,tcp_src=5', 'in_port=1,tcp_src=5: prerequisites not met for setting tcp_src'],
    ['ip,ip', 'ip,ip: Ethernet type set multiple times'],
    ['foo=1', 'foo=1: unknown field foo'],
    ['ip,nw_src=10.0.0.0/8', 'ip,nw_src=10.0.0.0/8: bad value for nw_src (10.0.0.0/8: wildcards not allowed here)'],
  ])('%s is refused', (text, message) => {
    expect(() => parseFlow(text, NO_PORT_NAMES)).toThrow(message);
  });
});
