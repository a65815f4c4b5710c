/**
 * OFPT_PACKET_OUT: a packet to be sent, or gone through (OpenFlow 1.5.1 §7.3.6). OpenFlow 1.0 has buffer (4), in_port
 * (2) and the length of the actions (2) in front of the actions and the packet; 1.1 buffer (4), in_port (4), length (2),
 * zeros (6); 1.5 buffer (4), length (2), zeros (2) and a match. Mirrors lib/ofp-packet.c.
 */
import { fieldNamed } from '#flowtable/fields.js';
import { OFF_IN_PORT } from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import { formatPacketOut } from '../../packet-out-format.js';
import { OFPP_CONTROLLER, OFPP_LOCAL, OFPP_MAX, OFPP_NONE } from '../../ports.js';
import { OpenFlowError, type PacketOut } from '../../switch-connection.js';
import { encodeActions } from '../action/index.js';
import type { ByteReader } from '../byte-reader.js';
import { decodeMatch, encodeMatch } from '../match/index.js';
import { ofpt } from '../message-code.js';
import type { MessageKind, WireContext } from '../message-kind.js';
import { NO_NUMBER, readPort11, writePort11 } from '../numbers.js';
import { readActionList } from './flow-actions.js';

export interface PacketOutMessage {
  readonly kind: 'packet-out';
  readonly message: PacketOut;
}

const IN_PORT = fieldNamed('in_port');

const isPlace = (port: number): boolean =>
  port < OFPP_MAX || port === OFPP_LOCAL || port === OFPP_NONE || port === OFPP_CONTROLLER;

interface Beginning {
  readonly buffer: number;
  readonly inPort: number;
  readonly actionsLength: number;
  readonly metadata?: Match;
}

function readBeginning(body: ByteReader, context: WireContext): Beginning {
  const { version } = context;
  const buffer = body.u32();
  if (version === 10) return { buffer, inPort: body.u16(), actionsLength: body.u16() };
  if (version < 15) {
    const portReader = body.part(4);
    const actionsLength = body.u16();
    body.skip(6);
    return { buffer, inPort: readPort11(portReader), actionsLength };
  }
  const actionsLength = body.u16();
  body.skip(2);
  const metadata = decodeMatch(body, context, { isLoose: true, pipelineFieldsOnly: true });
  if (metadata.mask.u32(OFF_IN_PORT) === 0) throw new OpenFlowError('OFPBRC_BAD_PORT');
  return { buffer, inPort: Number(metadata.get(IN_PORT)), actionsLength, metadata };
}

function decodePacketOut(body: ByteReader, context: WireContext): PacketOut {
  const { buffer, inPort, actionsLength, metadata } = readBeginning(body, context);
  const actions = readActionList(body, actionsLength, context);
  if (!isPlace(inPort)) throw new OpenFlowError('OFPBRC_BAD_PORT');
  const told = metadata === undefined ? {} : { metadata };
  return buffer === NO_NUMBER
    ? { inPort, actions, packet: body.view(body.remaining), ...told }
    : { inPort, actions, packet: new Uint8Array(), bufferId: buffer, ...told };
}

/** What OpenFlow 1.5 tells besides the packet: at least where it came in. */
function metadataOf({ metadata, inPort }: PacketOut): Match {
  const match = metadata?.clone() ?? new Match();
  match.set(IN_PORT, BigInt(inPort));
  return match;
}

export const packetOutMessage: MessageKind<PacketOutMessage> = {
  kind: 'packet-out',
  codes: [
    ofpt('PACKET_OUT', [10, 10], 13, { size: 8, unit: 1 }),
    ofpt('PACKET_OUT', [11, 14], 13, { size: 16, unit: 1 }),
    ofpt('PACKET_OUT', [15, 15], 13, { size: 8, unit: 1 }),
  ],
  decode: (body, _code, context) => ({ kind: 'packet-out', message: decodePacketOut(body, context) }),
  encode({ message }, body, _code, context) {
    const { version } = context;
    const { inPort, packet, actions, bufferId } = message;
    body.u32(bufferId ?? NO_NUMBER);
    if (version === 10) body.u16(inPort);
    else if (version < 15) writePort11(body, inPort);
    const lengthAt = body.size;
    body.u16(0);
    body.zeros(version === 10 ? 0 : version < 15 ? 6 : 2);
    const match = metadataOf(message);
    if (version >= 15) encodeMatch(match, context, body);
    const actionsAt = body.size;
    encodeActions(actions, body, context, match);
    body.patchU16(lengthAt, body.size - actionsAt);
    if (bufferId === undefined) body.put(packet);
  },
  format: ({ message }, _code, { ports, names, verbosity }) =>
    ` ${formatPacketOut(message, { ports, names }, verbosity)}`,
};
