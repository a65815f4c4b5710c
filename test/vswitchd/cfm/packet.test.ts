import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Ccm, type CcmHeaders, composeCcmFrame, parseCcmFrame } from '#src/vswitchd/cfm/packet.js';

const bits = (count: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: 2 ** count - 1 });
const bytes = (count: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: count, maxLength: count });
const ccm: fc.Arbitrary<Ccm> = fc.record({
  sequence: bits(32),
  mpid: bits(16),
  maid: bytes(48),
  interval: bits(3),
  intervalMs: bits(16),
  rdi: fc.boolean(),
  mpid64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  isDown: fc.boolean(),
});
const headers: fc.Arbitrary<CcmHeaders> = fc.record({
  source: bytes(6),
  isExtended: fc.boolean(),
  vlanTci: fc.oneof(fc.constant(0), bits(16)),
});

describe('the continuity check message', () => {
  it('is read as it was written, and without its last byte', () => {
    fc.assert(
      fc.property(headers, ccm, fc.nat({ max: 1 }), (before, written, missing) => {
        const frame = composeCcmFrame(before, written);
        expect(parseCcmFrame(frame.subarray(0, frame.length - missing))).toEqual(written);
      }),
    );
  });

  it('can be any bytes, or cut anywhere', () => {
    fc.assert(
      fc.property(headers, ccm, fc.uint8Array({ maxLength: 120 }), fc.nat({ max: 87 }), (before, sent, noise, at) => {
        expect(parseCcmFrame(composeCcmFrame(before, sent).subarray(0, at))).toBeNull();
        expect(() => parseCcmFrame(noise)).not.toThrow();
      }),
    );
  });

  it.each([
    ['another opcode', 15, 2],
    ['another type', 13, 0],
  ])('%s', (_, at, byte) => {
    const frame = composeCcmFrame(
      { source: new Uint8Array(6), isExtended: false, vlanTci: 0 },
      {
        sequence: 1,
        mpid: 1,
        maid: new Uint8Array(48),
        interval: 4,
        intervalMs: 0,
        rdi: false,
        mpid64: 0n,
        isDown: false,
      },
    );
    expect(parseCcmFrame(frame)).not.toBeNull();
    frame[at] = byte;
    expect(parseCcmFrame(frame)).toBeNull();
  });
});
