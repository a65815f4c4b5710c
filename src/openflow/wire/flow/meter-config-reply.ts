/** Meters as they are configured; of each its length (2), flags (2), number (4) and bands (OpenFlow 1.5.1 §7.3.5.14). */
import { formatMeterConfig } from '../../meter-format.js';
import type { MeterConfig } from '../../meter-mod.js';
import type { ByteReader } from '../byte-reader.js';
import { ofpst } from '../message-code.js';
import { type MessageKind, readEntries } from '../message-kind.js';
import { readBands, writeBands } from './meter-bands.js';
import { readRest } from './rest.js';

export interface MeterConfigReply {
  readonly kind: 'meter-config-reply';
  readonly meters: readonly MeterConfig[];
}

const HEADER_SIZE = 8;

const replyOf = (meters: readonly MeterConfig[]): MeterConfigReply => ({ kind: 'meter-config-reply', meters });

function readMeter(body: ByteReader): MeterConfig {
  const length = body.u16();
  const flags = body.u16();
  const meterId = body.u32();
  return { meterId, flags, bands: readBands(readRest(body, length - HEADER_SIZE)) };
}

export const meterConfigReply: MessageKind<MeterConfigReply> = {
  kind: 'meter-config-reply',
  codes: ofpst('METER_CONFIG', 'reply', [13, 15], 10, { size: 0, unit: 8 }),
  decode: (body) => readEntries(body, () => readMeter(body), replyOf),
  encode({ meters }, body) {
    for (const { meterId, flags, bands } of meters) {
      const start = body.size;
      body.u16(0);
      body.u16(flags);
      body.u32(meterId);
      writeBands(bands, body);
      body.patchU16(start, body.size - start);
    }
  },
  format: ({ meters }) => meters.map((meter) => `\n${formatMeterConfig(meter)}`).join(''),
  split: ({ meters }) => meters.map((meter) => replyOf([meter])),
};
