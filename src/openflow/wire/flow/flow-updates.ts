/**
 * What flow monitors tell (OpenFlow 1.5.1 §7.3.5.17.2): of each length (2), event (2), then what there is to say.
 * Mirrors ofputil_decode_flow_update() and ofputil_append_flow_update() (lib/ofp-monitor.c).
 */
import { isApplied } from '../../action/action-order.js';
import type { Action } from '../../action/action.js';
import {
  type FlowUpdate,
  type FlowUpdatesMessage,
  flowRemovedReasonNumber,
  flowRemovedReasonOf,
} from '../../async-message.js';
import { formatFlowUpdate } from '../../async-message-format.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { Match } from '#flowtable/match.js';
import { encodeActions, encodeInstructions } from '../action/index.js';
import { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { decodeMatch, decodeNxMatch, encodeMatch, encodeNxMatch } from '../match/index.js';
import { nxst, ofpst, onfst } from '../message-code.js';
import { type MessageKind, readEntries, type WireContext } from '../message-kind.js';
import { readActionList, readFlowActions } from './flow-actions.js';

/** One that tells of a flow. */
type FullUpdate = Extract<FlowUpdate, { readonly match: Match }>;

const HEADER_SIZE = 4;
const SHORT_SIZE = 8;

/** NXFME_* by number; OpenFlow 1.4 has OFPFME_*. */
const EVENTS_BEFORE_14 = ['added', 'deleted', 'modified', 'abbreviated'] as const;
const EVENTS = ['initial', 'added', 'deleted', 'modified', 'abbreviated', 'paused', 'resumed'] as const;

const badLength = (): never => {
  throw new OpenFlowError('OFPBRC_BAD_LEN');
};

const eventsIn = ({ version }: WireContext): readonly FlowUpdate['event'][] =>
  version < 14 ? EVENTS_BEFORE_14 : EVENTS;

function readUpdate(body: ByteReader, context: WireContext): FlowUpdate {
  if (body.remaining < HEADER_SIZE) badLength();
  const header = new ByteReader(body.bytes, body.offset, body.end);
  const length = header.u16();
  if (length > body.remaining || length % 8 !== 0) badLength();
  const event = eventsIn(context)[header.u16()];
  switch (event) {
    case undefined:
      throw new OpenFlowError('NXBRC_FM_BAD_EVENT');
    case 'abbreviated': {
      if (length !== SHORT_SIZE) badLength();
      const short = body.part(SHORT_SIZE);
      short.skip(HEADER_SIZE);
      return { event, xid: short.u32() };
    }
    case 'paused':
    case 'resumed':
      if (length !== SHORT_SIZE) badLength();
      body.skip(SHORT_SIZE);
      return { event };
    default:
      return context.version < 14
        ? readFullBefore14(body, length, event, context)
        : readFull(body, length, event, context);
  }
}

const SIZE_BEFORE_14 = 24;
const SIZE = 24;

const reasonIn = (event: FullUpdate['event'], reason: number): FullUpdate['reason'] =>
  event === 'deleted' ? flowRemovedReasonOf(reason) : null;
const orNull = (actions: readonly Action[]): readonly Action[] | null => (actions.length === 0 ? null : actions);

function readFullBefore14(
  body: ByteReader,
  length: number,
  event: FullUpdate['event'],
  context: WireContext,
): FullUpdate {
  if (length < SIZE_BEFORE_14) badLength();
  const fixed = body.part(SIZE_BEFORE_14);
  fixed.skip(HEADER_SIZE);
  const [reason, priority, idleTimeout, hardTimeout] = [fixed.u16(), fixed.u16(), fixed.u16(), fixed.u16()];
  const [matchLength, tableId] = [fixed.u16(), fixed.u8()];
  fixed.skip(1);
  const cookie = fixed.u64();
  if (SIZE_BEFORE_14 + matchLength > length) badLength();
  const told = { event, reason: reasonIn(event, reason), tableId, priority, cookie, idleTimeout, hardTimeout };
  const matchAt = body.offset;
  if (context.version === 13) {
    const match = decodeMatch(body, context);
    const rest = length - SIZE_BEFORE_14 - (body.offset - matchAt);
    return { ...told, match, actions: orNull(readFlowActions(body, rest, context)) };
  }
  const { match } = decodeNxMatch(body, matchLength, context);
  const rest = length - SIZE_BEFORE_14 - ((matchLength + 7) & ~7);
  return { ...told, match, actions: orNull(readActionList(body, rest, context)) };
}

function readFull(body: ByteReader, length: number, event: FullUpdate['event'], context: WireContext): FullUpdate {
  if (length < SIZE) badLength();
  const fixed = body.part(SIZE);
  fixed.skip(HEADER_SIZE);
  const [tableId, reason, idleTimeout, hardTimeout] = [fixed.u8(), fixed.u8(), fixed.u16(), fixed.u16()];
  const priority = fixed.u16();
  fixed.skip(4);
  const cookie = fixed.u64();
  const matchAt = body.offset;
  const match = decodeMatch(body, context);
  const rest = length - SIZE - (body.offset - matchAt);
  const actions = orNull(readFlowActions(body, rest, context));
  return {
    event,
    reason: reasonIn(event, reason),
    ...{ tableId, priority, cookie, idleTimeout, hardTimeout, match, actions },
  };
}

function writeUpdate(update: FlowUpdate, body: ByteWriter, context: WireContext): void {
  const start = body.size;
  const { event } = update;
  body.u16(0);
  // Only OpenFlow 1.4 and later tell flows that were there from those that are added.
  body.u16(eventsIn(context).indexOf(context.version < 14 && event === 'initial' ? 'added' : event));
  if (update.event === 'abbreviated') body.u32(update.xid);
  else if (update.event === 'paused' || update.event === 'resumed') body.zeros(4);
  else if (context.version < 14) writeFullBefore14(update, body, context);
  else writeFull(update, body, context);
  body.patchU16(start, body.size - start);
}

const reasonToWire = ({ reason }: FullUpdate): number => (reason === null ? 0 : flowRemovedReasonNumber(reason));

function writeFullBefore14(update: FullUpdate, body: ByteWriter, context: WireContext): void {
  body.u16(reasonToWire(update));
  body.u16(update.priority);
  body.u16(update.idleTimeout);
  body.u16(update.hardTimeout);
  const lengthAt = body.size;
  body.u16(0);
  body.u8(update.tableId);
  body.zeros(1);
  body.u64(update.cookie);
  const actions = update.actions ?? [];
  if (context.version === 13) {
    const matchAt = body.size;
    encodeMatch(update.match, context, body);
    body.patchU16(lengthAt, body.u16At(matchAt + 2));
    encodeInstructions(actions, body, context, update.match);
  } else {
    body.patchU16(lengthAt, encodeNxMatch(update.match, body));
    writeAsActions(actions, update.match, body, context);
  }
}

/**
 * OpenFlow 1.1 and 1.2 get instructions as if they were actions, as OVS sends them: whoever reads them takes them for
 * others.
 */
function writeAsActions(actions: readonly Action[], match: Match, body: ByteWriter, context: WireContext): void {
  for (const action of actions) {
    const isAction = context.version === 10 || isApplied(action, context.version);
    (isAction ? encodeActions : encodeInstructions)([action], body, context, match);
  }
}

function writeFull(update: FullUpdate, body: ByteWriter, context: WireContext): void {
  body.u8(update.tableId);
  body.u8(reasonToWire(update));
  body.u16(update.idleTimeout);
  body.u16(update.hardTimeout);
  body.u16(update.priority);
  body.zeros(4);
  body.u64(update.cookie);
  encodeMatch(update.match, context, body);
  encodeInstructions(update.actions ?? [], body, context, update.match);
}

const messageOf = (updates: readonly FlowUpdate[]): FlowUpdatesMessage => ({ kind: 'flow-updates', updates });

const BODY = { size: 0, unit: 8 };

export const flowUpdatesMessage: MessageKind<FlowUpdatesMessage> = {
  kind: 'flow-updates',
  codes: [
    ...nxst('FLOW_MONITOR', 'reply', [10, 12], 2, BODY),
    ...onfst('FLOW_MONITOR', 'reply', [13, 13], 1870, BODY),
    ...ofpst('FLOW_MONITOR', 'reply', [14, 15], 16, BODY),
  ],
  decode: (body, _code, context) => readEntries(body, () => readUpdate(body, context), messageOf),
  encode({ updates }, body, _code, context) {
    for (const update of updates) writeUpdate(update, body, context);
  },
  format: ({ updates }, _code, { ports, names }) =>
    updates.map((update) => formatFlowUpdate(update, { ports, names })).join(''),
  split: ({ updates }) => updates.map((update) => messageOf([update])),
};
