/**
 * Queues of ports: OFPT_QUEUE_GET_CONFIG_REQUEST and _REPLY up to OpenFlow 1.3, OFPST_QUEUE_DESC later (1.5.1 §7.3.5.9).
 * Mirrors ofputil_decode_queue_get_config_request() and ofputil_pull_queue_get_config_reply() of lib/ofp-queue.c.
 *
 *     request, 1.0: port (2), zeros (2); 1.1 to 1.3: port (4), zeros (4); later: port (4), queue (4)
 *     reply, 1.0: port (2), zeros (6); 1.1 to 1.3: port (4), zeros (4); then a queue after the other:
 *     queue, 1.0, 1.1: queue (4), length (2), zeros (2); 1.2, 1.3: queue (4), port (4), length (2), zeros (6);
 *            later: port (4), queue (4), length (2), zeros (6); then properties: minimum rate (1), maximum rate (2)
 */
import { shownPorts } from '../../action/shown-ports.js';
import { formatPort } from '../../port-text.js';
import { OFPP_MAX, OFPP_NONE } from '../../ports.js';
import type { OpenFlowVersion } from '../../protocol.js';
import { formatQueueDescriptions, QUEUE_ALL, type QueueDescription } from '../../queue-format.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { ofpst, ofpt } from '../message-code.js';
import { type MessageKind, PartialMessage, readEntries } from '../message-kind.js';
import { readPort, readPort11, writePort, writePort11 } from '../numbers.js';
import { putU16, readProperty } from '../property.js';

export interface QueueGetConfigRequestMessage {
  readonly kind: 'queue-get-config-request';
  /** OFPP_NONE: all, from OpenFlow 1.1 on. */
  readonly port: number;
  /** OFPQ_ALL but from OpenFlow 1.4 on. */
  readonly queueId: number;
}

export const queueGetConfigRequest: MessageKind<QueueGetConfigRequestMessage> = {
  kind: 'queue-get-config-request',
  codes: [
    ofpt('QUEUE_GET_CONFIG_REQUEST', [10, 10], 20, { size: 4, unit: 0 }),
    ofpt('QUEUE_GET_CONFIG_REQUEST', [11, 13], 22, { size: 8, unit: 0 }),
    ...ofpst('QUEUE_DESC', 'request', [14, 15], 15, { size: 8, unit: 0 }),
  ],
  decode(body, _code, { version }) {
    const port = readPort(body, version);
    if (version >= 14) return { kind: 'queue-get-config-request', port, queueId: body.u32() };
    const isAll = version > 10 && port === OFPP_NONE;
    if (!isAll && port >= OFPP_MAX) throw new OpenFlowError('OFPQOFC_BAD_PORT');
    return { kind: 'queue-get-config-request', port, queueId: QUEUE_ALL };
  },
  encode({ port, queueId }, body, _code, { version }) {
    writePort(body, port, version);
    if (version >= 14) body.u32(queueId);
    else body.zeros(version === 10 ? 2 : 4);
  },
  format: ({ port, queueId }, _code, context) =>
    ` port=${formatPort(port, shownPorts(context))}${queueId === QUEUE_ALL ? '' : ` queue=${queueId}`}`,
};

export interface QueueGetConfigReplyMessage {
  readonly kind: 'queue-get-config-reply';
  /** Up to OpenFlow 1.3: the port that was asked for, which all the queues are of. */
  readonly port: number;
  readonly queues: readonly QueueDescription[];
}

const MIN_RATE = 1;
const MAX_RATE = 2;
const NO_RATE = 0xffff;
const HEAD_SIZE_OLD = 8;
const HEAD_SIZE = 16;
const OLD_PROPERTY_SIZE = 8;
const OLD_RATE_SIZE = 16;

const badLength = (): never => {
  throw new OpenFlowError('OFPBRC_BAD_LEN');
};

const headSize = (version: OpenFlowVersion): number => (version < 12 ? HEAD_SIZE_OLD : HEAD_SIZE);
const rateOrNull = (rate: number): number | null => (rate === NO_RATE ? null : rate);

/** Properties before OpenFlow 1.4: type (2), length (2), zeros (4), rate (2), zeros (6). */
function readOldRates(body: ByteReader): Pick<QueueDescription, 'minRate' | 'maxRate'> {
  let minRate: number | null = null;
  let maxRate: number | null = null;
  while (body.remaining > 0) {
    const type = body.u16();
    const size = body.u16();
    if (size < OLD_PROPERTY_SIZE || size - 4 > body.remaining || size % 8 !== 0) badLength();
    const value = body.part(size - 4);
    if (type !== MIN_RATE && type !== MAX_RATE) continue;
    if (size !== OLD_RATE_SIZE) badLength();
    value.skip(4);
    if (type === MIN_RATE) minRate = rateOrNull(value.u16());
    else maxRate = rateOrNull(value.u16());
  }
  return { minRate, maxRate };
}

function readRates(body: ByteReader): Pick<QueueDescription, 'minRate' | 'maxRate'> {
  let minRate: number | null = null;
  let maxRate: number | null = null;
  while (body.remaining > 0) {
    const property = readProperty(body);
    if (property.type === MIN_RATE) minRate = rateOrNull(property.u16());
    else if (property.type === MAX_RATE) maxRate = rateOrNull(property.u16());
  }
  return { minRate, maxRate };
}

function readQueue(body: ByteReader, port: number, version: OpenFlowVersion): QueueDescription {
  const head = body.part(headSize(version));
  const itsPort = version >= 14 ? readPort11(head) : port;
  const queueId = head.u32();
  if (version === 12 || version === 13) head.skip(4);
  const size = head.u16();
  const rest = size - headSize(version);
  if (rest < 0 || rest > body.remaining || size % 8 !== 0) badLength();
  const properties = body.part(rest);
  const rates = version >= 14 ? readRates(properties) : readOldRates(properties);
  return { port: itsPort, queueId, ...rates };
}

function writeQueue(body: ByteWriter, queue: QueueDescription, version: OpenFlowVersion): void {
  const start = body.size;
  if (version >= 14) writePort11(body, queue.port);
  body.u32(queue.queueId);
  if (version === 12 || version === 13) writePort11(body, queue.port);
  const lengthAt = body.size;
  body.zeros(headSize(version) - (lengthAt - start));
  for (const [type, rate] of [
    [MIN_RATE, queue.minRate],
    [MAX_RATE, queue.maxRate],
  ] as const) {
    if (rate === null) continue;
    if (version >= 14) {
      putU16(body, type, rate);
      continue;
    }
    body.u16(type);
    body.u16(OLD_RATE_SIZE);
    body.zeros(4);
    body.u16(rate);
    body.zeros(6);
  }
  body.patchU16(lengthAt, body.size - start);
}

/** The port in front, and how it is wrong, which is told with the first queue only. */
function readReplyPort(body: ByteReader, version: OpenFlowVersion): number | OpenFlowError {
  const head = body.part(8);
  try {
    return readPort(head, version);
  } catch (error) {
    if (error instanceof OpenFlowError) return error;
    throw error;
  }
}

export const queueGetConfigReply: MessageKind<QueueGetConfigReplyMessage> = {
  kind: 'queue-get-config-reply',
  codes: [
    ofpt('QUEUE_GET_CONFIG_REPLY', [10, 10], 21, { size: 8, unit: 8 }),
    ofpt('QUEUE_GET_CONFIG_REPLY', [11, 13], 23, { size: 8, unit: 8 }),
    ...ofpst('QUEUE_DESC', 'reply', [14, 15], 15, { size: 0, unit: 8 }),
  ],
  decode(body, _code, { version }) {
    const port = version >= 14 ? OFPP_NONE : readReplyPort(body, version);
    if (typeof port !== 'number') {
      const read = { kind: 'queue-get-config-reply', port: OFPP_NONE, queues: [] } as const;
      if (body.remaining === 0) return read;
      throw new PartialMessage(port.code, read);
    }
    return readEntries(
      body,
      () => readQueue(body, port, version),
      (queues) => ({ kind: 'queue-get-config-reply', port, queues }),
    );
  },
  encode({ port, queues }, body, _code, { version }) {
    if (version < 14) {
      writePort(body, port, version);
      body.zeros(version === 10 ? 6 : 4);
    }
    for (const queue of queues) writeQueue(body, queue, version);
  },
  format: ({ queues }, _code, context) => formatQueueDescriptions(queues, shownPorts(context)),
  split: ({ port, queues }) => queues.map((queue) => ({ kind: 'queue-get-config-reply', port, queues: [queue] })),
};
