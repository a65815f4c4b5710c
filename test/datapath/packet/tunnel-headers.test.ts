/** The headers of MPLS, GRE, Geneve and NSH: examples by the byte, round trips, and bytes of any kind. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGeneve, buildGeneveOptions, parseGeneve, parseGeneveOptions } from '#datapath/packet/geneve.js';
import { buildGre, parseGre } from '#datapath/packet/gre.js';
import { buildMpls, mplsEntryOf, mplsEntryWord, parseMpls } from '#datapath/packet/mpls.js';
import { buildNsh, parseNsh } from '#datapath/packet/nsh.js';
import type { Parsed } from '#datapath/packet/parsed.js';
import { hex, toHex } from '../../support/packet-builder.js';

function built(write: (bytes: Uint8Array) => number): string {
  const bytes = new Uint8Array(300);
  return toHex(bytes.subarray(0, write(bytes)));
}

describe('MPLS', () => {
  it('has label, class, bottom and TTL in one word', () => {
    const entry = { label: 0x12345, trafficClass: 5, isBottom: true, ttl: 64 };
    expect(mplsEntryWord(entry)).toBe(0x12345b40);
    expect(mplsEntryOf(0x12345b40)).toEqual(entry);
  });

  it('is read down to the bottom of the stack', () => {
    const parsed = parseMpls(hex('000010400000214045'), 0);
    expect(parsed).toMatchObject({ ok: true, payloadOffset: 8 });
    expect(parsed.ok && parsed.header.map((entry) => entry.label)).toEqual([1, 2]);
    expect(parseMpls(hex('00001040'), 0)).toMatchObject({
      ok: false,
      layer: 'mpls',
      problem: 'truncated',
      neededSize: 8,
    });
  });

  it('reads what it writes', () => {
    const entry = fc.record({
      label: fc.nat(0xfffff),
      trafficClass: fc.nat(7),
      isBottom: fc.constant(false),
      ttl: fc.nat(255),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 6 }), (above) => {
        const stack = [...above, { label: 3, trafficClass: 0, isBottom: true, ttl: 1 }];
        const bytes = hex(built((target) => buildMpls(target, 0, stack)));
        expect(parseMpls(bytes, 0)).toEqual({ ok: true, header: stack, payloadOffset: bytes.length });
      }),
    );
  });
});

describe('GRE', () => {
  it.each([
    ['plain', { protocol: 0x6558, checksum: null, key: null, sequence: null }, '00006558'],
    ['with key', { protocol: 0x6558, checksum: null, key: 9, sequence: null }, '2000655800000009'],
    [
      'with all',
      { protocol: 0x800, checksum: 0xabcd, key: 0xffffffff, sequence: 7 },
      'b0000800abcd0000ffffffff00000007',
    ],
  ])('%s', (_, header, text) => {
    expect(built((bytes) => buildGre(bytes, 0, header))).toBe(text);
    expect(parseGre(hex(text), 0)).toEqual({ ok: true, header, payloadOffset: text.length / 2 });
  });

  it.each([
    ['routing flag', '40006558', 'malformed'],
    ['version 1 (PPTP)', '0001880b', 'malformed'],
    ['cut key', '200065580000', 'truncated'],
    ['three bytes', '000065', 'truncated'],
  ])('%s is refused', (_, text, problem) => {
    expect(parseGre(hex(text), 0)).toMatchObject({ ok: false, layer: 'gre', problem });
  });
});

describe('Geneve', () => {
  it('has a VNI and options', () => {
    const options = buildGeneveOptions([{ optionClass: 0x102, type: 0x80, data: hex('0000000a') }]);
    const header = { isControl: true, isCritical: true, protocol: 0x6558, vni: 0x123456, options };
    const text = '02c06558123456000102800100000' + '00a';
    expect(built((bytes) => buildGeneve(bytes, 0, header))).toBe(text);
    expect(parseGeneve(hex(text), 0)).toEqual({ ok: true, header, payloadOffset: 16 });
    expect(parseGeneveOptions(options)).toEqual([{ optionClass: 0x102, type: 0x80, data: hex('0000000a') }]);
  });

  it('of another version, or cut, is refused', () => {
    expect(parseGeneve(hex('4000655800000100'), 0)).toMatchObject({ ok: false, problem: 'malformed' });
    expect(parseGeneve(hex('0200655800000100'), 0)).toMatchObject({ ok: false, problem: 'truncated', neededSize: 16 });
    expect(parseGeneveOptions(hex('01020301'))).toBeNull();
  });
});

describe('NSH', () => {
  it('of MD type 1 has four words of context', () => {
    const context = hex('11223344556677880102030405060708');
    const header = {
      flags: 0,
      ttl: 63,
      mdType: 1,
      nextProtocol: 3,
      servicePath: 0x123456,
      serviceIndex: 255,
      context,
    };
    const text = `0fc60103123456ff${toHex(context)}`;
    expect(built((bytes) => buildNsh(bytes, 0, header))).toBe(text);
    expect(parseNsh(hex(text), 0)).toEqual({ ok: true, header, payloadOffset: 24 });
  });

  it.each([
    ['MD type 1 of another size', '0fc50103123456ff'.padEnd(40, '0'), 'malformed'],
    ['another version', '4fc60103123456ff'.padEnd(48, '0'), 'malformed'],
    ['cut context', '0fc60103123456ff', 'truncated'],
  ])('%s is refused', (_, text, problem) => {
    expect(parseNsh(hex(text), 0)).toMatchObject({ ok: false, layer: 'nsh', problem });
  });
});

it('bytes of any kind are parsed or refused, within bounds', () => {
  const parsers: readonly ((bytes: Uint8Array, offset: number) => Parsed<unknown>)[] = [
    parseMpls,
    parseGre,
    parseGeneve,
    parseNsh,
  ];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(10), (bytes, offset) => {
      for (const parse of parsers) {
        const parsed = parse(bytes, offset);
        if (parsed.ok) expect(parsed.payloadOffset).toBeLessThanOrEqual(bytes.length);
        else expect(parsed.neededSize).toBeGreaterThan(0);
      }
      parseGeneveOptions(bytes);
    }),
  );
});
