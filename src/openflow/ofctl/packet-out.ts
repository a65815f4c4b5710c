/**
 * ovs-ofctl packet-out SWITCH "in_port=PORT packet=HEX actions=…", or in the older form SWITCH PORT ACTIONS HEX…:
 * executes actions on packets. Mirrors ofctl_packet_out() and parse_ofp_packet_out_str__() (lib/ofp-packet.c).
 */
import { FIELD_BY_NAME } from '#flowtable/fields.js';
import { Match } from '#flowtable/match.js';
import { UserError } from '../../report/user-error.js';
import { formatActions, parseActionList } from '../action/action-list.js';
import { parseHexBytes } from '../hex-bytes.js';
import { type KeyValue, splitActions, splitKeyValues } from '../key-value.js';
import { formatMatch } from '../match-format.js';
import { addMatchTerm, type MatchBuilder, newMatchBuilder } from '../match-parse.js';
import { checkPacketOutActions, checkReceivedPacketOut, packetOutInVersion } from '../packet-out-version.js';
import { formatPacket } from '../packet-text.js';
import { parsePort } from '../port-text.js';
import { OFPP_CONTROLLER, OFPP_LOCAL, OFPP_MAX, OFPP_NONE, type PortNames } from '../ports.js';
import type { OpenFlowVersion, Protocols } from '../protocol.js';
import type { PacketOut } from '../switch-connection.js';
import type { OfctlCommand } from './command.js';
import type { Invocation } from './invocation.js';
import { parsePortArgument } from './port-argument.js';

const ETH_HEADER_SIZE = 14;

/** Fields of a packet that are not in its bytes, so that a packet-out may give them (mf_is_pipeline_field()). */
const PIPELINE_FIELD =
  /^(tun_id|tun_src|tun_dst|tun_ipv6_(src|dst)|tun_flags|tun_gbp_(id|flags)|tun_metadata\d+|tun_erspan_\w+|tun_gtpu_\w+|metadata|in_port|in_port_oxm|x{0,2}reg\d+|packet_type)$/;

export const packetOut: OfctlCommand = {
  name: 'packet-out',
  usage: 'switch "in_port=<port> packet=<hex data> actions=..."',
  minArgs: 2,
  maxArgs: Number.POSITIVE_INFINITY,
  writes: true,
  run(invocation, args) {
    const [name = '', first = '', actionText = '', ...packets] = args;
    if (args.length === 2) {
      const { message, hasMetadata, protocols } = parsePacketOut(first, invocation.namesToAccept(name));
      send(invocation, name, message, [message.packet], protocols, hasMetadata);
    } else if (args.length >= 4) {
      const { actions, protocols } = parseActionList(actionText, {
        ports: invocation.namesToAccept(name),
        allowsInstructions: false,
      });
      const inPort = parsePortArgument(invocation, name, first);
      send(invocation, name, { inPort, actions }, packets, protocols, false);
    } else {
      throw new UserError(`Too many arguments (${args.length + 1})`);
    }
  },
};

function send(
  invocation: Invocation,
  name: string,
  { inPort, actions }: Pick<PacketOut, 'inPort' | 'actions'>,
  packets: readonly (string | Uint8Array)[],
  usable: Protocols,
  hasMetadata: boolean,
): void {
  const { connection, version } = invocation.openForFlowMod(name, usable);
  if (hasMetadata) requireNoMetadata(version);
  for (const given of packets) {
    // A wrong packet does not take back those before it.
    const packet = typeof given === 'string' ? parsePacket(given) : given;
    const message = packetOutInVersion({ inPort, packet, actions }, version);
    const xid = invocation.sendQuietly();
    const head = invocation.header('OFPT_PACKET_OUT', version, xid);
    invocation.refusable(version, xid, `${head} ***decode error***`, () => checkReceivedPacketOut(message, version));
    const shown = formatPacketOut(message, connection.ports, invocation.showsNames);
    invocation.refusable(version, xid, `${head} ${shown}`, () => {
      checkPacketOutActions(message, version);
      connection.packetOut(message);
    });
  }
}

/** Earlier versions leave out what OpenFlow 1.5 tells of the packet beside its bytes. */
export function requireNoMetadata(version: OpenFlowVersion): void {
  if (version >= 15) throw new UserError('Upcall does not take metadata with packet-out yet');
}

/** As the tool prints the message that a switch has refused. */
export function formatPacketOut({ inPort, packet, actions }: PacketOut, ports: PortNames, names: boolean): string {
  const match = new Match();
  match.set('in_port', BigInt(inPort));
  const place = formatMatch(match, { ports, names });
  const text = `${place} actions=${formatActions(actions, { ports, names })} data_len=${packet.length}`;
  return `${text}\n${formatPacket(packet).trimEnd()}`;
}

function parsePacket(hex: string): Uint8Array {
  const bytes = parseHexBytes(hex, false);
  if (bytes === null) throw new UserError('Trailing garbage in packet data');
  if (bytes.length < ETH_HEADER_SIZE) throw new UserError('Packet data too short for Ethernet');
  return bytes;
}

export interface ParsedPacketOut {
  readonly message: PacketOut;
  /** Does it tell anything of the packet beside its bytes and where it came in? */
  readonly hasMetadata: boolean;
  readonly protocols: Protocols;
}

/** Parses `in_port=PORT packet=HEX actions=…`; throws UserError in ovs-ofctl's words. */
export function parsePacketOut(text: string, ports: PortNames): ParsedPacketOut {
  const { match, actions: actionText } = splitActions(text);
  const metadata = newMatchBuilder();
  let hasMetadata = false;
  let inPort = OFPP_CONTROLLER;
  let packet: Uint8Array | null = null;
  for (const pair of splitKeyValues(match)) {
    const { key, value } = pair;
    if (value === '') throw new UserError(`field ${key} missing value`);
    if (key === 'in_port') {
      inPort = parseInPort(value, ports);
    } else if (key === 'packet_type') {
      if (!value.includes(',')) throw new UserError(`${key}(${value}) can't be interpreted`);
      hasMetadata = true;
    } else if (key === 'packet') {
      try {
        packet = parsePacket(value);
      } catch (error) {
        throw new UserError(`packet: ${(error as Error).message}`);
      }
    } else {
      readMetadata(metadata, pair, ports);
      hasMetadata = true;
    }
  }
  if (packet === null) throw new UserError('must specify packet');
  if (actionText === null) {
    return { message: { inPort, packet, actions: [] }, hasMetadata, protocols: metadata.protocols };
  }
  const { actions, protocols } = parseActionList(actionText, { ports, allowsInstructions: false });
  return { message: { inPort, packet, actions }, hasMetadata, protocols: protocols & metadata.protocols };
}

function parseInPort(text: string, ports: PortNames): number {
  const port = parsePort(text, ports);
  if (port === null) throw new UserError(`${text} is not a valid OpenFlow port`);
  if (port > OFPP_MAX && port !== OFPP_LOCAL && port !== OFPP_NONE && port !== OFPP_CONTROLLER) {
    throw new UserError(`${text} is not a valid OpenFlow port for PACKET_OUT`);
  }
  return port;
}

function readMetadata(builder: MatchBuilder, pair: KeyValue, ports: PortNames): void {
  const { key } = pair;
  const field = FIELD_BY_NAME.get(key);
  if (field === undefined || !field.openflow) throw new UserError(`unknown keyword ${key}`);
  addMatchTerm(builder, pair, ports);
  if (!PIPELINE_FIELD.test(field.name)) throw new UserError(`${key} is not a valid pipeline field for PACKET_OUT`);
}
