import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { composeLacpFrame, type LacpInfo, parseLacpFrame } from '#src/vswitchd/lacp/pdu.js';

const u16 = fc.integer({ min: 0, max: 0xffff });
const info: fc.Arbitrary<LacpInfo> = fc.record({
  systemPriority: u16,
  systemId: fc.uint8Array({ minLength: 6, maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  key: u16,
  portPriority: u16,
  portId: u16,
  state: fc.integer({ min: 0, max: 0xff }),
});
const SOURCE = Uint8Array.of(2, 0, 0, 0, 0, 1);

describe('LACPDU', () => {
  it('reads what it writes, with a VLAN tag in front or without', () => {
    fc.assert(
      fc.property(info, info, fc.boolean(), (actor, partner, isTagged) => {
        const plain = Buffer.from(composeLacpFrame(SOURCE, actor, partner));
        const tag = isTagged ? Buffer.from('81000005', 'hex') : Buffer.alloc(0);
        const frame = Buffer.concat([plain.subarray(0, 12), tag, plain.subarray(12)]);
        expect(parseLacpFrame(frame)).toEqual({ kind: 'lacp', actor, partner });
      }),
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(['lacp', 'marker', 'malformed']).toContain(parseLacpFrame(bytes).kind);
      }),
    );
  });

  it.each([
    ['a marker', 14, 2, 'marker'],
    ['another subtype', 14, 3, 'malformed'],
    ['no actor', 16, 3, 'malformed'],
    ['an actor of another length', 17, 19, 'malformed'],
    ['no partner', 36, 3, 'malformed'],
  ])('%s', (_, at, byte, kind) => {
    const none = { systemPriority: 0, systemId: '000000000000', key: 0, portPriority: 0, portId: 0, state: 0 };
    const frame = composeLacpFrame(SOURCE, none, none);
    expect(frame.length).toBe(124);
    frame[at] = byte;
    expect(parseLacpFrame(frame).kind).toBe(kind);
  });
});
