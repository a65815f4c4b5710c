/**
 * Statistics of groups (OpenFlow 1.5.1 §7.3.5.9): length (2), zeros (2), group (4), references (4), zeros (4), packets
 * (8), bytes (8), from OpenFlow 1.3 on seconds (4) and nanoseconds (4), then of each bucket packets (8) and bytes (8).
 */
import { formatGroupStats } from '../../group-format.js';
import type { GroupStatsEntry } from '../../group-mod.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { nxst, ofpst } from '../message-code.js';
import { type MessageKind, PartialMessage, readEntries, type WireContext } from '../message-kind.js';
import { NO_NUMBER } from '../numbers.js';

export interface GroupStatsReply {
  readonly kind: 'group-stats-reply';
  readonly groups: readonly GroupStatsEntry[];
  /** The message is broken behind these. */
  readonly isBroken?: true;
}

const SIZE_11 = 32;
const SIZE_13 = 40;
const COUNTER_SIZE = 16;

const hasDuration = ({ version }: WireContext): boolean => version === 10 || version >= 13;
const sizeIn = (context: WireContext): number => (hasDuration(context) ? SIZE_13 : SIZE_11);

const replyOf = (groups: readonly GroupStatsEntry[]): GroupStatsReply => ({ kind: 'group-stats-reply', groups });

function readGroup(body: ByteReader, context: WireContext): GroupStatsEntry {
  const size = sizeIn(context);
  const fixed = body.part(size);
  const length = fixed.u16();
  fixed.skip(2);
  const [groupId, refCount] = [fixed.u32(), fixed.u32()];
  fixed.skip(4);
  const [packets, bytes] = [fixed.u64(), fixed.u64()];
  const told = hasDuration(context) ? { seconds: fixed.u32(), nanoseconds: fixed.u32() } : null;
  // What is too much for a bucket is taken for the beginning of the next group.
  const count = Math.floor((length - size) / COUNTER_SIZE);
  if (count < 0) throw new OpenFlowError('OFPBRC_BAD_LEN');
  const counters = body.part(count * COUNTER_SIZE);
  const buckets: { packets: bigint; bytes: bigint }[] = [];
  while (counters.remaining > 0) buckets.push({ packets: counters.u64(), bytes: counters.u64() });
  return { groupId, refCount, packets, bytes, duration: told?.seconds === NO_NUMBER ? null : told, buckets };
}

function writeGroup(group: GroupStatsEntry, body: ByteWriter, context: WireContext): void {
  body.u16(sizeIn(context) + COUNTER_SIZE * group.buckets.length);
  body.zeros(2);
  body.u32(group.groupId);
  body.u32(group.refCount);
  body.zeros(4);
  body.u64(group.packets);
  body.u64(group.bytes);
  if (hasDuration(context)) {
    body.u32(group.duration?.seconds ?? NO_NUMBER);
    body.u32(group.duration?.nanoseconds ?? NO_NUMBER);
  }
  for (const { packets, bytes } of group.buckets) {
    body.u64(packets);
    body.u64(bytes);
  }
}

/** Whoever prints a broken message says so twice. */
const asBroken = (error: unknown): never => {
  if (!(error instanceof PartialMessage)) throw error;
  throw new PartialMessage(error.code, { ...error.read, isBroken: true } as GroupStatsReply);
};

const BODY = { size: 0, unit: 8 };

export const groupStatsReply: MessageKind<GroupStatsReply> = {
  kind: 'group-stats-reply',
  codes: [...nxst('GROUP', 'reply', [10, 10], 7, BODY), ...ofpst('GROUP', 'reply', [11, 15], 6, BODY)],
  decode(body, _code, context) {
    try {
      return readEntries(body, () => readGroup(body, context), replyOf);
    } catch (error) {
      return asBroken(error);
    }
  },
  encode({ groups }, body, _code, context) {
    for (const group of groups) writeGroup(group, body, context);
  },
  format({ groups, isBroken }, _code, { version }) {
    const text = groups.map((group) => `\n ${formatGroupStats(group, version)}`).join('');
    return isBroken ? `${text} ***parse error***` : text;
  },
  split: ({ groups }) => groups.map((group) => replyOf([group])),
};
