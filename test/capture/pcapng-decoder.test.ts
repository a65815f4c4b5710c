/** What the pcapng decoder reads, and how it refuses. */
import { describe, expect, it } from 'vitest';
import { PcapngDecoder } from '../../src/capture/pcapng-decoder.js';
import { block, concat, decodeAll, halves, interfaceBlock, option, sectionHeader } from './build-capture.js';

const FRAME = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);

/** An enhanced packet block with a 64-bit time in two words. */
const enhanced = (little: boolean, from: number, time: bigint, frame = FRAME, originalLength = frame.length) =>
  block(
    little,
    6,
    from,
    Number(time >> 32n),
    Number(time & 0xffffffffn),
    frame.length,
    originalLength,
    frame,
    new Uint8Array((4 - (frame.length % 4)) % 4),
  );

const int64 = (little: boolean, value: bigint): Uint8Array => {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigInt64(0, value, little);
  return new Uint8Array(view.buffer);
};

describe.each([
  ['little-endian', true],
  ['big-endian', false],
])('pcapng, %s', (_order, little) => {
  it('reads an enhanced packet block with microseconds by default', () => {
    const bytes = concat(
      sectionHeader(little),
      interfaceBlock(little, 1, 0),
      enhanced(little, 0, 1_700_000_000_123_456n, FRAME, 99),
    );
    const { records, damage } = decodeAll(new PcapngDecoder(), bytes);
    expect(damage).toBeNull();
    expect(records).toEqual([
      {
        seconds: 1_700_000_000,
        nanoseconds: 123_456_000,
        linkType: 1,
        capturedLength: 15,
        originalLength: 99,
        bytes: FRAME,
        interfaceId: 0,
        comment: undefined,
      },
    ]);
  });

  it.each([
    ['nanoseconds', 9, 1_700_000_000_123_456_789n, 1_700_000_000, 123_456_789],
    ['milliseconds', 3, 1_700_000_000_123n, 1_700_000_000, 123_000_000],
    ['seconds', 0, 1_700_000_000n, 1_700_000_000, 0],
    ['picoseconds', 12, 1_700_123_456_789_012n, 1700, 123_456_789],
    ['1/1024 s', 0x80 | 10, 1_700_000_000n * 1024n + 512n, 1_700_000_000, 500_000_000],
    ['2^-32 s', 0x80 | 32, (1_700_000_000n << 32n) | 0x40000000n, 1_700_000_000, 250_000_000],
    ['10^-127 s, which nothing reaches', 127, 0xffffffffffffffffn, 0, 0],
  ])('reads times in %s', (_what, resolution, time, seconds, nanoseconds) => {
    const options = [option(little, 9, Uint8Array.of(resolution))];
    const bytes = concat(sectionHeader(little), interfaceBlock(little, 1, 0, options), enhanced(little, 0, time));
    expect(decodeAll(new PcapngDecoder(), bytes).records[0]).toMatchObject({ seconds, nanoseconds });
  });

  it('adds the time offset of the interface', () => {
    const options = [option(little, 14, int64(little, -1000n))];
    const bytes = concat(sectionHeader(little), interfaceBlock(little, 1, 0, options), enhanced(little, 0, 5_000_001n));
    expect(decodeAll(new PcapngDecoder(), bytes).records[0]).toMatchObject({ seconds: -995, nanoseconds: 1000 });
  });

  it('keeps the interfaces apart, and names them', () => {
    const bytes = concat(
      sectionHeader(little),
      interfaceBlock(little, 1, 0, [option(little, 2, new TextEncoder().encode('eth0'))]),
      interfaceBlock(little, 113, 96),
      enhanced(little, 1, 1n),
      enhanced(little, 0, 2n),
    );
    const decoder = new PcapngDecoder();
    const { records } = decodeAll(decoder, bytes);
    expect(records.map(({ interfaceId, linkType }) => [interfaceId, linkType])).toEqual([
      [1, 113],
      [0, 1],
    ]);
    expect(decoder.interfaces).toMatchObject([
      { linkType: 1, snapLength: 0, name: 'eth0' },
      { linkType: 113, snapLength: 96, name: undefined },
    ]);
  });

  it('reads the obsolete packet block', () => {
    const bytes = concat(
      sectionHeader(little),
      interfaceBlock(little, 1, 0),
      block(little, 2, halves(little, 0, 7), 0, 3_000_000, FRAME.length, 60, FRAME),
    );
    expect(decodeAll(new PcapngDecoder(), bytes).records).toMatchObject([
      { seconds: 3, capturedLength: 15, originalLength: 60, bytes: FRAME },
    ]);
  });

  it('reads the simple packet block, cut to the snap length, with the time of the record before', () => {
    const bytes = concat(
      sectionHeader(little),
      interfaceBlock(little, 1, 10),
      enhanced(little, 0, 9_000_005n),
      block(little, 3, 15, FRAME.subarray(0, 10)),
      block(little, 3, 6, FRAME.subarray(0, 6)),
    );
    expect(decodeAll(new PcapngDecoder(), bytes).records.slice(1)).toMatchObject([
      { seconds: 9, nanoseconds: 5000, capturedLength: 10, originalLength: 15, bytes: FRAME.subarray(0, 10) },
      { seconds: 9, nanoseconds: 5000, capturedLength: 6, originalLength: 6, bytes: FRAME.subarray(0, 6) },
    ]);
  });

  it('begins anew with each section, of either byte order', () => {
    const bytes = concat(
      sectionHeader(little),
      interfaceBlock(little, 1, 0),
      enhanced(little, 0, 1n),
      sectionHeader(!little),
      interfaceBlock(!little, 101, 0),
      enhanced(!little, 0, 2n),
    );
    expect(
      decodeAll(new PcapngDecoder(), bytes).records.map(({ interfaceId, linkType }) => [interfaceId, linkType]),
    ).toEqual([
      [0, 1],
      [1, 101],
    ]);
  });

  it('passes over blocks that hold no packet, also huge ones, without keeping them', () => {
    const bytes = concat(
      sectionHeader(little),
      block(little, 4, 0),
      interfaceBlock(little, 1, 0),
      block(little, 0x0bad, new Uint8Array(8 * 1024 * 1024)),
      block(little, 5, 0, 0, 0),
      enhanced(little, 0, 1n),
    );
    for (const chunkSize of [bytes.length, 65_536]) {
      expect(decodeAll(new PcapngDecoder(), bytes, chunkSize).records).toHaveLength(1);
    }
  });

  it('reads the comment of a packet', () => {
    const comment = new TextEncoder().encode('dropped: no-vport');
    const bytes = concat(
      sectionHeader(little),
      interfaceBlock(little, 1, 0),
      block(little, 6, 0, 0, 0, 4, 4, FRAME.subarray(0, 4), option(little, 1, comment), 0),
    );
    expect(decodeAll(new PcapngDecoder(), bytes).records[0]?.comment).toBe('dropped: no-vport');
  });

  it('gives the same records whatever the chunks', () => {
    const bytes = concat(
      sectionHeader(little),
      interfaceBlock(little, 1, 0),
      ...Array.from({ length: 5 }, (_, i) => enhanced(little, 0, BigInt(i))),
    );
    for (const size of [1, 3, 31, 32, 33]) {
      expect(decodeAll(new PcapngDecoder(), bytes, size)).toEqual(decodeAll(new PcapngDecoder(), bytes));
    }
  });

  it.each<readonly [string, Uint8Array, RegExp]>([
    [
      'a packet of an interface that is not there',
      enhanced(little, 3, 1n),
      /names interface 3, and the section has 1$/,
    ],
    ['a block shorter than a block', patchLength(little, enhanced(little, 0, 1n), 8), /gives 8 as its length/],
    ['a block of odd length', patchLength(little, enhanced(little, 0, 1n), 33), /gives 33 as its length/],
    ['a block with two lengths', patchLength(little, enhanced(little, 0, 1n), 44), /two different lengths/],
    ['a packet longer than its block', block(little, 6, 0, 0, 0, 400, 400, FRAME), /holds fewer bytes than it claims/],
    ['a packet of four gigabytes', block(little, 6, 0, 0, 0, 0xffffffff, 1, FRAME), /holds fewer bytes/],
    ['a block of four gigabytes', patchLength(little, enhanced(little, 0, 1n), 0xfffffffc), /more than any packet/],
    ['a packet block without room for its header', block(little, 6, 0, 0), /too short/],
    ['a simple packet block with less than it claims', block(little, 3, 400, FRAME), /holds fewer bytes/],
    ['an interface block without room for its header', block(little, 1), /too short/],
    ['a section header without magic', block(little, 0x0a0d0d0a, 7, 7, 7, 7), /no byte-order magic/],
    ['a section of version 2', block(little, 0x0a0d0d0a, 0x1a2b3c4d, halves(little, 2, 0), 0, 0), /version 2/],
  ])('stops at %s, after the whole records before it', (_what, bad, message) => {
    const good = concat(sectionHeader(little), interfaceBlock(little, 1, 0), enhanced(little, 0, 1n));
    const { records, damage } = decodeAll(new PcapngDecoder(), concat(good, bad, enhanced(little, 0, 2n)));
    expect(records).toHaveLength(1);
    expect(damage).toMatchObject({ kind: 'damaged', offset: good.length, message: expect.stringMatching(message) });
  });

  it('says where a file is cut', () => {
    const good = concat(sectionHeader(little), interfaceBlock(little, 1, 0), enhanced(little, 0, 1n));
    const last = enhanced(little, 0, 2n);
    for (let size = 1; size < last.length; size++) {
      const { records, damage } = decodeAll(new PcapngDecoder(), concat(good, last.subarray(0, size)));
      expect(records).toHaveLength(1);
      expect(damage).toMatchObject({ kind: 'cut', offset: good.length });
    }
    const inSkipped = concat(good, block(little, 4, new Uint8Array(100)).subarray(0, 50));
    expect(decodeAll(new PcapngDecoder(), inSkipped).damage).toMatchObject({ kind: 'cut', offset: good.length });
  });
});

function patchLength(little: boolean, bytes: Uint8Array, length: number): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint32(4, length, little);
  return copy;
}

it('a file that does not begin with a section header is none', () => {
  const decoder = new PcapngDecoder();
  expect(decodeAll(decoder, interfaceBlock(true, 1, 0)).damage?.message).toBe(
    'the first block is not a section header',
  );
  expect(decoder.begun).toBe(false);
});
