/** Frames as scenarios see them: taken apart, described, compared and composed. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareFrame, frameMatches, listFields } from '#src/scenario/frame/compare-frame.js';
import { composeFromFields } from '#src/scenario/frame/compose.js';
import { describeFrame } from '#src/scenario/frame/describe-frame.js';
import { dissect } from '#src/scenario/frame/dissect.js';
import { eth, type PacketBuilder } from '../support/packet-builder.js';

const A = '02:00:00:00:00:01';
const ping = eth().ipv4('10.0.0.1', '10.0.0.2').icmp(8).payload(8);

describe('a frame in one line', () => {
  test.each<readonly [string, PacketBuilder]>([
    ['arp who has 10.0.0.2, asks 10.0.0.1', eth().arp('request', '10.0.0.1', '10.0.0.2')],
    [`arp 10.0.0.1 is at ${A}`, eth().arp('reply', '10.0.0.1', '10.0.0.2')],
    ['arp announcement of 10.0.0.1', eth().arp('request', '10.0.0.1', '10.0.0.1')],
    ['arp operation 9 10.0.0.1 > 10.0.0.2', eth().arp(9, '10.0.0.1', '10.0.0.2')],
    ['icmp echo request 10.0.0.1 > 10.0.0.2 seq 1', ping],
    ['icmp unreachable 10.0.0.1 > 10.0.0.2', eth().ipv4('10.0.0.1', '10.0.0.2').icmp(3, 1)],
    ['icmpv6 echo reply fd00::1 > fd00::2 seq 1', eth().ipv6('fd00::1', 'fd00::2').icmpv6(129)],
    ['nd who has fd00::2, asks fd00::1', eth().ipv6('fd00::1', 'ff02::1').nd('solicit', 'fd00::2')],
    [`nd fd00::2 is at ${A}`, eth().ipv6('fd00::2', 'fd00::1').nd('advert', 'fd00::2', { tll: A })],
    ['tcp 10.0.0.1:1 > 10.0.0.2:80 syn', eth().ipv4('10.0.0.1', '10.0.0.2').tcp(1, 80, { flags: 2 })],
    ['udp 10.0.0.1:1 > 10.0.0.2:53', eth().ipv4('10.0.0.1', '10.0.0.2').udp(1, 53)],
    ['vlan 10, udp 10.0.0.1:1 > 10.0.0.2:53', eth().vlan(10).ipv4('10.0.0.1', '10.0.0.2').udp(1, 53)],
    ['ip protocol 89 10.0.0.1 > 10.0.0.2', eth().ipv4('10.0.0.1', '10.0.0.2', { protocol: 89 })],
    [`${A} > 02:00:00:00:00:02 eth_type 0x88cc`, eth(A, '02:00:00:00:00:02', 0x88cc)],
    [
      'vxlan 42 192.0.2.1 > 192.0.2.2 { icmp echo request 10.0.0.1 > 10.0.0.2 seq 1 }',
      eth().ipv4('192.0.2.1', '192.0.2.2').udp(40000, 4789).vxlan(42).payload(ping.bytes()),
    ],
  ])('%s', (text, frame) => {
    expect(describeFrame(dissect(frame.bytes()))).toBe(text);
  });
});

describe('the fields of a frame', () => {
  const frame = dissect(
    eth()
      .vlan(10, { pcp: 3 })
      .ipv4('10.0.0.1', '10.0.0.2', { dontFragment: true, ttl: 9 })
      .udp(1, 53)
      .payload('hello')
      .bytes(),
  );

  test('are listed by their names in flows', () => {
    expect(Object.fromEntries(listFields(frame))).toEqual({
      frame_size: '51',
      eth_src: '02:00:00:00:00:01',
      eth_dst: '02:00:00:00:00:02',
      eth_type: '0x800',
      dl_vlan: '10',
      dl_vlan_pcp: '3',
      ip_src: '10.0.0.1',
      ip_dst: '10.0.0.2',
      nw_proto: '17',
      ip_dscp: '0',
      nw_ecn: '0',
      nw_ttl: '9',
      ip_frag: 'no',
      udp_src: '1',
      udp_dst: '53',
      ip_df: 'true',
      payload: '"hello"',
    });
  });

  test.each([
    [{ ip_src: '10.0.0.1' }, true],
    [{ ip_src: '10.0.0.0/24' }, true],
    [{ nw_src: '10.0.1.0/24' }, false],
    [{ udp_dst: 53 }, true],
    [{ udp_dst: { min: 50, max: 60 } }, true],
    [{ udp_dst: { min: 54 } }, false],
    [{ tcp_dst: 53 }, false],
    [{ tcp_dst: 'none' }, true],
    [{ dl_vlan: 'none' }, false],
    [{ eth_type: 0x0800 }, true],
    [{ payload: 'hello' }, true],
    [{ payload: 'other' }, false],
    [{ ip_df: true }, true],
    [{ ip_df: false }, false],
    [{ frame_size: { max: 51 } }, true],
    [{ vxlan_vni: 'none' }, true],
    [{ inner: { ip_src: '10.0.0.1' } }, false],
  ])('%j match: %s', (expected, matches) => {
    expect(frameMatches(frame, expected)).toBe(matches);
  });

  test('of the frame in a tunnel are compared by themselves', () => {
    const outer = dissect(
      eth().ipv4('192.0.2.1', '192.0.2.2').udp(40000, 4789).vxlan(42).payload(ping.bytes()).bytes(),
    );
    expect(compareFrame(outer, { vxlan_vni: 43, inner: { ip_src: '10.0.0.1', icmp_type: 0 } })).toEqual([
      { field: 'vxlan_vni', wanted: '43', found: '42', isRight: false },
      { field: 'inner.ip_src', wanted: '10.0.0.1', found: '10.0.0.1', isRight: true },
      { field: 'inner.icmp_type', wanted: '0', found: '8', isRight: false },
    ]);
  });
});

describe('a composed frame', () => {
  test.each([
    {
      eth_src: '02:00:00:00:00:01',
      eth_dst: '02:00:00:00:00:02',
      ip_src: '10.0.0.1',
      ip_dst: '10.0.0.2',
      udp_src: 1,
      udp_dst: 2,
      payload: 'hi',
    },
    { dl_vlan: 10, dl_vlan_pcp: 5, ip_src: '10.0.0.1', ip_dst: '10.0.0.2', tcp_dst: 80, tcp_flags: '+syn' },
    { ipv6_src: 'fd00::1', ipv6_dst: 'fd00::2', icmpv6_type: 128 },
    { arp_op: 1, arp_spa: '10.0.0.1', arp_tpa: '10.0.0.2', arp_sha: '02:00:00:00:00:01' },
    { eth_type: 0x88b5 },
    { ip_src: '10.0.0.1', ip_dst: '10.0.0.2', udp_dst: 2, frame_size: 60, nw_ttl: 1 },
  ])('has the fields that it was made of: %j', (fields) => {
    const frame = dissect(composeFromFields(fields));
    expect(compareFrame(frame, fields).filter((row) => !row.isRight)).toEqual([]);
  });

  test.each([
    [{ ip_src: '10.0.0.1', ipv6_dst: 'fd00::1' }, 'ipv6_dst contradicts the fields before it'],
    [{ udp_dst: 1 }, 'the frame needs ip_src or ipv6_src'],
    [{ eth_src: '02:00:00:00:00:01' }, 'the frame needs an eth_type, or a field that implies one'],
    [{ ip_src: '10.0.0.0/8' }, '10.0.0.0/8: wildcards not allowed here'],
    [{ vxlan_vni: 5 }, 'a frame cannot be made with vxlan_vni'],
    [{ ip_src: '10.0.0.1', frame_size: 20 }, 'the headers alone are longer than frame_size 20'],
  ])('is refused: %j', (fields, message) => {
    expect(() => composeFromFields(fields)).toThrow(message);
  });
});

test('any bytes can be taken apart, described and listed', () => {
  const tunnel = eth().ipv4('192.0.2.1', '192.0.2.2').udp(1, 4789).vxlan(1).payload(ping.bytes()).bytes();
  const cut = fc.nat(tunnel.length).map((size) => tunnel.subarray(0, size));
  const flipped = fc.tuple(fc.nat(tunnel.length - 1), fc.nat(255)).map(([at, value]) => {
    const copy = tunnel.slice();
    copy[at] = value;
    return copy;
  });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), cut, flipped), (bytes) => {
      const frame = dissect(bytes);
      expect(typeof describeFrame(frame)).toBe('string');
      listFields(frame);
    }),
    { numRuns: 1000 },
  );
});
