/** Captures of every kind through the one door: sniffing, gzip, errors of the user, ends of the file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemorySink } from '../../src/capture/byte-sink.js';
import { memorySource, streamSource } from '../../src/capture/byte-source.js';
import type { CaptureRecord } from '../../src/capture/capture-record.js';
import { readCapture, readCaptureFrom } from '../../src/capture/capture-reader.js';
import { PcapngWriter } from '../../src/capture/pcapng-writer.js';
import { UserError } from '../../src/report/user-error.js';
import { buildPcap, concat, interfaceBlock, sectionHeader, someFrames } from './build-capture.js';

const readAll = async (bytes: Uint8Array, maxInflatedSize?: number) => {
  const reader = await readCapture(bytes, maxInflatedSize === undefined ? {} : { maxInflatedSize });
  const records: CaptureRecord[] = [];
  for await (const record of reader) records.push(record);
  return { reader, records };
};

const buildPcapng = (count: number): Uint8Array => {
  const sink = new MemorySink();
  const writer = new PcapngWriter(sink);
  const port = writer.addInterface('vm1');
  for (const { seconds, nanoseconds, bytes } of someFrames(count)) writer.write(port, seconds, nanoseconds, bytes);
  return sink.bytes().slice();
};

const KINDS: readonly (readonly [string, Uint8Array, 'pcap' | 'pcapng'])[] = [
  ['microsecond pcap', buildPcap(someFrames(9)), 'pcap'],
  ['nanosecond pcap', buildPcap(someFrames(9), { resolution: 'ns' }), 'pcap'],
  ['big-endian nanosecond pcap', buildPcap(someFrames(9), { resolution: 'ns', littleEndian: false }), 'pcap'],
  ['pcapng', buildPcapng(9), 'pcapng'],
];

describe.each(KINDS)('%s', (_name, bytes, format) => {
  const expected = someFrames(9);
  it.each([
    ['plain', false],
    ['compressed', true],
  ])('%s', async (_how, compressed) => {
    const { reader, records } = await readAll(compressed ? gzipSync(bytes) : bytes);
    expect(reader).toMatchObject({ format, compressed, damage: null });
    expect(
      records.map(({ seconds, nanoseconds, bytes: frame }) => ({ seconds, nanoseconds, bytes: [...frame] })),
    ).toEqual(expected.map((frame) => ({ ...frame, bytes: [...frame.bytes] })));
  });

  it('gives the whole records of a compressed file that is cut anywhere', async () => {
    const packed = gzipSync(bytes);
    for (let size = 30; size < packed.length - 8; size += 13) {
      const read = readAll(packed.subarray(0, size));
      // A piece too short for the file header is no capture.
      const { reader, records } = await read.catch((error) => {
        expect(error).toBeInstanceOf(UserError);
        return { reader: { damage: error }, records: [] };
      });
      expect(reader.damage).not.toBeNull();
      expect(records.length).toBeLessThanOrEqual(9);
    }
  });

  it('can be read from a stream in single bytes', async () => {
    const reader = readCaptureFrom(
      streamSource(
        (async function* () {
          for (const byte of bytes) yield Uint8Array.of(byte);
        })(),
        'standard input',
      ),
    );
    let count = 0;
    for await (const batch of reader.batches()) count += batch.length;
    expect(count).toBe(9);
    expect(reader.bytesTaken).toBe(bytes.length);
    expect(reader.repeatable).toBe(false);
  });
});

it('reads gzip of several members, as `cat a.gz b.gz` makes it', async () => {
  const bytes = buildPcap(someFrames(9));
  const { records } = await readAll(concat(gzipSync(bytes.subarray(0, 100)), gzipSync(bytes.subarray(100))));
  expect(records).toHaveLength(9);
});

it('reads a capture twice when its source can be read twice', async () => {
  const reader = readCaptureFrom(memorySource(buildPcap(someFrames(3))));
  for (let round = 0; round < 2; round++) {
    let count = 0;
    for await (const batch of reader.batches()) count += batch.length;
    expect(count).toBe(3);
  }
});

it('takes both readers of classic pcap', async () => {
  for (const classicReader of ['own', 'pcap-parser'] as const) {
    for (const [, bytes] of KINDS) {
      let count = 0;
      for await (const _record of await readCapture(bytes, { classicReader })) count++;
      expect(count).toBe(9);
    }
  }
});

it('bounds what a small file may inflate to', async () => {
  const bomb = gzipSync(concat(sectionHeader(true), interfaceBlock(true, 1, 0), new Uint8Array(8_000_000)));
  const { reader } = await readAll(bomb, 1_000_000).catch((error) => {
    expect(error).toBeInstanceOf(UserError);
    return { reader: { damage: error } };
  });
  expect(reader.damage).not.toBeNull();
  const long = gzipSync(buildPcap(Array.from({ length: 50_000 }, () => someFrames(1)[0]!)));
  const { reader: bounded, records } = await readAll(long, 500_000);
  expect(bounded.damage?.message).toMatch(/it uncompresses to more than 500000 bytes/);
  expect(records.length).toBeLessThan(50_000);
});

describe('what is no capture is refused, and named', () => {
  it.each<readonly [string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /is not a capture: it is empty/],
    ['two bytes', Uint8Array.of(1, 2), /it has only 2 bytes/],
    ['text', new TextEncoder().encode('hello world'), /it begins with the bytes 68656c6c/],
    ['a magic number and no more', Uint8Array.of(0xd4, 0xc3, 0xb2, 0xa1), /the file header is cut: 4 of 24 bytes/],
    ['a section header without its second half', sectionHeader(true).subarray(0, 14), /is cut/],
    ['gzip of text', gzipSync('hello world'), /begins with the bytes 68656c6c/],
    ['gzip of nothing', gzipSync(''), /it is empty/],
    ['gzip of gzip', gzipSync(gzipSync(buildPcap([]))), /gzip within gzip/],
    ['damaged gzip', Uint8Array.of(0x1f, 0x8b, 0xff, 0xff, 0xff), /it cannot be uncompressed/],
    ['xz', Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), /compressed by xz/],
    ['zstd', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), /compressed by zstd/],
    ['snoop', new TextEncoder().encode('snoop\0\0\0'), /is a snoop file/],
    ['modified pcap', Uint8Array.of(0x34, 0xcd, 0xb2, 0xa1), /Kuznetsov/],
  ])('%s', async (_name, bytes, message) => {
    const refusal = readAll(bytes);
    await expect(refusal).rejects.toBeInstanceOf(UserError);
    await expect(refusal).rejects.toThrow(message);
  });

  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'capture-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('no file', async () => {
    const path = join(folder, 'absent.pcap');
    await expect(readCapture(path)).rejects.toThrow(/there is no such file/);
    await expect(readCapture(path)).rejects.toMatchObject({ file: path });
  });

  it('a directory', async () => {
    await expect(readCapture(folder)).rejects.toThrow(/it is a directory/);
  });

  it('a file is read, and its size known', async () => {
    const path = join(folder, 'a.pcap');
    const bytes = buildPcap(someFrames(4));
    writeFileSync(path, bytes);
    const reader = await readCapture(path);
    let count = 0;
    for await (const batch of reader.batches()) count += batch.length;
    expect([count, reader.size, reader.repeatable]).toEqual([4, bytes.length, true]);
  });
});

describe('hostile bytes', () => {
  const outcome = async (bytes: Uint8Array, classicReader: 'own' | 'pcap-parser') => {
    const reader = await readCapture(bytes, { classicReader, maxInflatedSize: 4_000_000 });
    try {
      for await (const record of reader) {
        if (record.bytes.length !== record.capturedLength) throw new Error('a record is not whole');
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  };

  it('any bytes end with records or a clear refusal', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...KINDS.map(([, bytes]) => bytes.slice(0, 28)), new Uint8Array(0), Uint8Array.of(0x1f, 0x8b)),
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom('own' as const, 'pcap-parser' as const),
        async (head, tail, classicReader) => {
          await outcome(concat(head, tail), classicReader);
        },
      ),
    );
  });

  it('captures with changed bytes, cut anywhere, end with records or a clear refusal', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...KINDS.map(([, bytes]) => bytes), gzipSync(KINDS[0]![1])),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
        fc.nat(),
        fc.constantFrom('own' as const, 'pcap-parser' as const),
        async (bytes, changes, cut, classicReader) => {
          const copy = bytes.slice();
          for (const [at, value] of changes) copy[at % copy.length] = value;
          await outcome(copy.subarray(0, cut % (copy.length + 1)), classicReader);
        },
      ),
      { numRuns: 300 },
    );
  });
});
