import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bpduOf, composeBpduFrame } from '#src/vswitchd/spanning-tree/frame.js';
import { type ConfigBpdu, composeConfigBpdu, composeTcnBpdu, parseStpBpdu } from '#src/vswitchd/stp/bpdu.js';

const u16 = fc.integer({ min: 0, max: 0xffff });
const id = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const config: fc.Arbitrary<ConfigBpdu> = fc.record({
  flags: fc.integer({ min: 0, max: 0xff }),
  rootId: id,
  rootPathCost: fc.integer({ min: 0, max: 0xffffffff }),
  bridgeId: id,
  portId: u16,
  messageAge: u16,
  maxAge: u16,
  helloTime: u16,
  forwardDelay: u16,
});
const SOURCE = Uint8Array.of(2, 0, 0, 0, 0, 1);

describe('BPDUs of STP', () => {
  it('reads what it writes, with padding behind it or without', () => {
    fc.assert(
      fc.property(config, fc.integer({ min: 0, max: 30 }), (sent, padding) => {
        const frame = Buffer.concat([composeBpduFrame(SOURCE, composeConfigBpdu(sent)), Buffer.alloc(padding)]);
        expect(parseStpBpdu(bpduOf(frame, false)!)).toEqual({ kind: 'config', config: sent });
      }),
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (bytes, looksBehindTag) => {
        const bpdu = bpduOf(bytes, looksBehindTag);
        if (bpdu !== null) expect(['config', 'tcn', 'malformed']).toContain(parseStpBpdu(bpdu).kind);
      }),
    );
  });

  it.each([
    [
      'a configuration',
      '0180c2000000aa55aa550006002642420300000000008000aa66aa660000000000008000aa66aa6600008001000014000200' + '0f00',
      'config',
    ],
    ['a notification', '0180c2000000aa55aa5500060007424203' + '00000080', 'tcn'],
    ['a notification that is too long', '0180c2000000aa55aa5500060008424203' + '0000008000', 'malformed'],
    ['a configuration cut short', '0180c2000000aa55aa550006000f424203' + '000000000000000000000000', 'malformed'],
    ['another protocol', '0180c2000000aa55aa5500060007424203' + '00010080', 'malformed'],
    ['another type', '0180c2000000aa55aa5500060007424203' + '00000003', 'malformed'],
    ['a runt', '0180c2000000aa55aa5500060006424203' + '000000', 'malformed'],
  ])('%s', (_, hex, kind) => {
    expect(parseStpBpdu(bpduOf(Buffer.from(hex, 'hex'), false)!).kind).toBe(kind);
  });

  it('writes a notification of four bytes', () => {
    expect(Buffer.from(composeBpduFrame(SOURCE, composeTcnBpdu())).toString('hex')).toBe(
      '0180c200000002000000000100074242030000' + '0080',
    );
  });
});
