import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EXTRACT_BAD_ARP,
  EXTRACT_BAD_IPV4,
  EXTRACT_BAD_IPV6,
  EXTRACT_BAD_TRANSPORT,
  EXTRACT_OK,
  EXTRACT_TOO_SHORT,
} from '#datapath/extract-result.js';
import {
  extractFlow,
  extractPacket,
  L3_WORD,
  L4_WORD,
  PAD_WORD,
  resetMetadata,
  ROW_WORDS,
} from '#datapath/flow-extract.js';
import { fieldNamed, readField } from '#flowtable/fields.js';
import { DATAPATH_WORDS, FlowKey, SHAPE_WORD } from '#flowtable/flow-key.js';
import { keyOf } from '../support/datapath-bench.js';
import { allFrames, sampleFrame } from '../support/frame-samples.js';
import { eth } from '../support/packet-builder.js';

const read = (key: FlowKey, name: string): string => `0x${readField(key, fieldNamed(name)).toString(16)}`;

/** Extracts into a row that still holds something else. */
function extract(frame: Uint8Array, row: Int32Array = new Int32Array(ROW_WORDS), vlanLimit = 2): number {
  resetMetadata(row, 0, 0);
  return extractPacket(new DataView(frame.buffer, frame.byteOffset, frame.length), 0, frame.length, row, 0, vlanLimit);
}

describe('the key of a frame', () => {
  it.each([
    [
      'ipv4 tcp with options',
      {
        eth_type: '0x800',
        ip_src: '0xc0a80101',
        nw_tos: '0xb9',
        nw_ttl: '0x3',
        tcp_src: '0x9c40',
        tcp_dst: '0x1bb',
        tcp_flags: '0x1ff',
      },
    ],
    ['vlan with DEI', { vlan_tci: '0x1007', vlan_tpid: '0x8100', udp_dst: '0x2' }],
    ['priority tag', { vlan_tci: '0x7000' }],
    [
      'qinq ipv4 udp',
      { vlan_tci: '0x10c8', vlan_tpid: '0x88a8', vlan1_tci: '0x112c', vlan1_tpid: '0x8100', udp_dst: '0x2' },
    ],
    ['three tags', { vlan_tci: '0x1001', vlan1_tci: '0x1002', eth_type: '0x8100', nw_proto: '0x0' }],
    ['ipv4 later fragment', { ip_frag: '0x3', nw_proto: '0x11', udp_dst: '0x0' }],
    ['ipv4 first fragment', { ip_frag: '0x1', udp_dst: '0x6' }],
    ['ipv4 igmp', { nw_proto: '0x2', igmp_group_ip4: '0xef010203', icmp_type: '0x16' }],
    ['arp request', { arp_op: '0x1', arp_spa: '0xa000001', arp_tpa: '0xa000002', arp_sha: '0x20000000001' }],
    ['arp with a long opcode', { arp_op: '0x0', arp_spa: '0xa000002' }],
    ['ipv6 udp', { ipv6_label: '0x12345', nw_tos: '0x2e', udp_src: '0x9' }],
    ['ipv6 later fragment', { ip_frag: '0x3', nw_proto: '0x2c' }],
    ['ipv6 atomic fragment', { ip_frag: '0x0', nw_proto: '0x11', udp_dst: '0x2' }],
    [
      'nd solicit',
      { icmpv6_type: '0x87', nd_target: '0xfe800000000000000000000000000002', nd_sll: '0x20000000001', nd_tll: '0x0' },
    ],
    ['nd advert', { icmpv6_type: '0x88', nd_tll: '0x20000000002', igmp_group_ip4: '0x60000000' }],
    ['mpls four labels', { eth_type: '0x8847', mpls_label: '0x1', mpls_bos: '0x0', mpls2_lse: '0x3040' }],
    ['802.3 without SNAP', { eth_type: '0x5ff', ip_src: '0x0' }],
    ['802.3 with SNAP', { eth_type: '0x800', ip_dst: '0xa000002', udp_dst: '0x2' }],
    ['SNAP of another organisation', { eth_type: '0x5ff' }],
  ])('of %s', (name, want) => {
    const key = extractFlow(sampleFrame(name));
    expect(Object.fromEntries(Object.keys(want).map((field) => [field, read(key, field)]))).toEqual(want);
  });

  it('stops at the VLAN limit', () => {
    const key = extractFlow(sampleFrame('qinq ipv4 udp'), undefined, 1);
    expect([read(key, 'vlan_tci'), read(key, 'eth_type'), read(key, 'vlan1_tci')]).toEqual(['0x10c8', '0x8100', '0x0']);
  });

  it('keeps metadata', () => {
    const metadata = keyOf({ in_port: 5, recirc_id: 7, pkt_mark: 9, tun_id: 4n, ct_mark: 3, ip_src: 1 });
    const key = extractFlow(sampleFrame('arp request'), metadata);
    expect(['in_port', 'recirc_id', 'pkt_mark', 'tun_id', 'ct_mark'].map((name) => read(key, name))).toEqual([
      '0x5',
      '0x7',
      '0x9',
      '0x4',
      '0x3',
    ]);
    expect(read(key, 'arp_spa')).toBe('0xa000001');
  });
});

describe('a bad layer', () => {
  const ip = eth().ipv4('10.0.0.1', '10.0.0.2');
  const cut = (frame: Uint8Array, size: number): Uint8Array => frame.slice(0, size);
  it.each([
    ['nothing', new Uint8Array(), EXTRACT_TOO_SHORT],
    ['13 bytes', new Uint8Array(13), EXTRACT_TOO_SHORT],
    ['an IPv4 header cut short', cut(ip.udp(1, 2).bytes(), 33), EXTRACT_BAD_IPV4],
    [
      'IPv4 that is longer than the frame',
      eth().ipv4('1.1.1.1', '2.2.2.2', { totalSize: 99 }).bytes(),
      EXTRACT_BAD_IPV4,
    ],
    [
      'a TCP header cut short',
      ip
        .payload(10)
        .bytes()
        .map((b, i) => (i === 23 ? 6 : b)),
      EXTRACT_BAD_TRANSPORT,
    ],
    ['ARP for another network', cut(eth().arp('request', '1.1.1.1', '2.2.2.2').bytes(), 41), EXTRACT_BAD_ARP],
    ['an IPv6 header cut short', cut(sampleFrame('ipv6 udp'), 53), EXTRACT_BAD_IPV6],
    [
      'an extension header cut short',
      eth().ipv6('::1', '::2', { nextHeader: 60 }).payload(4).bytes(),
      EXTRACT_BAD_IPV6,
    ],
    ['no transport header to speak of', ip.payload(3).bytes(), EXTRACT_OK],
  ])('%s', (_name, frame, want) => {
    expect(extract(frame)).toBe(want);
  });

  it('leaves the fields above it zero', () => {
    const key = extractFlow(cut(sampleFrame('ipv4 udp'), 40));
    expect([read(key, 'eth_type'), read(key, 'ip_src'), read(key, 'nw_proto'), read(key, 'udp_dst')]).toEqual([
      '0x800',
      '0x0',
      '0x0',
      '0x0',
    ]);
  });

  it('of any kind never throws, and a key is the same whatever the row held before', () => {
    const samples = allFrames();
    const row = new Int32Array(ROW_WORDS);
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 4 }),
        fc.nat(150),
        (sample, changes, size) => {
          const frame = sample.frame.slice(0, size);
          for (const [at, byte] of changes) if (at < frame.length) frame[at] = byte;
          extract(frame, row);
          const fresh = new Int32Array(ROW_WORDS);
          extract(frame, fresh);
          expect(row).toEqual(fresh);
          // SHAPE says of every section whether it is zero.
          const key = new FlowKey();
          key.words.set(row.subarray(0, DATAPATH_WORDS));
          const shape = key.words[SHAPE_WORD];
          key.updateShape();
          expect((shape ?? 0) & key.words[SHAPE_WORD]!).toBe(key.words[SHAPE_WORD]);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('the layers of a frame', () => {
  it.each([
    ['ipv4 udp', 14, 34, 0],
    ['ipv4 with options', 14, 42, 0],
    ['vlan ipv4 tcp', 18, 38, 0],
    ['ipv6 hop-by-hop and destination', 14, 70, 0],
    ['arp request', 14, -1, 0],
    ['mpls one label', 18, -1, 0],
  ])('of %s begin where they do', (name, l3, l4, pad) => {
    const row = new Int32Array(ROW_WORDS);
    extract(sampleFrame(name), row);
    expect([row[L3_WORD], row[L4_WORD], row[PAD_WORD]]).toEqual([l3, l4, pad]);
  });

  it('leave out padding', () => {
    const row = new Int32Array(ROW_WORDS);
    extract(eth().ipv4('10.0.0.1', '10.0.0.2').udp(1, 2).padded(60), row);
    expect(row[PAD_WORD]).toBe(18);
  });
});
