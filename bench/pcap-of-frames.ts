/** A set of frames as a classic pcap file, for readers and for other switches. */
import type { FrameSet } from './frames.js';

const FILE_HEADER_SIZE = 24;
const RECORD_HEADER_SIZE = 16;

/** The file's bytes; `times` lays the whole set down so often. */
export function pcapOf({ arena, batch, count }: FrameSet, times = 1): Uint8Array {
  let size = 0;
  for (let i = 0; i < count; i++) size += RECORD_HEADER_SIZE + batch.lengths[i]!;
  const bytes = Buffer.alloc(FILE_HEADER_SIZE + size * times);
  bytes.writeUInt32LE(0xa1b2c3d4, 0);
  bytes.writeUInt16LE(2, 4);
  bytes.writeUInt16LE(4, 6);
  bytes.writeUInt32LE(262_144, 16);
  bytes.writeUInt32LE(1, 20);
  let at = FILE_HEADER_SIZE;
  for (let i = 0; i < count; i++) {
    const start = batch.starts[i]!;
    const length = batch.lengths[i]!;
    bytes.writeUInt32LE(Math.floor(i / 1e6), at);
    bytes.writeUInt32LE(i % 1e6, at + 4);
    bytes.writeUInt32LE(length, at + 8);
    bytes.writeUInt32LE(length, at + 12);
    bytes.set(arena.bytes.subarray(start, start + length), at + RECORD_HEADER_SIZE);
    at += RECORD_HEADER_SIZE + length;
  }
  for (let i = 1; i < times; i++)
    bytes.copyWithin(FILE_HEADER_SIZE + i * size, FILE_HEADER_SIZE, FILE_HEADER_SIZE + size);
  return bytes;
}
