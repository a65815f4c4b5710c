/** Both readers of classic pcap are held to the same packets, the same ends and the same patience. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CaptureDecoder, MAX_RECORD_SIZE } from '../../src/capture/capture-record.js';
import { PcapDecoder } from '../../src/capture/pcap-decoder.js';
import { PcapParserDecoder } from '../../src/capture/pcap-parser-decoder.js';
import { buildPcap, concat, decodeAll, someFrames } from './build-capture.js';

const READERS: readonly (readonly [name: string, make: () => CaptureDecoder])[] = [
  ['our own', () => new PcapDecoder()],
  ['pcap-parser', () => new PcapParserDecoder()],
];

const recordHeader = (capturedLength: number, originalLength: number): Uint8Array => {
  const header = new DataView(new ArrayBuffer(16));
  header.setUint32(8, capturedLength, true);
  header.setUint32(12, originalLength, true);
  return new Uint8Array(header.buffer);
};

describe.each(READERS)('the classic pcap reader: %s', (_name, make) => {
  it.each([
    ['little-endian', true],
    ['big-endian', false],
  ])('reads frames, times, lengths and the link type: %s', (_order, littleEndian) => {
    const frames = someFrames(5);
    const bytes = buildPcap(frames, { littleEndian, snapLength: 30, linkType: 113 });
    const decoder = make();
    const { records, damage } = decodeAll(decoder, bytes);
    expect(damage).toBeNull();
    expect(decoder.begun).toBe(true);
    expect(decoder.interfaces).toEqual([{ linkType: 113, snapLength: 30, name: undefined }]);
    expect(records).toEqual(
      frames.map((frame) => ({
        seconds: frame.seconds,
        nanoseconds: frame.nanoseconds,
        linkType: 113,
        capturedLength: Math.min(30, frame.bytes.length),
        originalLength: frame.bytes.length,
        bytes: expect.objectContaining({ length: Math.min(30, frame.bytes.length) }),
        interfaceId: 0,
        comment: undefined,
      })),
    );
    records.forEach((record, i) => {
      expect([...record.bytes]).toEqual([...frames[i]!.bytes.subarray(0, 30)]);
    });
  });

  it('takes the frame check sequence flags off the link type', () => {
    const bytes = buildPcap(someFrames(1));
    new DataView(bytes.buffer).setUint32(20, 0x24000001, true);
    expect(decodeAll(make(), bytes).records[0]?.linkType).toBe(1);
  });

  it('lets a fraction over a second run into the seconds', () => {
    const bytes = buildPcap(someFrames(1));
    new DataView(bytes.buffer).setUint32(28, 2_000_001, true);
    expect(decodeAll(make(), bytes).records[0]).toMatchObject({ seconds: 1_700_000_002, nanoseconds: 1000 });
  });

  it('reads a capture of nothing', () => {
    expect(decodeAll(make(), buildPcap([]))).toEqual({ records: [], damage: null });
  });

  it('gives the same records whatever the chunks', () => {
    const bytes = buildPcap(someFrames(12));
    const whole = decodeAll(make(), bytes).records.map((record) => ({ ...record, bytes: [...record.bytes] }));
    expect(whole).toHaveLength(12);
    for (const size of [1, 2, 15, 16, 17, 100]) {
      const parts = decodeAll(make(), bytes, size).records.map((record) => ({ ...record, bytes: [...record.bytes] }));
      expect(parts).toEqual(whole);
    }
  });

  it('gives all whole records of a file cut anywhere, and says where it is cut', () => {
    const frames = someFrames(3);
    const bytes = buildPcap(frames);
    const ends = [24];
    for (const frame of frames) ends.push(ends.at(-1)! + 16 + frame.bytes.length);
    for (let size = 24; size <= bytes.length; size++) {
      const { records, damage } = decodeAll(make(), bytes.slice(0, size));
      const wholeCount = ends.filter((end) => end <= size).length - 1;
      expect(records).toHaveLength(wholeCount);
      if (ends.includes(size)) expect(damage).toBeNull();
      else expect(damage).toMatchObject({ kind: 'cut', offset: ends[wholeCount] });
    }
  });

  it('says which record is cut, where it begins and how much of it is there', () => {
    const bytes = buildPcap(someFrames(2));
    expect(decodeAll(make(), bytes.slice(0, bytes.length - 4)).damage).toEqual({
      kind: 'cut',
      offset: 54,
      message: 'record 2 at byte offset 54 is cut: 33 of its 37 bytes are there',
    });
  });

  it.each([
    ['the most', MAX_RECORD_SIZE + 1],
    ['everything', 0xffffffff],
  ])('stops at a record that claims more than %s, and does not buffer for it', (_what, claimed) => {
    const bytes = concat(buildPcap(someFrames(2)), recordHeader(claimed, claimed), new Uint8Array(500));
    const { records, damage } = decodeAll(make(), bytes, 64);
    expect(records).toHaveLength(2);
    expect(damage).toEqual({
      kind: 'damaged',
      offset: 91,
      message: `record 3 at byte offset 91 claims ${claimed} bytes, and no frame has more than 262144`,
    });
  });

  it('reads the longest record, in small chunks, in linear time', () => {
    const bytes = buildPcap([{ seconds: 1, nanoseconds: 0, bytes: new Uint8Array(MAX_RECORD_SIZE) }]);
    const { records } = decodeAll(make(), bytes, 7);
    expect(records.map((record) => record.capturedLength)).toEqual([MAX_RECORD_SIZE]);
  });

  it.each([
    ['another magic number', (view: DataView) => view.setUint32(0, 0x12345678)],
    ['version 9.4', (view: DataView) => view.setUint16(4, 9, true)],
  ])('refuses %s', (_what, spoil) => {
    const bytes = buildPcap(someFrames(2));
    spoil(new DataView(bytes.buffer));
    const decoder = make();
    const { records, damage } = decodeAll(decoder, bytes);
    expect(records).toEqual([]);
    expect(damage?.kind).toBe('damaged');
    expect(decoder.begun).toBe(false);
  });

  it('says that a file header is cut', () => {
    expect(decodeAll(make(), buildPcap([]).slice(0, 20)).damage?.message).toBe(
      'the file header is cut: 20 of 24 bytes',
    );
  });
});

it('the two readers agree on any bytes after a file header, in any chunks', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ size: fc.nat(80), lie: fc.option(fc.nat(200), { freq: 10 }) }), { maxLength: 8 }),
      fc.uint8Array({ maxLength: 40 }),
      fc.integer({ min: 1, max: 200 }),
      (records, tail, chunkSize) => {
        const parts = records.map(({ size, lie }) => concat(recordHeader(lie ?? size, size), new Uint8Array(size)));
        const bytes = concat(buildPcap([]), ...parts, tail);
        const plain = (decoder: CaptureDecoder) => {
          const result = decodeAll(decoder, bytes, chunkSize);
          return { ...result, records: result.records.map((record) => ({ ...record, bytes: [...record.bytes] })) };
        };
        expect(plain(new PcapParserDecoder())).toEqual(plain(new PcapDecoder()));
      },
    ),
  );
});
