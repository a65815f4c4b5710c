/**
 * Statistics as OpenFlow 1.5 carries them: a list of (class, field, length, value) behind zeros (2) and its length (2),
 * padded to 8 bytes (OpenFlow 1.5.1 §7.2.4, struct ofp_stats; lib/ox-stat.c).
 */
import type { Duration } from '../../duration.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';

/** All ones: it is not told. */
export interface OxsStats {
  readonly duration: Duration;
  readonly idleSeconds: number;
  readonly flows: number;
  readonly packets: bigint;
  readonly bytes: bigint;
}

const NONE_32 = 0xffffffff;
const NONE_64 = 0xffff_ffff_ffff_ffffn;

export const NO_STATS: OxsStats = {
  duration: { seconds: NONE_32, nanoseconds: NONE_32 },
  idleSeconds: NONE_32,
  flows: NONE_32,
  packets: NONE_64,
  bytes: NONE_64,
};

const HEADER_SIZE = 4;
const EXPERIMENTER_CLASS = 0xffff;
/** OFPXSC_OPENFLOW_BASIC, the field (7 bits and one that is reserved) and the length of the value. */
const header = (field: number, length: number): number => 0x8002_0000 + (field << 9) + length;
const DURATION = header(0, 8);
const IDLE_TIME = header(1, 8);
const FLOW_COUNT = header(3, 4);
const PACKET_COUNT = header(4, 8);
const BYTE_COUNT = header(5, 8);
/** The bit beside the field's number counts for nothing. */
const RESERVED = 0x100;

const badLength = (): never => {
  throw new OpenFlowError('OFPBMC_BAD_LEN');
};

export interface ReadOxs {
  readonly stats: OxsStats;
  /** Of the whole, with padding. */
  readonly size: number;
}

export function readOxs(reader: ByteReader): ReadOxs {
  if (reader.remaining < HEADER_SIZE) badLength();
  reader.skip(2);
  const length = reader.u16();
  const size = (length + 7) & ~7;
  if (length < HEADER_SIZE || size - HEADER_SIZE > reader.remaining) badLength();
  const entries = reader.part(length - HEADER_SIZE);
  reader.skip(size - length);
  const stats: { -readonly [K in keyof OxsStats]: OxsStats[K] } = { ...NO_STATS };
  while (entries.remaining > 0) readEntry(entries, stats);
  return { stats, size };
}

function readEntry(entries: ByteReader, stats: { -readonly [K in keyof OxsStats]: OxsStats[K] }): void {
  if (entries.remaining < 4) badLength();
  const name = entries.u32();
  let length = name & 0xff;
  if (name >>> 16 === EXPERIMENTER_CLASS) {
    if (entries.remaining < 4 || length < 4) badLength();
    entries.skip(4);
    length -= 4;
  }
  if (length > entries.remaining) badLength();
  const value = entries.part(length);
  switch (name - (name & RESERVED)) {
    case DURATION:
      stats.duration = { seconds: value.u32(), nanoseconds: value.u32() };
      break;
    case IDLE_TIME:
      stats.idleSeconds = value.u32();
      break;
    case FLOW_COUNT:
      stats.flows = value.u32();
      break;
    case PACKET_COUNT:
      stats.packets = value.u64();
      break;
    case BYTE_COUNT:
      stats.bytes = value.u64();
      break;
  }
}

export function writeOxs({ duration, idleSeconds, flows, packets, bytes }: OxsStats, writer: ByteWriter): void {
  const start = writer.size;
  writer.u32(0);
  if (duration.seconds !== NONE_32) {
    writer.u32(DURATION);
    writer.u32(duration.seconds);
    writer.u32(duration.nanoseconds);
  }
  if (idleSeconds !== NONE_32) {
    writer.u32(IDLE_TIME);
    writer.u32(idleSeconds);
    writer.u32(0);
  }
  if (packets !== NONE_64) {
    writer.u32(PACKET_COUNT);
    writer.u64(packets);
  }
  if (bytes !== NONE_64) {
    writer.u32(BYTE_COUNT);
    writer.u64(bytes);
  }
  if (flows !== NONE_32) {
    writer.u32(FLOW_COUNT);
    writer.u32(flows);
  }
  writer.patchU16(start + 2, writer.size - start);
  writer.pad(8, start);
}
