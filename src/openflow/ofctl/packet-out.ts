/**
 * ovs-ofctl packet-out SWITCH "in_port=PORT packet=HEX actions=…", or in the older form SWITCH PORT ACTIONS HEX…:
 * executes actions on packets. Mirrors ofctl_packet_out() and parse_ofp_packet_out_str__() (lib/ofp-packet.c).
 */
import { FIELD_BY_NAME } from '#flowtable/fields.js';
import { UserError } from '../../report/user-error.js';
import { parseActionList } from '../action/action-list.js';
import { parseHexBytes } from '../hex-bytes.js';
import { type KeyValue, splitActions, splitKeyValues } from '../key-value.js';
import { addMatchTerm, type MatchBuilder, newMatchBuilder } from '../match-parse.js';
import { formatPacketOut } from '../packet-out-format.js';
import { checkPacketOutActions, checkReceivedPacketOut, packetOutInVersion } from '../packet-out-version.js';
import { scanInteger } from '../number-text.js';
import { parsePort } from '../port-text.js';
import { OFPP_CONTROLLER, OFPP_LOCAL, OFPP_MAX, OFPP_NONE, type PortNames } from '../ports.js';
import type { Protocols } from '../protocol.js';
import type { PacketOut } from '../switch-connection.js';
import type { OfctlCommand } from './command.js';
import type { Invocation } from './invocation.js';
import { parsePortArgument } from './port-argument.js';

const ETH_HEADER_SIZE = 14;
/** Of a message that a switch has refused. */
export const REFUSED_VERBOSITY = 1;

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
      const { message, protocols } = parsePacketOut(first, invocation.namesToAccept(name));
      send(invocation, name, message, [message.packet], protocols);
    } else if (args.length >= 4) {
      const { actions, protocols } = parseActionList(actionText, {
        ports: invocation.namesToAccept(name),
        allowsInstructions: false,
      });
      const inPort = parsePortArgument(invocation, name, first);
      send(invocation, name, { inPort, actions }, packets, protocols);
    } else {
      throw new UserError(`Too many arguments (${args.length + 1})`);
    }
  },
};

function send(
  invocation: Invocation,
  name: string,
  told: Omit<PacketOut, 'packet'>,
  packets: readonly (string | Uint8Array)[],
  usable: Protocols,
): void {
  const { connection, version } = invocation.openForFlowMod(name, usable);
  for (const given of packets) {
    // A wrong packet does not take back those before it.
    const packet = typeof given === 'string' ? parsePacket(given) : given;
    const message = packetOutInVersion({ ...told, packet }, version);
    const xid = invocation.sendQuietly();
    const head = invocation.header('OFPT_PACKET_OUT', version, xid);
    invocation.refusable(version, xid, `${head} ***decode error***`, () => checkReceivedPacketOut(message, version));
    const options = { ports: connection.ports, names: invocation.showsNames };
    const shown = formatPacketOut(message, options, REFUSED_VERBOSITY).trimEnd();
    invocation.refusable(version, xid, `${head} ${shown}`, () => {
      checkPacketOutActions(message, version);
      connection.packetOut(message);
    });
  }
}

function parsePacket(hex: string): Uint8Array {
  const bytes = parseHexBytes(hex, false);
  if (bytes === null) throw new UserError('Trailing garbage in packet data');
  if (bytes.length < ETH_HEADER_SIZE) throw new UserError('Packet data too short for Ethernet');
  return bytes;
}

export interface ParsedPacketOut {
  readonly message: PacketOut;
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
      metadata.match.set('packet_type', readPacketType(value));
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
  const told = hasMetadata ? { metadata: metadata.match } : {};
  if (actionText === null) return { message: { inPort, packet, actions: [], ...told }, protocols: metadata.protocols };
  const { actions, protocols } = parseActionList(actionText, { ports, allowsInstructions: false });
  return { message: { inPort, packet, actions, ...told }, protocols: protocols & metadata.protocols };
}

/** Two numbers; what is before them is none, so that one behind a parenthesis is 0 (strtoul()). */
function readPacketType(text: string): bigint {
  const [namespace, type] = text.split(',').map((part) => scanInteger(part, 0).value & 0xffffn);
  return (namespace! << 16n) | type!;
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
