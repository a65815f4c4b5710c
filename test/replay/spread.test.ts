/** Which port a frame comes in by. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Spread, type SpreadBy } from '../../src/replay/spread.js';

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

const MACS = '0200000000 0a 5254001234 56';
const UDP = (port: string) => `4500003c0000 0000 4011 0000 0a000001 0a000002 1234${port} 00280000`;
const VXLAN = (vni: string) => `08000000 ${vni} 00`;
const vxlan4 = (vni: string, port = '12b5') => bytes(`${MACS} 0800 ${UDP(port)} ${VXLAN(vni)}`);

describe('a frame is told apart by', () => {
  it.each<readonly [string, SpreadBy, Uint8Array, string]>([
    ['its source', 'src-mac', bytes(`${MACS} 0800`), '52:54:00:12:34:56'],
    ['its destination', 'dst-mac', bytes(`${MACS} 0800`), '02:00:00:00:00:0a'],
    ['its source, if it has one', 'src-mac', bytes('0200'), 'no address'],
    ['its VLAN', 'vlan', bytes(`${MACS} 8100 600a 0800`), 'vlan 10'],
    ['its outer VLAN', 'vlan', bytes(`${MACS} 88a8 0014 8100 000a 0800`), 'vlan 20'],
    ['its VLAN, if it has one', 'vlan', bytes(`${MACS} 0800 4500 0000`), 'untagged'],
    ['its VLAN, if that is not cut', 'vlan', bytes(`${MACS} 8100 00`), 'untagged'],
    ['its VXLAN network', 'vni', vxlan4('00002a'), 'vni 42'],
    [
      'its VXLAN network behind a VLAN tag',
      'vni',
      bytes(`${MACS} 8100 0001 0800 ${UDP('12b5')} ${VXLAN('ffffff')}`),
      'vni 16777215',
    ],
    ['no VXLAN network on another port', 'vni', vxlan4('00002a', '0035'), 'no vxlan'],
    ['no VXLAN network when the header is cut', 'vni', vxlan4('00002a').subarray(0, 48), 'no vxlan'],
    [
      'no VXLAN network when the I flag is off',
      'vni',
      bytes(`${MACS} 0800 ${UDP('12b5')} 00000000 00002a 00`),
      'no vxlan',
    ],
    [
      'its VXLAN network over IPv6',
      'vni',
      bytes(`${MACS} 86dd 60000000 0010 11 40 ${'00'.repeat(32)} 1234 12b5 0010 0000 ${VXLAN('000007')}`),
      'vni 7',
    ],
    ['nothing at all', 'one', bytes(''), 'all frames'],
  ])('%s', (_what, by, frame, label) => {
    const spread = new Spread(by, 10);
    expect(spread.indexOf(frame)).toBe(0);
    expect(spread.portLabels()).toEqual([label]);
  });

  it('never looks beyond the frame', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<SpreadBy>('src-mac', 'dst-mac', 'vlan', 'vni', 'one'),
        fc.nat(80),
        fc.constantFrom(vxlan4('000001'), bytes(`${MACS} 8100 8100 8100 8100 8100`)),
        (by, size, frame) => {
          const spread = new Spread(by, 4);
          spread.indexOf(frame.subarray(0, size));
          expect(spread.portLabels().join()).not.toMatch(/NaN|undefined/);
        },
      ),
    );
  });
});

describe('ports', () => {
  const from = (last: number) => Uint8Array.of(0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, last, 8, 0);

  it('are given in the order of appearance, and kept', () => {
    const spread = new Spread('src-mac', 10);
    expect([5, 9, 5, 7, 9].map((last) => spread.indexOf(from(last)))).toEqual([0, 1, 0, 2, 1]);
  });

  it('are not more than wanted: the last is shared, and says with how many', () => {
    const spread = new Spread('src-mac', 2);
    expect([1, 2, 3, 4, 3].map((last) => spread.indexOf(from(last)))).toEqual([0, 1, 1, 1, 1]);
    expect(spread.portLabels()).toEqual(['02:00:00:00:00:01', '02:00:00:00:00:02 and 2 more']);
  });
});
