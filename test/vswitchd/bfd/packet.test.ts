import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BfdAddresses, type BfdMessage, composeBfdFrame, parseBfdFrame } from '#src/vswitchd/bfd/packet.js';

const bits = (count: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: 2 ** count - 1 });
const bytes = (count: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: count, maxLength: count });
const message: fc.Arbitrary<BfdMessage> = fc.record({
  version: bits(3),
  diagnostic: bits(5),
  state: bits(2),
  flags: bits(6),
  multiplier: bits(8),
  size: bits(8),
  myDiscriminator: bits(32),
  yourDiscriminator: bits(32),
  minTxUs: bits(32),
  minRxUs: bits(32),
  minEchoRxUs: bits(32),
});
const addresses: fc.Arbitrary<BfdAddresses> = fc.record({
  ethSource: bytes(6),
  ethDestination: bytes(6),
  ipSource: bytes(4),
  ipDestination: bytes(4),
  sourcePort: bits(16),
});

describe('the BFD control packet', () => {
  it('is read as it was written, with VLAN tags in front or without', () => {
    fc.assert(
      fc.property(addresses, message, fc.nat({ max: 2 }), (from, written, tags) => {
        const plain = Buffer.from(composeBfdFrame(from, written));
        const frame = Buffer.concat([
          plain.subarray(0, 12),
          Buffer.alloc(4 * tags, '81000005', 'hex'),
          plain.subarray(12),
        ]);
        expect(parseBfdFrame(frame)).toEqual({ ttl: 255, message: written });
      }),
    );
  });

  it('can be any bytes, or cut anywhere', () => {
    fc.assert(
      fc.property(
        addresses,
        message,
        fc.uint8Array({ maxLength: 80 }),
        fc.nat({ max: 65 }),
        (from, sent, noise, at) => {
          const frame = composeBfdFrame(from, sent);
          expect(parseBfdFrame(frame.subarray(0, at))).toBeNull();
          const spoiled = Uint8Array.from(frame);
          spoiled.set(noise.subarray(0, 66 - at), at);
          expect(() => [parseBfdFrame(spoiled), parseBfdFrame(noise)]).not.toThrow();
        },
      ),
    );
  });

  it('is, to the byte, what ovs-vswitchd 3.1.0 sends', () => {
    const frame = composeBfdFrame(
      {
        ethSource: Uint8Array.of(0xaa, 0x55, 0xaa, 0x55, 0, 2),
        ethDestination: Uint8Array.of(0, 0x23, 0x20, 0, 0, 1),
        ipSource: Uint8Array.of(169, 254, 1, 1),
        ipDestination: Uint8Array.of(169, 254, 1, 0),
        sourcePort: 49152,
      },
      {
        version: 1,
        diagnostic: 0,
        state: 1,
        flags: 0,
        multiplier: 3,
        size: 24,
        myDiscriminator: 0xbe424fb4,
        yourDiscriminator: 0,
        minTxUs: 1_000_000,
        minRxUs: 1_000_000,
        minEchoRxUs: 0,
      },
    );
    expect(Buffer.from(frame).toString('hex')).toBe(OVS_FRAME);
  });
});

const OVS_FRAME =
  '002320000001aa55aa550002080045c0003400000000ff1164fba9fe0101a9fe0100c0000ec80020000020400318be424fb4000000000' +
  '00f4240000f424000000000';
