/** Each header: what it is written as, that it reads back, and that no bytes whatever make a parser throw. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildArp, parseArp } from '#datapath/packet/arp.js';
import { buildEthernet, parseEthernet } from '#datapath/packet/ethernet.js';
import { buildIcmp, isIcmpChecksumRight, parseIcmp, writeIcmpChecksum } from '#datapath/packet/icmp.js';
import { buildIcmpv6, buildNeighbor, parseIcmpv6, parseNeighbor } from '#datapath/packet/icmpv6.js';
import { buildIpv4, isIpv4ChecksumRight, parseIpv4 } from '#datapath/packet/ipv4.js';
import { buildIpv6, findIpv6Transport, parseIpv6 } from '#datapath/packet/ipv6.js';
import type { Parsed } from '#datapath/packet/parsed.js';
import { buildSctp, parseSctp } from '#datapath/packet/sctp.js';
import { buildTcp, parseTcp } from '#datapath/packet/tcp.js';
import { buildUdp, parseUdp } from '#datapath/packet/udp.js';
import { buildVlan, parseVlan } from '#datapath/packet/vlan.js';
import { buildVxlan, parseVxlan } from '#datapath/packet/vxlan.js';
import { sampleFrame } from '../../support/frame-samples.js';
import { eth, hex, toHex } from '../../support/packet-builder.js';

const bytesOf = (size: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: size, maxLength: size });
const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffffffff);

/** Builds at an odd offset, parses, and expects the same header and end. */
function roundTrip<T>(
  header: fc.Arbitrary<T>,
  build: (bytes: Uint8Array, offset: number, header: T) => number,
  parse: (bytes: Uint8Array, offset: number, end: number) => Parsed<unknown>,
): void {
  fc.assert(
    fc.property(header, (value) => {
      const bytes = new Uint8Array(200).fill(0xaa);
      const end = build(bytes, 3, value);
      expect(bytes.subarray(0, 3)).toEqual(new Uint8Array(3).fill(0xaa));
      expect(bytes.subarray(end, end + 8)).toEqual(new Uint8Array(8).fill(0xaa));
      const parsed = parse(bytes, 3, 200);
      if (!parsed.ok) throw new Error(`${parsed.layer} ${parsed.problem}`);
      expect(parsed.header).toMatchObject(value as object);
      expect(parsed.payloadOffset).toBe(end);
    }),
  );
}

describe('what is built reads back', () => {
  it('Ethernet', () => {
    roundTrip(fc.record({ destination: bytesOf(6), source: bytesOf(6), type: u16 }), buildEthernet, parseEthernet);
  });

  it('VLAN tag', () => {
    const tag = fc.record({ tpid: u16, pcp: fc.nat(7), dei: fc.boolean(), vid: fc.nat(4095) });
    roundTrip(tag, buildVlan, parseVlan);
  });

  it('ARP', () => {
    const header = fc.record({
      opcode: u16,
      senderMac: bytesOf(6),
      senderIp: bytesOf(4),
      targetMac: bytesOf(6),
      targetIp: bytesOf(4),
    });
    roundTrip(header, buildArp, parseArp);
  });

  it('IPv4, with a right checksum', () => {
    const header = fc.record({
      tos: u8,
      totalSize: fc.integer({ min: 60, max: 190 }),
      id: u16,
      dontFragment: fc.boolean(),
      moreFragments: fc.boolean(),
      fragmentOffset: fc.nat(0x1fff).map((n) => n * 8),
      ttl: u8,
      protocol: u8,
      source: bytesOf(4),
      destination: bytesOf(4),
      options: fc.nat(10).chain((n) => bytesOf(4 * n)),
    });
    roundTrip(header, buildIpv4, parseIpv4);
    fc.assert(
      fc.property(header, (value) => {
        const bytes = new Uint8Array(200);
        buildIpv4(bytes, 0, value);
        return isIpv4ChecksumRight(bytes, 0);
      }),
    );
  });

  it('IPv6', () => {
    const header = fc.record({
      trafficClass: u8,
      flowLabel: fc.nat(0xfffff),
      payloadSize: fc.nat(150),
      nextHeader: u8,
      hopLimit: u8,
      source: bytesOf(16),
      destination: bytesOf(16),
    });
    roundTrip(header, buildIpv6, parseIpv6);
  });

  it('TCP', () => {
    const header = fc.record({
      sourcePort: u16,
      destinationPort: u16,
      sequence: u32,
      acknowledgement: u32,
      flags: fc.nat(0xfff),
      window: u16,
      urgent: u16,
      options: fc.nat(10).chain((n) => bytesOf(4 * n)),
    });
    roundTrip(header, buildTcp, parseTcp);
  });

  it('UDP', () => {
    const size = fc.integer({ min: 8, max: 190 });
    roundTrip(fc.record({ sourcePort: u16, destinationPort: u16, size, checksum: u16 }), buildUdp, parseUdp);
  });

  it('SCTP', () => {
    roundTrip(fc.record({ sourcePort: u16, destinationPort: u16, verificationTag: u32 }), buildSctp, parseSctp);
  });

  it('ICMP and ICMPv6', () => {
    const header = fc.record({ type: u8, code: u8, rest: u32 });
    roundTrip(header, buildIcmp, parseIcmp);
    roundTrip(header, buildIcmpv6, parseIcmpv6);
  });

  it('neighbour discovery', () => {
    const message = fc.record({
      type: fc.constantFrom(135 as const, 136 as const),
      flags: u32,
      target: bytesOf(16),
      sourceLink: fc.option(bytesOf(6)),
      targetLink: fc.option(bytesOf(6)),
    });
    const parse = (bytes: Uint8Array, offset: number): Parsed<unknown> => {
      const links = bytes.indexOf(0xaa, offset + 24);
      return parseNeighbor(bytes, offset, links < 0 ? bytes.length : Math.min(bytes.length, offset + 24 + 16));
    };
    fc.assert(
      fc.property(message, (value) => {
        const bytes = new Uint8Array(60);
        const end = buildNeighbor(bytes, 0, value);
        const parsed = parseNeighbor(bytes, 0, end);
        expect(parsed.ok && parsed.header).toEqual(value);
      }),
    );
    expect(parse(new Uint8Array(10), 0).ok).toBe(false);
  });

  it('VXLAN, with and without GBP', () => {
    const gbp = fc.record({ id: u16, flags: fc.constantFrom(0, 0x40, 0x08, 0x48) });
    const header = fc.record({ vni: fc.nat(0xffffff), gbp: fc.option(gbp) });
    roundTrip(header, buildVxlan, (bytes, offset, end) => parseVxlan(bytes, offset, end, true));
  });
});

describe('hostile bytes', () => {
  const parsers: Record<string, (bytes: Uint8Array, offset: number, end: number) => Parsed<unknown>> = {
    ethernet: parseEthernet,
    vlan: parseVlan,
    arp: parseArp,
    ipv4: parseIpv4,
    ipv6: parseIpv6,
    'ipv6 extensions': findIpv6Transport,
    tcp: parseTcp,
    udp: parseUdp,
    sctp: parseSctp,
    icmp: parseIcmp,
    icmpv6: parseIcmpv6,
    nd: parseNeighbor,
    vxlan: parseVxlan,
  };
  it.each(Object.entries(parsers))('%s: give a header within the bytes, or which layer was bad', (_name, parse) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(20), (bytes, offset) => {
        const parsed = parse(bytes, offset, bytes.length);
        if (parsed.ok) return parsed.payloadOffset >= offset;
        return ['truncated', 'malformed'].includes(parsed.problem);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['a header of 16 bytes', '44000014', 'malformed'],
    ['version 6', '65000014', 'malformed'],
    ['less in all than its header', '46000014', 'malformed'],
    ['more than there is', '450000ff', 'truncated'],
  ])('IPv4 that says it has %s', (_what, start, problem) => {
    const bytes = new Uint8Array(24);
    bytes.set(hex(start));
    expect(parseIpv4(bytes, 0)).toMatchObject({ ok: false, layer: 'ipv4', problem });
  });

  it('an ND option of no length ends the message', () => {
    const bytes = new Uint8Array(40);
    bytes[0] = 135;
    expect(parseNeighbor(bytes, 0)).toMatchObject({ ok: false, problem: 'malformed' });
  });
});

describe('extension headers of IPv6', () => {
  it.each([
    ['ipv6 udp', { protocol: 17, fragment: null, isRouted: false }],
    ['ipv6 hop-by-hop and destination', { protocol: 58, fragment: null }],
    ['ipv6 routing', { protocol: 17, isRouted: true }],
    ['ipv6 first fragment', { protocol: 17, fragment: { offset: 0, moreFragments: true } }],
    ['ipv6 later fragment', { protocol: 44, fragment: { offset: 1448, moreFragments: false } }],
    ['ipv6 no next header', { protocol: 59 }],
  ])('%s', (name, want) => {
    const frame = sampleFrame(name);
    const transport = findIpv6Transport(frame, 14, frame.length);
    expect(transport.ok && transport.header).toMatchObject(want);
  });
});

describe('the packet builder', () => {
  it('writes frames as other tools know them', () => {
    const echo = eth('00:00:00:00:00:01', '00:00:00:00:00:02')
      .ipv4('192.168.0.1', '192.168.0.2', { ttl: 64 })
      .icmp(8, 0, 0x00010001)
      .payload('ping');
    expect(toHex(echo.bytes())).toBe(
      '000000000002000000000001080045000020000000004001f989c0a80001c0a800020800192d0001000170696e67',
    );
    const bytes = echo.bytes();
    expect(isIcmpChecksumRight(bytes, 34, bytes.length - 34)).toBe(true);
    writeIcmpChecksum(bytes, 34, bytes.length - 34);
    expect(toHex(bytes)).toBe(toHex(echo.bytes()));
  });
});
