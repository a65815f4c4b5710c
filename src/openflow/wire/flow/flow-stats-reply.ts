/**
 * Flows with their statistics: OFPST_FLOW, which OpenFlow 1.0, 1.1 (and 1.3, which adds flags) and 1.5 write in three
 * ways, and NXST_FLOW of OVS's extensions. Mirrors ofputil_decode_flow_stats_reply() and
 * ofputil_append_flow_stats_reply() (lib/ofp-flow.c).
 */
import { type FlowModFlags, NO_FLAGS } from '../../flow-mod.js';
import { formatFlowStats } from '../../flow-mod-format.js';
import type { ShownFlow } from '../../flow-version.js';
import type { OpenFlowVersion } from '../../protocol.js';
import { OpenFlowError } from '../../switch-connection.js';
import { encodeInstructions } from '../action/index.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { decodeMatch, decodeNxMatch, encodeMatch, encodeNxMatch } from '../match/index.js';
import { nxst, ofpst } from '../message-code.js';
import { type MessageKind, readEntries, type WireContext } from '../message-kind.js';
import { readFlowActions } from './flow-actions.js';
import { flowFlagsFromWire, flowFlagsToWire } from './flow-flags.js';
import { writeOxmMatch } from './oxm-match.js';
import { NO_STATS, readOxs, writeOxs } from './oxs.js';

export interface FlowStatsReply {
  readonly kind: 'flow-stats-reply';
  readonly flows: readonly ShownFlow[];
}

/** How a version writes flows. */
interface Form {
  /** Of what stands in front of the match, the match of OpenFlow 1.0 included. */
  readonly headerSize: number;
  read(body: ByteReader, context: WireContext): ShownFlow;
  write(flow: ShownFlow, body: ByteWriter, context: WireContext): void;
}

/** OVS has no name for the error where it reads these (it is the C library's EINVAL). */
const INVALID = '<invalid>';

const COUNTER_UNKNOWN = 0xffff_ffff_ffff_ffffn;
const knownOrZero = (count: bigint): bigint => (count === COUNTER_UNKNOWN ? 0n : count);

const fail = (code: string): never => {
  throw new OpenFlowError(code);
};

const MAX_AGE = 0xffff;
/** NXM tells ages plus one, for zero says that they are not known. */
const ageToWire = (age: number | null): number => (age === null ? 0 : Math.min(age + 1, MAX_AGE));
const ageFromWire = (age: number): number | null => (age === 0 ? null : age - 1);

const OPENFLOW_10: Form = {
  headerSize: 88,
  read(body, context) {
    const fixed = fixedPart(body, this.headerSize);
    const length = entryLength(fixed, this.headerSize);
    const tableId = fixed.u8();
    fixed.skip(1);
    const match = decodeMatch(fixed, context);
    const duration = { seconds: fixed.u32(), nanoseconds: fixed.u32() };
    const [priority, idleTimeout, hardTimeout] = [fixed.u16(), fixed.u16(), fixed.u16()];
    fixed.skip(6);
    const [cookie, packets, bytes] = [fixed.u64(), fixed.u64(), fixed.u64()];
    return {
      ...{ tableId, match, priority, cookie, duration, idleTimeout, hardTimeout, packets, bytes },
      ...{ importance: 0, flags: NO_FLAGS, idleAge: null, hardAge: null },
      actions: readFlowActions(body, length - this.headerSize, context),
    };
  },
  write(flow, body, context) {
    const start = body.size;
    body.u16(0);
    body.u8(flow.tableId);
    body.zeros(1);
    encodeMatch(flow.match, context, body);
    writeDuration(flow, body);
    body.u16(flow.priority);
    body.u16(flow.idleTimeout);
    body.u16(flow.hardTimeout);
    body.zeros(6);
    body.u64(flow.cookie);
    body.u64(knownOrZero(flow.packets));
    body.u64(knownOrZero(flow.bytes));
    encodeInstructions(flow.actions, body, context, flow.match);
    body.patchU16(start, body.size - start);
  },
};

const OPENFLOW_11: Form = {
  headerSize: 48,
  read(body, context) {
    const { version } = context;
    const fixed = fixedPart(body, this.headerSize);
    const length = entryLength(fixed, this.headerSize);
    const tableId = fixed.u8();
    fixed.skip(1);
    const duration = { seconds: fixed.u32(), nanoseconds: fixed.u32() };
    const [priority, idleTimeout, hardTimeout] = [fixed.u16(), fixed.u16(), fixed.u16()];
    const [flagBits, importance] = [fixed.u16(), fixed.u16()];
    fixed.skip(2);
    const [cookie, packets, bytes] = [fixed.u64(), fixed.u64(), fixed.u64()];
    const matchAt = body.offset;
    const match = decodeMatch(body, context);
    const rest = length - this.headerSize - (body.offset - matchAt);
    const flags = flagsOfStats(flagBits, version);
    return {
      ...{ tableId, match, priority, cookie, duration, idleTimeout, hardTimeout, flags, packets, bytes },
      ...{ idleAge: null, hardAge: null, importance: version >= 14 ? importance : 0 },
      actions: readFlowActions(body, rest, context),
    };
  },
  write(flow, body, context) {
    const { version } = context;
    const start = body.size;
    body.u16(0);
    body.u8(flow.tableId);
    body.zeros(1);
    writeDuration(flow, body);
    body.u16(flow.priority);
    body.u16(flow.idleTimeout);
    body.u16(flow.hardTimeout);
    body.u16(version >= 13 ? flowFlagsToWire(flow.flags, version) : 0);
    body.u16(version >= 14 ? flow.importance : 0);
    body.zeros(2);
    body.u64(flow.cookie);
    body.u64(knownOrZero(flow.packets));
    body.u64(knownOrZero(flow.bytes));
    // In OpenFlow 1.1, too, whose own match says less.
    writeOxmMatch(flow.match, context, body);
    encodeInstructions(flow.actions, body, context, flow.match);
    body.patchU16(start, body.size - start);
  },
};

const OPENFLOW_15: Form = {
  headerSize: 24,
  read(body, context) {
    const { version } = context;
    const fixed = fixedPart(body, this.headerSize, INVALID);
    const length = entryLength(fixed, this.headerSize, INVALID);
    fixed.skip(2);
    const tableId = fixed.u8();
    fixed.skip(1);
    const [priority, idleTimeout, hardTimeout] = [fixed.u16(), fixed.u16(), fixed.u16()];
    const [flagBits, importance, cookie] = [fixed.u16(), fixed.u16(), fixed.u64()];
    const matchAt = body.offset;
    const match = orInvalid(() => decodeMatch(body, context));
    const matchSize = body.offset - matchAt;
    const flags = flagsOfStats(flagBits, version);
    const { stats, size } = orInvalid(() => readOxs(body));
    const { duration, packets, bytes, idleSeconds } = stats;
    return {
      ...{ tableId, match, priority, cookie, duration, idleTimeout, hardTimeout, importance, flags, packets, bytes },
      idleAge: idleSeconds > MAX_INT ? null : idleSeconds,
      hardAge: null,
      actions: readFlowActions(body, length - this.headerSize - matchSize - size, context),
    };
  },
  write(flow, body, context) {
    const start = body.size;
    body.u16(0);
    body.zeros(2);
    body.u8(flow.tableId);
    body.zeros(1);
    body.u16(flow.priority);
    body.u16(flow.idleTimeout);
    body.u16(flow.hardTimeout);
    body.u16(flowFlagsToWire(flow.flags, context.version));
    body.u16(flow.importance);
    body.u64(flow.cookie);
    encodeMatch(flow.match, context, body);
    const { duration, packets, bytes, idleAge } = flow;
    writeOxs({ ...NO_STATS, duration, packets, bytes, idleSeconds: idleAge ?? NO_STATS.idleSeconds }, body);
    encodeInstructions(flow.actions, body, context, flow.match);
    body.patchU16(start, body.size - start);
  },
};

/** OVS keeps ages in a signed number, of which those below zero are not told. */
const MAX_INT = 0x7fff_ffff;

const NICIRA: Form = {
  headerSize: 48,
  read(body, context) {
    const fixed = fixedPart(body, this.headerSize);
    const length = fixed.u16();
    const tableId = fixed.u8();
    fixed.skip(1);
    const duration = { seconds: fixed.u32(), nanoseconds: fixed.u32() };
    const [priority, idleTimeout, hardTimeout, matchLength] = [fixed.u16(), fixed.u16(), fixed.u16(), fixed.u16()];
    const [idleAge, hardAge] = [ageFromWire(fixed.u16()), ageFromWire(fixed.u16())];
    const [cookie, packets, bytes] = [fixed.u64(), fixed.u64(), fixed.u64()];
    const rest = length - this.headerSize - ((matchLength + 7) & ~7);
    if (rest < 0) fail('OFPBRC_BAD_LEN');
    const { match } = decodeNxMatch(body, matchLength, context);
    return {
      ...{ tableId, match, priority, cookie, duration, idleTimeout, hardTimeout, packets, bytes, idleAge, hardAge },
      ...{ importance: 0, flags: NO_FLAGS },
      actions: readFlowActions(body, rest, context),
    };
  },
  write(flow, body, context) {
    const start = body.size;
    body.u16(0);
    body.u8(flow.tableId);
    body.zeros(1);
    writeDuration(flow, body);
    body.u16(flow.priority);
    body.u16(flow.idleTimeout);
    body.u16(flow.hardTimeout);
    const lengthAt = body.size;
    body.u16(0);
    body.u16(ageToWire(flow.idleAge));
    body.u16(ageToWire(flow.hardAge));
    body.u64(flow.cookie);
    body.u64(flow.packets);
    body.u64(flow.bytes);
    body.patchU16(lengthAt, encodeNxMatch(flow.match, body));
    encodeInstructions(flow.actions, body, context, flow.match);
    body.patchU16(start, body.size - start);
  },
};

/** What stands in front of the match. */
function fixedPart(body: ByteReader, size: number, code = 'OFPBRC_BAD_LEN'): ByteReader {
  return body.remaining < size ? fail(code) : body.part(size);
}

function entryLength(fixed: ByteReader, least: number, code = 'OFPBRC_BAD_LEN'): number {
  const length = fixed.u16();
  return length < least ? fail(code) : length;
}

function orInvalid<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof OpenFlowError) return fail(INVALID);
    throw error;
  }
}

/** From OpenFlow 1.3 on they are told. */
const flagsOfStats = (bits: number, version: OpenFlowVersion): FlowModFlags =>
  version < 13 ? NO_FLAGS : flowFlagsFromWire(bits, version);

function writeDuration({ duration }: ShownFlow, body: ByteWriter): void {
  body.u32(duration.seconds);
  body.u32(duration.nanoseconds);
}

function formOf(version: OpenFlowVersion, vendor: number | undefined): Form {
  if (vendor !== undefined) return NICIRA;
  if (version === 10) return OPENFLOW_10;
  return version === 15 ? OPENFLOW_15 : OPENFLOW_11;
}

const replyOf = (flows: readonly ShownFlow[]): FlowStatsReply => ({ kind: 'flow-stats-reply', flows });

const BODY = { size: 0, unit: 1 };

export const flowStatsReply: MessageKind<FlowStatsReply> = {
  kind: 'flow-stats-reply',
  codes: [...ofpst('FLOW', 'reply', [10, 15], 1, BODY), ...nxst('FLOW', 'reply', [10, 10], 0, BODY)],
  decode(body, { vendor }, context) {
    const form = formOf(context.version, vendor);
    return readEntries(body, () => form.read(body, context), replyOf);
  },
  encode({ flows }, body, { vendor }, context) {
    const form = formOf(context.version, vendor);
    for (const flow of flows) form.write(flow, body, context);
  },
  format({ flows }, _code, { ports, names }) {
    return flows.map((flow) => `\n ${formatFlowStats(flow, { ports, names, stats: true })}`).join('');
  },
  split: ({ flows }) => flows.map((flow) => replyOf([flow])),
};
