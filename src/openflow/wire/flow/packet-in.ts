/**
 * A packet for a controller: OFPT_PACKET_IN, which OpenFlow 1.0, 1.1, 1.2 and 1.3 write in four ways, and NXT_PACKET_IN
 * of OVS's extensions (OpenFlow 1.5.1 §7.4.1); NXT_PACKET_IN2 and NXT_RESUME are properties (packet-in2.ts). Mirrors
 * lib/ofp-packet.c.
 */
import { type Field, fieldNamed } from '#flowtable/fields.js';
import { Match } from '#flowtable/match.js';
import type { PacketInMessage } from '../../async-message.js';
import { formatPacketIn } from '../../async-message-format.js';
import { packetInReason } from '../../async-message-version.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { decodeMatch, decodeNxMatch, encodeMatch, encodeNxMatch } from '../match/index.js';
import { nxt, ofpt } from '../message-code.js';
import type { MessageKind, WireContext } from '../message-kind.js';
import { NO_NUMBER, readPort11, writePort11 } from '../numbers.js';
import { readPacketIn2, writePacketIn2 } from './packet-in2.js';

/** How a version writes it. */
interface Form {
  read(body: ByteReader, context: WireContext): PacketInMessage;
  write(message: PacketInMessage, body: ByteWriter, context: WireContext): void;
}

const IN_PORT: Field = fieldNamed('in_port');
const COOKIE_NONE = 0xffff_ffff_ffff_ffffn;
const LOOSE = { isLoose: true };

interface Read {
  readonly buffer: number;
  readonly total: number;
  readonly reason: number;
  readonly tableId: number;
  readonly cookie: bigint;
  readonly metadata: Match;
}

/** The message whose packet is the rest of the body. */
function messageOf(body: ByteReader, { buffer, total, reason, tableId, cookie, metadata }: Read): PacketInMessage {
  const packet = body.view(body.remaining);
  return {
    ...{ kind: 'packet-in', controllerId: 0, reason, tableId, cookie, packet, metadata },
    ...(total === packet.length ? {} : { totalLength: total }),
    ...(buffer === NO_NUMBER ? {} : { bufferId: buffer }),
    ...{ userdata: new Uint8Array(), continuation: null },
  };
}

function matchOfPort(port: number): Match {
  const match = new Match();
  match.set(IN_PORT, BigInt(port));
  return match;
}

const portOf = (message: PacketInMessage): number => Number(message.metadata.get(IN_PORT));
const totalOf = ({ totalLength, packet }: PacketInMessage): number => totalLength ?? packet.length;
const bufferOf = ({ bufferId }: PacketInMessage): number => bufferId ?? NO_NUMBER;

const OPENFLOW_10: Form = {
  read(body) {
    const [buffer, total, port, reason] = [body.u32(), body.u16(), body.u16(), body.u8()];
    body.skip(1);
    return messageOf(body, { buffer, total, reason, tableId: 0, cookie: COOKIE_NONE, metadata: matchOfPort(port) });
  },
  write(message, body) {
    body.u32(bufferOf(message));
    body.u16(totalOf(message));
    body.u16(portOf(message));
    body.u8(packetInReason(message.reason, 10));
    body.zeros(1);
    body.put(message.packet);
  },
};

const OPENFLOW_11: Form = {
  read(body) {
    const [buffer, port] = [body.u32(), readPort11(body)];
    body.skip(4);
    const [total, reason, tableId] = [body.u16(), body.u8(), body.u8()];
    return messageOf(body, { buffer, total, reason, tableId, cookie: COOKIE_NONE, metadata: matchOfPort(port) });
  },
  write(message, body) {
    body.u32(bufferOf(message));
    writePort11(body, portOf(message));
    writePort11(body, portOf(message));
    body.u16(totalOf(message));
    body.u8(packetInReason(message.reason, 11));
    body.u8(message.tableId);
    body.put(message.packet);
  },
};

const OPENFLOW_12: Form = {
  read(body, context) {
    const [buffer, total, reason, tableId] = [body.u32(), body.u16(), body.u8(), body.u8()];
    const cookie = context.version >= 13 ? body.u64() : COOKIE_NONE;
    const metadata = decodeMatch(body, context, LOOSE);
    body.skip(2);
    return messageOf(body, { buffer, total, reason, tableId, cookie, metadata });
  },
  write(message, body, context) {
    const { version } = context;
    body.u32(bufferOf(message));
    body.u16(totalOf(message));
    body.u8(packetInReason(message.reason, version));
    body.u8(message.tableId);
    if (version >= 13) body.u64(message.cookie);
    encodeMatch(message.metadata, context, body);
    body.zeros(2);
    body.put(message.packet);
  },
};

const NICIRA: Form = {
  read(body, context) {
    const [buffer, total, reason, tableId] = [body.u32(), body.u16(), body.u8(), body.u8()];
    const [cookie, matchLength] = [body.u64(), body.u16()];
    body.skip(6);
    const { match: metadata } = decodeNxMatch(body, matchLength, context, LOOSE);
    body.skip(2);
    return messageOf(body, { buffer, total, reason, tableId, cookie, metadata });
  },
  write(message, body, { version }) {
    body.u32(bufferOf(message));
    body.u16(totalOf(message));
    body.u8(packetInReason(message.reason, version));
    body.u8(message.tableId);
    body.u64(message.cookie);
    const lengthAt = body.size;
    body.zeros(8);
    body.patchU16(lengthAt, encodeNxMatch(message.metadata, body));
    body.zeros(2);
    body.put(message.packet);
  },
};

/** Subtype of NXT_PACKET_IN; NXT_PACKET_IN2's is 30. */
const NXT_PACKET_IN = 17;

const NICIRA_2: Form = { read: readPacketIn2, write: writePacketIn2 };

function formOf({ version }: WireContext, subtype: number | undefined): Form {
  if (subtype !== undefined) return subtype === NXT_PACKET_IN ? NICIRA : NICIRA_2;
  if (version === 10) return OPENFLOW_10;
  return version === 11 ? OPENFLOW_11 : OPENFLOW_12;
}

export const packetInMessage: MessageKind<PacketInMessage> = {
  kind: 'packet-in',
  codes: [
    ofpt('PACKET_IN', [10, 10], 10, { size: 10, unit: 1 }),
    ofpt('PACKET_IN', [11, 11], 10, { size: 16, unit: 1 }),
    ofpt('PACKET_IN', [12, 12], 10, { size: 8, unit: 1 }),
    ofpt('PACKET_IN', [13, 15], 10, { size: 16, unit: 1 }),
    nxt('PACKET_IN', [10, 15], NXT_PACKET_IN, { size: 24, unit: 1 }),
    nxt('PACKET_IN2', [10, 15], 30, { size: 0, unit: 8 }),
  ],
  decode: (body, { subtype }, context) => formOf(context, subtype).read(body, context),
  encode: (message, body, { subtype }, context) => formOf(context, subtype).write(message, body, context),
  format: (message, _code, { ports, names, verbosity }) => formatPacketIn(message, { ports, names }, verbosity),
};

/** A paused packet goes on. */
export interface ResumeMessage {
  readonly kind: 'resume';
  readonly packetIn: PacketInMessage;
}

export const resumeMessage: MessageKind<ResumeMessage> = {
  kind: 'resume',
  codes: [nxt('RESUME', [10, 15], 28, { size: 0, unit: 8 })],
  decode: (body, _code, context) => ({ kind: 'resume', packetIn: readPacketIn2(body, context) }),
  // What the action told the controller is not told back.
  encode: ({ packetIn }, body, _code, context) =>
    writePacketIn2({ ...packetIn, userdata: new Uint8Array() }, body, context),
  format: ({ packetIn }, _code, { ports, names, verbosity }) => formatPacketIn(packetIn, { ports, names }, verbosity),
};
