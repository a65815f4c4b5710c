/**
 * OFPST_QUEUE (OpenFlow 1.5.1 §7.3.5.8): counters of queues. Mirrors ofputil_decode_queue_stats() of lib/ofp-queue.c.
 *
 *     from 1.4 on: length (2), zeros (6), and properties at the end, of which none is known
 *     port (2 and zeros 2, or 4), queue (4), bytes, packets, errors (8 each), from 1.3 on duration (4 + 4)
 */
import { shownPorts } from '../../action/shown-ports.js';
import { formatPort } from '../../port-text.js';
import { OFPP_ALL, OFPP_NONE } from '../../ports.js';
import type { OpenFlowVersion } from '../../protocol.js';
import { formatQueueId, formatQueueStats, type ShownQueueStats } from '../../queue-format.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import { ofpst } from '../message-code.js';
import { type MessageKind, readEntries } from '../message-kind.js';
import { readCounter, readDuration, readPort, writeDuration, writePort } from '../numbers.js';

export interface QueueStatsRequestMessage {
  readonly kind: 'queue-stats-request';
  /** OFPP_NONE: all. */
  readonly port: number;
  /** OFPQ_ALL: all. */
  readonly queueId: number;
}

export const queueStatsRequest: MessageKind<QueueStatsRequestMessage> = {
  kind: 'queue-stats-request',
  codes: ofpst('QUEUE', 'request', [10, 15], 5, { size: 8, unit: 0 }),
  decode(body, _code, { version }) {
    const port = readPort(body, version);
    if (version === 10) body.skip(2);
    // OpenFlow 1.0 has another number for all.
    const isAll = version === 10 && port === OFPP_ALL;
    return { kind: 'queue-stats-request', port: isAll ? OFPP_NONE : port, queueId: body.u32() };
  },
  encode({ port, queueId }, body, _code, { version }) {
    writePort(body, version === 10 && port === OFPP_NONE ? OFPP_ALL : port, version);
    if (version === 10) body.zeros(2);
    body.u32(queueId);
  },
  format: ({ port, queueId }, _code, context) =>
    ` port=${formatPort(port, shownPorts(context))} queue=${formatQueueId(queueId)}`,
};

export interface QueueStatsReplyMessage {
  readonly kind: 'queue-stats-reply';
  readonly entries: readonly ShownQueueStats[];
}

const SIZE_14 = 48;

function readQueue(body: ByteReader, version: OpenFlowVersion): ShownQueueStats {
  const port = readPort(body, version);
  if (version === 10) body.skip(2);
  return {
    port,
    queueId: body.u32(),
    txBytes: readCounter(body),
    txPackets: readCounter(body),
    txErrors: readCounter(body),
    duration: version >= 13 ? readDuration(body) : null,
  };
}

function readEntry(body: ByteReader, version: OpenFlowVersion): ShownQueueStats {
  if (version < 14) return readQueue(body, version);
  if (body.remaining < SIZE_14) throw new OpenFlowError('OFPBRC_BAD_LEN');
  const entry = body.part(SIZE_14);
  const size = entry.u16() - SIZE_14;
  if (size < 0 || size > body.remaining) throw new OpenFlowError('OFPBRC_BAD_LEN');
  body.skip(size);
  entry.skip(6);
  return readQueue(entry, version);
}

export const queueStatsReply: MessageKind<QueueStatsReplyMessage> = {
  kind: 'queue-stats-reply',
  codes: [
    ...ofpst('QUEUE', 'reply', [10, 12], 5, { size: 0, unit: 32 }),
    ...ofpst('QUEUE', 'reply', [13, 13], 5, { size: 0, unit: 40 }),
    ...ofpst('QUEUE', 'reply', [14, 15], 5, { size: 0, unit: 8 }),
  ],
  decode: (body, _code, { version }) =>
    readEntries(
      body,
      () => readEntry(body, version),
      (entries) => ({ kind: 'queue-stats-reply', entries }),
    ),
  encode({ entries }, body, _code, { version }) {
    for (const entry of entries) {
      if (version >= 14) {
        body.u16(SIZE_14);
        body.zeros(6);
      }
      writePort(body, entry.port, version);
      if (version === 10) body.zeros(2);
      body.u32(entry.queueId);
      body.u64(entry.txBytes);
      body.u64(entry.txPackets);
      body.u64(entry.txErrors);
      if (version >= 13) writeDuration(body, entry.duration);
    }
  },
  format({ entries }, _code, context) {
    const ports = shownPorts(context);
    const lines = context.verbosity < 1 ? [] : entries.map((entry) => formatQueueStats(entry, ports));
    return ` ${entries.length} queues\n${lines.join('')}`;
  },
  hidesErrors: ({ verbosity }) => verbosity < 1,
  split: ({ entries }) => entries.map((entry) => ({ kind: 'queue-stats-reply', entries: [entry] })),
};
