/**
 * A flow is gone: OFPT_FLOW_REMOVED, which OpenFlow 1.0, 1.1 and 1.5 write in three ways, and NXT_FLOW_REMOVED of OVS's
 * extensions (OpenFlow 1.5.1 §7.4.2). Mirrors lib/ofp-monitor.c.
 */
import { type FlowRemovedMessage, flowRemovedReasonNumber, flowRemovedReasonOf } from '../../async-message.js';
import { formatFlowRemoved } from '../../async-message-format.js';
import { TABLE_ALL } from '../../flow-mod.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { decodeMatch, decodeNxMatch, encodeMatch, encodeNxMatch } from '../match/index.js';
import { nxt, ofpt } from '../message-code.js';
import type { MessageKind, WireContext } from '../message-kind.js';
import { NO_STATS, readOxs, writeOxs } from './oxs.js';

/** How a version writes it. */
interface Form {
  read(body: ByteReader, context: WireContext): Omit<FlowRemovedMessage, 'kind'>;
  write(message: FlowRemovedMessage, body: ByteWriter, context: WireContext): void;
}

const tableOrNull = (tableId: number): number | null => (tableId === TABLE_ALL ? null : tableId);

const OPENFLOW_10: Form = {
  read(body, context) {
    const match = decodeMatch(body, context);
    const [cookie, priority, reason] = [body.u64(), body.u16(), flowRemovedReasonOf(body.u8())];
    body.skip(1);
    const duration = { seconds: body.u32(), nanoseconds: body.u32() };
    const idleTimeout = body.u16();
    body.skip(2);
    const [packets, bytes] = [body.u64(), body.u64()];
    return {
      ...{ match, cookie, priority, reason, duration, idleTimeout, packets, bytes },
      ...{ tableId: null, hardTimeout: 0 },
    };
  },
  write(message, body, context) {
    encodeMatch(message.match, context, body);
    body.u64(message.cookie);
    body.u16(message.priority);
    body.u8(flowRemovedReasonNumber(message.reason));
    body.zeros(1);
    body.u32(message.duration.seconds);
    body.u32(message.duration.nanoseconds);
    body.u16(message.idleTimeout);
    body.zeros(2);
    // OpenFlow 1.0 has no number that says that it is not known.
    for (const count of [message.packets, message.bytes]) body.u64(count === NO_STATS.packets ? 0n : count);
  },
};

const OPENFLOW_11: Form = {
  read(body, context) {
    const [cookie, priority, reason] = [body.u64(), body.u16(), flowRemovedReasonOf(body.u8())];
    const tableId = tableOrNull(body.u8());
    const duration = { seconds: body.u32(), nanoseconds: body.u32() };
    const [idleTimeout, hardTimeout, packets, bytes] = [body.u16(), body.u16(), body.u64(), body.u64()];
    const match = decodeMatch(body, context);
    return { match, cookie, priority, reason, tableId, duration, idleTimeout, hardTimeout, packets, bytes };
  },
  write(message, body, context) {
    body.u64(message.cookie);
    body.u16(message.priority);
    body.u8(flowRemovedReasonNumber(message.reason));
    body.u8(message.tableId ?? TABLE_ALL);
    body.u32(message.duration.seconds);
    body.u32(message.duration.nanoseconds);
    body.u16(message.idleTimeout);
    body.u16(message.hardTimeout);
    body.u64(message.packets);
    body.u64(message.bytes);
    encodeMatch(message.match, context, body);
  },
};

const OPENFLOW_15: Form = {
  read(body, context) {
    const [tableId, reason, priority] = [tableOrNull(body.u8()), flowRemovedReasonOf(body.u8()), body.u16()];
    const [idleTimeout, hardTimeout, cookie] = [body.u16(), body.u16(), body.u64()];
    const match = decodeMatch(body, context);
    const { duration, packets, bytes } = readOxs(body).stats;
    return { match, cookie, priority, reason, tableId, duration, idleTimeout, hardTimeout, packets, bytes };
  },
  write(message, body, context) {
    body.u8(message.tableId ?? TABLE_ALL);
    body.u8(flowRemovedReasonNumber(message.reason));
    body.u16(message.priority);
    body.u16(message.idleTimeout);
    body.u16(message.hardTimeout);
    body.u64(message.cookie);
    encodeMatch(message.match, context, body);
    const { duration, packets, bytes } = message;
    writeOxs({ ...NO_STATS, duration, packets, bytes }, body);
  },
};

const NICIRA: Form = {
  read(body, context) {
    const [cookie, priority, reason] = [body.u64(), body.u16(), flowRemovedReasonOf(body.u8())];
    // The table plus one, for zero says that it is not told.
    const table = body.u8();
    const duration = { seconds: body.u32(), nanoseconds: body.u32() };
    const [idleTimeout, matchLength, packets, bytes] = [body.u16(), body.u16(), body.u64(), body.u64()];
    const { match } = decodeNxMatch(body, matchLength, context);
    if (body.remaining > 0) throw new OpenFlowError('OFPBRC_BAD_LEN');
    return {
      ...{ match, cookie, priority, reason, duration, idleTimeout, packets, bytes },
      ...{ tableId: table === 0 ? null : table - 1, hardTimeout: 0 },
    };
  },
  write(message, body) {
    body.u64(message.cookie);
    body.u16(message.priority);
    body.u8(flowRemovedReasonNumber(message.reason));
    body.u8(message.tableId === null ? 0 : message.tableId + 1);
    body.u32(message.duration.seconds);
    body.u32(message.duration.nanoseconds);
    body.u16(message.idleTimeout);
    const lengthAt = body.size;
    body.u16(0);
    body.u64(message.packets);
    body.u64(message.bytes);
    body.patchU16(lengthAt, encodeNxMatch(message.match, body));
  },
};

function formOf({ version }: WireContext, vendor: number | undefined): Form {
  if (vendor !== undefined) return NICIRA;
  if (version === 10) return OPENFLOW_10;
  return version === 15 ? OPENFLOW_15 : OPENFLOW_11;
}

export const flowRemovedMessage: MessageKind<FlowRemovedMessage> = {
  kind: 'flow-removed',
  codes: [
    ofpt('FLOW_REMOVED', [10, 10], 11, { size: 80, unit: 0 }),
    ofpt('FLOW_REMOVED', [11, 14], 11, { size: 40, unit: 8 }),
    ofpt('FLOW_REMOVED', [15, 15], 11, { size: 16, unit: 8 }),
    nxt('FLOW_REMOVED', [10, 15], 14, { size: 40, unit: 8 }),
  ],
  decode: (body, { vendor }, context) => ({ kind: 'flow-removed', ...formOf(context, vendor).read(body, context) }),
  encode: (message, body, { vendor }, context) => formOf(context, vendor).write(message, body, context),
  format: (message, _code, { ports, names }) => formatFlowRemoved(message, { ports, names }),
};
