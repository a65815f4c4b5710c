/**
 * The sum of flows' statistics: packets (8), bytes (8), flows (4), zeros (4); in OpenFlow 1.5 as a list of statistics
 * (OpenFlow 1.5.1 §7.3.5.3).
 */
import { nxst, ofpst } from '../message-code.js';
import type { MessageKind } from '../message-kind.js';
import { NO_STATS, readOxs, writeOxs } from './oxs.js';

export interface AggregateStatsReply {
  readonly kind: 'aggregate-stats-reply';
  readonly packets: bigint;
  readonly bytes: bigint;
  readonly flows: number;
}

const BODY = { size: 24, unit: 0 };
const COUNTER_UNKNOWN = 0xffff_ffff_ffff_ffffn;

export const aggregateStatsReply: MessageKind<AggregateStatsReply> = {
  kind: 'aggregate-stats-reply',
  codes: [
    ...ofpst('AGGREGATE', 'reply', [10, 14], 2, BODY),
    ...ofpst('AGGREGATE', 'reply', [15, 15], 2, { size: 0, unit: 1 }),
    ...nxst('AGGREGATE', 'reply', [10, 10], 1, BODY),
  ],
  decode(body, _code, { version }) {
    if (version < 15) {
      return { kind: 'aggregate-stats-reply', packets: body.u64(), bytes: body.u64(), flows: body.u32() };
    }
    const { packets, bytes, flows } = readOxs(body).stats;
    return { kind: 'aggregate-stats-reply', packets, bytes, flows };
  },
  encode({ packets, bytes, flows }, body, { vendor }, { version }) {
    if (version >= 15) {
      writeOxs({ ...NO_STATS, packets, bytes, flows }, body);
      return;
    }
    // OpenFlow 1.0 has no number that says that it is not known.
    const told = (count: bigint): bigint =>
      version === 10 && vendor === undefined && count === COUNTER_UNKNOWN ? 0n : count;
    body.u64(told(packets));
    body.u64(told(bytes));
    body.u32(flows);
    body.zeros(4);
  },
  format: ({ packets, bytes, flows }) => ` packet_count=${packets} byte_count=${bytes} flow_count=${flows}`,
};
