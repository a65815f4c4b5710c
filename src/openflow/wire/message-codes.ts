/**
 * The numbers that name messages, as lists of codes: one for each way in which a header can say them. Mirrors the
 * comments of include/openvswitch/ofp-msgs.h.
 */
import type { OpenFlowVersion } from '../protocol.js';
import type { MessageCode } from './message-kind.js';

export const NICIRA_VENDOR = 0x2320;
export const ONF_VENDOR = 0x4f4e4600;

/** First and last. */
export type Versions = readonly [OpenFlowVersion, OpenFlowVersion];
/** The body's size and the unit of what may follow, 0 for nothing. */
export type BodySize = readonly [size: number, unit: number];

export type StatsDirection = 'request' | 'reply';

const OFPT_VENDOR = 4;
const VENDOR_STATS = 0xffff;
const STATS_TYPES = { request: { of10: 16, later: 18 }, reply: { of10: 17, later: 19 } } as const;

const VENDORS = { NX: NICIRA_VENDOR, ONF: ONF_VENDOR } as const;

/** OFPT_*. */
export function openFlowCode(name: string, versions: Versions, type: number, body: BodySize): MessageCode {
  const [firstVersion, lastVersion] = versions;
  return { name: `OFPT_${name}`, firstVersion, lastVersion, type, body: { size: body[0], unit: body[1] } };
}

/** NXT_* or ONFT_*. */
export function vendorCode(
  whose: keyof typeof VENDORS,
  name: string,
  versions: Versions,
  subtype: number,
  body: BodySize,
): MessageCode {
  const code = openFlowCode(name, versions, OFPT_VENDOR, body);
  return { ...code, name: `${whose}T_${name}`, vendor: VENDORS[whose], subtype };
}

/** OFPST_*: OpenFlow 1.0 has another type for statistics than the versions after it. */
export function statsCodes(
  name: string,
  direction: StatsDirection,
  [first, last]: Versions,
  statsType: number,
  [size, unit]: BodySize,
): readonly MessageCode[] {
  const common = { name: `OFPST_${name} ${direction}`, statsType, body: { size, unit } };
  const { of10, later } = STATS_TYPES[direction];
  const codes: MessageCode[] = [];
  if (first === 10) codes.push({ ...common, firstVersion: 10, lastVersion: 10, type: of10 });
  if (last > 10) codes.push({ ...common, firstVersion: first === 10 ? 11 : first, lastVersion: last, type: later });
  return codes;
}

/** NXST_* or ONFST_*. */
export function vendorStatsCodes(
  whose: keyof typeof VENDORS,
  name: string,
  direction: StatsDirection,
  versions: Versions,
  subtype: number,
  body: BodySize,
): readonly MessageCode[] {
  return statsCodes(name, direction, versions, VENDOR_STATS, body).map((code) => ({
    ...code,
    name: `${whose}ST_${name} ${direction}`,
    vendor: VENDORS[whose],
    subtype,
  }));
}
