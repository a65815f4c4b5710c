/**
 * Statistics of meters (OpenFlow 1.5.1 §7.3.5.13, struct ofp_meter_stats); of each
 *
 *     meter (4), length (2), zeros (6), flows (4), packets (8), bytes (8), seconds (4), nanoseconds (4),
 *     then of each band: packets (8), bytes (8)
 */
import { formatMeterStats } from '../../meter-format.js';
import type { MeterStatsEntry } from '../../meter-mod.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import { ofpst } from '../message-code.js';
import { type MessageKind, readEntries } from '../message-kind.js';
import { readRest } from './rest.js';

export interface MeterStatsReply {
  readonly kind: 'meter-stats-reply';
  readonly meters: readonly MeterStatsEntry[];
}

const HEADER_SIZE = 40;
const BAND_SIZE = 16;

const replyOf = (meters: readonly MeterStatsEntry[]): MeterStatsReply => ({ kind: 'meter-stats-reply', meters });

function readMeter(body: ByteReader): MeterStatsEntry {
  const fixed = body.part(HEADER_SIZE);
  const meterId = fixed.u32();
  const length = fixed.u16();
  fixed.skip(6);
  const [flowCount, packetsIn, bytesIn] = [fixed.u32(), fixed.u64(), fixed.u64()];
  const duration = { seconds: fixed.u32(), nanoseconds: fixed.u32() };
  const rest = readRest(body, length - HEADER_SIZE);
  if (rest.remaining % BAND_SIZE !== 0) throw new OpenFlowError('OFPBRC_BAD_LEN');
  const bands: { packets: bigint; bytes: bigint }[] = [];
  while (rest.remaining > 0) bands.push({ packets: rest.u64(), bytes: rest.u64() });
  return { meterId, flowCount, packetsIn, bytesIn, duration, bands };
}

export const meterStatsReply: MessageKind<MeterStatsReply> = {
  kind: 'meter-stats-reply',
  codes: ofpst('METER', 'reply', [13, 15], 9, { size: 0, unit: 8 }),
  decode: (body) => readEntries(body, () => readMeter(body), replyOf),
  encode({ meters }, body) {
    for (const { meterId, flowCount, packetsIn, bytesIn, duration, bands } of meters) {
      body.u32(meterId);
      body.u16(HEADER_SIZE + BAND_SIZE * bands.length);
      body.zeros(6);
      body.u32(flowCount);
      body.u64(packetsIn);
      body.u64(bytesIn);
      body.u32(duration.seconds);
      body.u32(duration.nanoseconds);
      for (const { packets, bytes } of bands) {
        body.u64(packets);
        body.u64(bytes);
      }
    }
  },
  format: ({ meters }) => meters.map((meter) => `\n${formatMeterStats(meter)}`).join(''),
  split: ({ meters }) => meters.map((meter) => replyOf([meter])),
};
