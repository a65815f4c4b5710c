/**
 * Codes of messages as OVS's table of them puts it (openvswitch/ofp-msgs.h): standard messages, Nicira's and ONF's, and
 * the same of statistics. Statistics have other types in OpenFlow 1.0 than later, so they are two codes where they span
 * both.
 */
import type { OpenFlowVersion } from '../protocol.js';
import { NX_VENDOR, ONF_VENDOR } from './errors.js';
import type { MessageCode } from './message-kind.js';

export type BodyShape = NonNullable<MessageCode['body']>;
type Versions = readonly [first: OpenFlowVersion, last: OpenFlowVersion];

export const OFPT_VENDOR = 4;
const STATS_REQUEST_10 = 16;
const STATS_REQUEST_11 = 18;
export const STATS_VENDOR = 0xffff;

/** Is it a request or a reply of statistics? By the number of the version on the wire. */
export function statsDirection(wireVersion: number, type: number): 'request' | 'reply' | null {
  if (wireVersion < 1 || wireVersion > 6) return null;
  const request = wireVersion === 1 ? STATS_REQUEST_10 : STATS_REQUEST_11;
  return type === request ? 'request' : type === request + 1 ? 'reply' : null;
}

/** No body at all. */
export const VOID: BodyShape = { size: 0, unit: 0 };

export const ofpt = (
  name: string,
  [firstVersion, lastVersion]: Versions,
  type: number,
  body: BodyShape,
): MessageCode => ({
  name: `OFPT_${name}`,
  firstVersion,
  lastVersion,
  type,
  body,
});

const vendorMessage =
  (prefix: string, vendor: number) =>
  (name: string, [firstVersion, lastVersion]: Versions, subtype: number, body: BodyShape): MessageCode => ({
    name: `${prefix}_${name}`,
    firstVersion,
    lastVersion,
    type: OFPT_VENDOR,
    vendor,
    subtype,
    body,
  });

export const nxt = vendorMessage('NXT', NX_VENDOR);
export const onft = vendorMessage('ONFT', ONF_VENDOR);

export type StatsDirection = 'request' | 'reply';

function stats(
  prefix: string,
  name: string,
  direction: StatsDirection,
  [first, last]: Versions,
  body: BodyShape,
  numbers: Pick<MessageCode, 'statsType' | 'vendor' | 'subtype'>,
): readonly MessageCode[] {
  const offset = direction === 'request' ? 0 : 1;
  const common = { name: `${prefix}_${name} ${direction}`, ...numbers, body };
  const codes: MessageCode[] = [];
  if (first === 10) codes.push({ ...common, firstVersion: 10, lastVersion: 10, type: STATS_REQUEST_10 + offset });
  if (last > 10) {
    const firstVersion = first === 10 ? 11 : first;
    codes.push({ ...common, firstVersion, lastVersion: last, type: STATS_REQUEST_11 + offset });
  }
  return codes;
}

export const ofpst = (
  name: string,
  direction: StatsDirection,
  versions: Versions,
  statsType: number,
  body: BodyShape,
): readonly MessageCode[] => stats('OFPST', name, direction, versions, body, { statsType });

export const nxst = (
  name: string,
  direction: StatsDirection,
  versions: Versions,
  subtype: number,
  body: BodyShape,
): readonly MessageCode[] =>
  stats('NXST', name, direction, versions, body, { statsType: STATS_VENDOR, vendor: NX_VENDOR, subtype });

export const onfst = (
  name: string,
  direction: StatsDirection,
  versions: Versions,
  subtype: number,
  body: BodyShape,
): readonly MessageCode[] =>
  stats('ONFST', name, direction, versions, body, { statsType: STATS_VENDOR, vendor: ONF_VENDOR, subtype });
