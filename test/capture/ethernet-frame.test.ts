/** Which Ethernet header a record without one gets. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasEthernetForm, toEthernetFrame } from '../../src/capture/ethernet-frame.js';

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hex = (frame: Uint8Array | null): string | null => (frame === null ? null : Buffer.from(frame).toString('hex'));

const IPV4 = `45000014 00000000 40110000 0a000001 0a000002`.replaceAll(' ', '');
const IPV4_HEADER = '02000a000002 02000a000001 0800'.replaceAll(' ', '');
const ipv4To = (address: string): string => IPV4.slice(0, 32) + address;
const IPV6 = `6000000000003b40${'20010db8000000000000000000000001'}${'ff0200000000000000000000000000fb'}`;

describe('a synthesised Ethernet header', () => {
  it.each<readonly [string, number, string, string | null]>([
    ['Ethernet stays what it is', 1, 'ffffffffffff0200000000010806', 'ffffffffffff0200000000010806'],
    ['raw IPv4 by its version', 101, IPV4, IPV4_HEADER + IPV4],
    ['raw IPv4, link type 12', 12, IPV4, IPV4_HEADER + IPV4],
    ['raw IPv4, link type 14', 14, IPV4, IPV4_HEADER + IPV4],
    ['raw IPv4, link type 228', 228, IPV4, IPV4_HEADER + IPV4],
    ['IPv4 multicast', 101, ipv4To('e0000016'), `01005e000016${IPV4_HEADER.slice(12)}${ipv4To('e0000016')}`],
    ['IPv4 broadcast', 101, ipv4To('ffffffff'), `ffffffffffff${IPV4_HEADER.slice(12)}${ipv4To('ffffffff')}`],
    ['neither version', 101, '00', null],
    ['an empty record', 101, '', null],
    ['an IPv4 header that is cut', 228, '4500', 'ffffffffffff02000000000008004500'],
    ['BSD loopback, little-endian', 0, `02000000${IPV4}`, IPV4_HEADER + IPV4],
    ['BSD loopback, big-endian', 0, `00000002${IPV4}`, IPV4_HEADER + IPV4],
    ['OpenBSD loopback', 108, `00000002${IPV4}`, IPV4_HEADER + IPV4],
    ['BSD loopback of another family', 0, `07000000${IPV4}`, null],
    ['BSD loopback that is cut', 0, '0200', null],
    [
      'SLL keeps the source address',
      113,
      `0000 0001 0006 525400123456 0000 0800${IPV4}`,
      `02000a000002 525400123456 0800${IPV4}`,
    ],
    [
      'SLL broadcast',
      113,
      '0001 0001 0006 525400123456 0000 0806 0001080006040001',
      'ffffffffffff 525400123456 0806 0001080006040001',
    ],
    ['SLL of the loopback device', 113, `0000 0304 0006 000000000000 0000 0800${IPV4}`, IPV4_HEADER + IPV4],
    ['SLL without an address', 113, `0000 0200 0000 000000000000 0000 0800${IPV4}`, IPV4_HEADER + IPV4],
    [
      'SLL with a VLAN tag',
      113,
      '0000 0001 0006 525400123456 0000 8100 000a 0806 00',
      'ffffffffffff 525400123456 8100 000a 0806 00',
    ],
    [
      'SLL with an LLC frame',
      113,
      '0002 0001 0006 525400123456 0000 0004 424203',
      'ffffffffffff 525400123456 0003 424203',
    ],
    ['SLL of netlink', 113, '0004 0338 0000 0000000000000000 0000 ffff', null],
    ['SLL that is cut', 113, '000400010006', null],
    ['SLL2', 276, `0800 0000 00000002 0001 00 06 525400123456 0000${IPV4}`, `02000a000002 525400123456 0800${IPV4}`],
    ['SLL2 that is cut', 276, '0800', null],
    ['PPP has none', 9, 'ff030021', null],
  ])('%s', (_what, linkType, record, frame) => {
    expect(hex(toEthernetFrame(linkType, bytes(record)))).toBe(frame?.replaceAll(' ', '') ?? null);
  });

  it('gives IPv6 hosts an address by hash and maps multicast', () => {
    const frame = hex(toEthernetFrame(229, bytes(IPV6)))!;
    expect(frame.slice(0, 12)).toBe('3333000000fb');
    expect(frame.slice(12, 16)).toBe('0206');
    expect(frame.slice(24)).toBe(`86dd${IPV6}`);
    expect(hex(toEthernetFrame(0, bytes(`1e000000${IPV6}`)))).toBe(frame);
  });

  it('never throws, keeps the payload, and never makes a group the source', () => {
    const linkTypes = [0, 1, 12, 14, 101, 108, 113, 228, 229, 276, 9];
    fc.assert(
      fc.property(fc.constantFrom(...linkTypes), fc.uint8Array({ maxLength: 80 }), (linkType, record) => {
        const frame = toEthernetFrame(linkType, record);
        if (!hasEthernetForm(linkType)) expect(frame).toBeNull();
        if (frame === null || linkType === 1) return;
        expect(frame[6]! & 1).toBe(0);
        expect(hex(record)).toContain(hex(frame.subarray(14)));
      }),
    );
  });
});
