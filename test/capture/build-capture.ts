/** Captures made in tests: by our own writers, and by hand where a format has what our writers do not write. */
import { MemorySink } from '../../src/capture/byte-sink.js';
import type { CaptureDecoder, CaptureRecord } from '../../src/capture/capture-record.js';
import { PcapWriter, type PcapWriterOptions } from '../../src/capture/pcap-writer.js';

export interface Frame {
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly bytes: Uint8Array;
  readonly originalLength?: number;
}

export const buildPcap = (frames: readonly Frame[], options: PcapWriterOptions = {}): Uint8Array => {
  const sink = new MemorySink();
  const writer = new PcapWriter(sink, options);
  for (const frame of frames) writer.write(frame.seconds, frame.nanoseconds, frame.bytes, frame.originalLength);
  return sink.bytes().slice();
};

/** Some frames of different lengths, microsecond times. */
export const someFrames = (count: number): Frame[] =>
  Array.from({ length: count }, (_, i) => ({
    seconds: 1_700_000_000 + i,
    nanoseconds: i * 1000,
    bytes: Uint8Array.from({ length: 14 + i * 7 }, (_unused, at) => (at * 3 + i) & 0xff),
  }));

/** A pcapng block of one byte order. */
export const block = (littleEndian: boolean, type: number, ...parts: readonly (Uint8Array | number)[]): Uint8Array => {
  const body = parts.map((part) => {
    if (typeof part !== 'number') return part;
    const word = new DataView(new ArrayBuffer(4));
    word.setUint32(0, part, littleEndian);
    return new Uint8Array(word.buffer);
  });
  const size = 12 + body.reduce((sum, part) => sum + part.length, 0);
  const padded = (size + 3) & ~3;
  const bytes = new Uint8Array(padded);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, littleEndian);
  view.setUint32(4, padded, littleEndian);
  let at = 8;
  for (const part of body) {
    bytes.set(part, at);
    at += part.length;
  }
  view.setUint32(padded - 4, padded, littleEndian);
  return bytes;
};

/** Two 16-bit numbers in one word. */
export const halves = (littleEndian: boolean, first: number, second: number): Uint8Array => {
  const word = new DataView(new ArrayBuffer(4));
  word.setUint16(0, first, littleEndian);
  word.setUint16(2, second, littleEndian);
  return new Uint8Array(word.buffer);
};

export const option = (littleEndian: boolean, code: number, value: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(4 + ((value.length + 3) & ~3));
  bytes.set(halves(littleEndian, code, value.length));
  bytes.set(value, 4);
  return bytes;
};

export const sectionHeader = (littleEndian: boolean): Uint8Array =>
  block(littleEndian, 0x0a0d0d0a, 0x1a2b3c4d, halves(littleEndian, 1, 0), 0xffffffff, 0xffffffff);

export const interfaceBlock = (
  littleEndian: boolean,
  linkType: number,
  snapLength: number,
  options: readonly Uint8Array[] = [],
): Uint8Array =>
  block(littleEndian, 1, halves(littleEndian, linkType, 0), snapLength, ...options, ...(options.length > 0 ? [0] : []));

export const concat = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** Drives a decoder with chunks of one size; all records, and how it ended. */
export const decodeAll = (decoder: CaptureDecoder, bytes: Uint8Array, chunkSize = bytes.length) => {
  const records: CaptureRecord[] = [];
  for (let at = 0; at < bytes.length; at += Math.max(1, chunkSize)) {
    decoder.push(bytes.slice(at, at + chunkSize));
    for (let record = decoder.next(); record !== null; record = decoder.next()) records.push(record);
    if (decoder.stopped) break;
  }
  return { records, damage: decoder.end() };
};
