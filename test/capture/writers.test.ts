/** What the writers write, the readers read: any frames, times, lengths and comments. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileSink, MemorySink } from '../../src/capture/byte-sink.js';
import { PcapDecoder } from '../../src/capture/pcap-decoder.js';
import { PcapWriter } from '../../src/capture/pcap-writer.js';
import { PcapngDecoder } from '../../src/capture/pcapng-decoder.js';
import { PcapngWriter } from '../../src/capture/pcapng-writer.js';
import { UserError } from '../../src/report/user-error.js';
import { decodeAll } from './build-capture.js';

const frame = fc.record({
  seconds: fc.integer({ min: 0, max: 0xffffffff }),
  nanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
  bytes: fc.uint8Array({ maxLength: 200 }),
  more: fc.nat(1000),
});

describe('classic pcap', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 20 }),
        fc.constantFrom('us' as const, 'ns' as const),
        fc.boolean(),
        fc.integer({ min: 1, max: 300 }),
        (frames, resolution, littleEndian, snapLength) => {
          const sink = new MemorySink();
          const writer = new PcapWriter(sink, { resolution, littleEndian, snapLength, linkType: 101 });
          for (const { seconds, nanoseconds, bytes, more } of frames) {
            writer.write(seconds, nanoseconds, bytes, bytes.length + more);
          }
          const { records, damage } = decodeAll(new PcapDecoder(), sink.bytes());
          expect(damage).toBeNull();
          expect(records.map((record) => ({ ...record, bytes: [...record.bytes] }))).toEqual(
            frames.map(({ seconds, nanoseconds, bytes, more }) => ({
              seconds,
              nanoseconds: resolution === 'ns' ? nanoseconds : nanoseconds - (nanoseconds % 1000),
              linkType: 101,
              capturedLength: Math.min(bytes.length, snapLength),
              originalLength: bytes.length + more,
              bytes: [...bytes.subarray(0, snapLength)],
              interfaceId: 0,
              comment: undefined,
            })),
          );
        },
      ),
    );
  });

  it('begins as a file of ovs-vswitchd does, and keeps frames whole, when told so', () => {
    const sink = new MemorySink();
    const writer = new PcapWriter(sink, { snapLength: 1518, cut: false });
    expect(Buffer.from(sink.bytes()).toString('hex')).toBe('d4c3b2a1020004000000000000000000ee05000001000000');
    writer.write(1, 0, new Uint8Array(2000));
    expect(decodeAll(new PcapDecoder(), sink.bytes()).records[0]?.capturedLength).toBe(2000);
  });
});

describe('pcapng', () => {
  it('comes back as it was written, comments too', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(frame, fc.nat(2), fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }))),
        (frames) => {
          const sink = new MemorySink();
          const writer = new PcapngWriter(sink);
          for (const name of ['a', 'b', 'c']) writer.addInterface(name);
          for (const [{ seconds, nanoseconds, bytes, more }, from, comment] of frames) {
            const about = { originalLength: bytes.length + more };
            writer.write(from, seconds, nanoseconds, bytes, comment === undefined ? about : { ...about, comment });
          }
          const decoder = new PcapngDecoder();
          const { records, damage } = decodeAll(decoder, sink.bytes());
          expect(damage).toBeNull();
          expect(records.map((record) => ({ ...record, bytes: [...record.bytes] }))).toEqual(
            frames.map(([{ seconds, nanoseconds, bytes, more }, interfaceId, comment]) => ({
              seconds,
              nanoseconds,
              linkType: 1,
              capturedLength: bytes.length,
              originalLength: bytes.length + more,
              bytes: [...bytes],
              interfaceId,
              comment,
            })),
          );
        },
      ),
    );
  });

  it('keeps the start of a comment that is too long for an option', () => {
    const sink = new MemorySink();
    const writer = new PcapngWriter(sink);
    writer.write(writer.addInterface('a'), 0, 0, new Uint8Array(3), { comment: 'x'.repeat(70_000) });
    expect(decodeAll(new PcapngDecoder(), sink.bytes()).records[0]?.comment).toHaveLength(0xffff);
  });
});

describe('a file as sink', () => {
  it('holds what was written, also pieces longer than its buffer', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sink-'));
    try {
      const path = join(folder, 'out');
      const sink = new FileSink(path);
      const pieces = [3, 300_000, 5, 200_000, 100_000].map((size, i) => new Uint8Array(size).fill(i));
      for (const piece of pieces) sink.write(piece);
      sink.close();
      sink.close();
      expect(readFileSync(path).equals(Buffer.concat(pieces))).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says so when it cannot be made', () => {
    expect(() => new FileSink('/nonexistent/folder/x.pcap')).toThrow(UserError);
  });
});
