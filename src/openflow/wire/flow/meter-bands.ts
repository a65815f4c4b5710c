/**
 * A meter's bands (OpenFlow 1.5.1 §7.3.4.5, struct ofp_meter_band_header): each has 16 bytes, whatever it does.
 *
 *     type (2), length (2), rate (4), burst size (4), then of a dscp_remark its level (1), zeros
 */
import type { MeterBand } from '../../meter-mod.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';

const BAND_SIZE = 16;
/** OFPMBT_*. */
const DROP = 1;
const DSCP_REMARK = 2;

/** Reads bands to the reader's end. */
export function readBands(reader: ByteReader): readonly MeterBand[] {
  const bands: MeterBand[] = [];
  while (reader.remaining >= BAND_SIZE) {
    const band = reader.part(BAND_SIZE);
    const type = band.u16();
    if (band.u16() !== BAND_SIZE) throw new OpenFlowError('OFPBRC_BAD_LEN');
    if (type !== DROP && type !== DSCP_REMARK) throw new OpenFlowError('OFPMMFC_BAD_BAND');
    const [rate, burstSize, level] = [band.u32(), band.u32(), band.u8()];
    const precedenceLevel = type === DSCP_REMARK ? level : 0;
    bands.push({ type: type === DROP ? 'drop' : 'dscp_remark', rate, burstSize, precedenceLevel });
  }
  if (reader.remaining > 0) throw new OpenFlowError('OFPBRC_BAD_LEN');
  return bands;
}

export function writeBands(bands: readonly MeterBand[], writer: ByteWriter): void {
  for (const { type, rate, burstSize, precedenceLevel } of bands) {
    writer.u16(type === 'drop' ? DROP : DSCP_REMARK);
    writer.u16(BAND_SIZE);
    writer.u32(rate);
    writer.u32(burstSize);
    writer.u8(precedenceLevel);
    writer.zeros(3);
  }
}
