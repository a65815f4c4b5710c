/**
 * ovs-ofctl packet-out SWITCH "in_port=PORT packet=HEX actions=…", or in the older form SWITCH PORT ACTIONS HEX…:
 * executes actions on packets. Mirrors ofctl_packet_out() and parse_ofp_packet_out_str__() (lib/ofp-packet.c).
 */
import { FIELD_BY_NAME } from '#flowtable/fields.js';
import { UserError } from '../../report/user-error.js';
import { parseActionList } from '../action/action-list.js';
import type { Action } from '../action/action.js';
import { parseFieldText } from '../field-text.js';
import { actionsForPacketOut } from '../packet-out-version.js';
import { parseHexBytes } from '../hex-bytes.js';
import { splitActions, splitKeyValues } from '../key-value.js';
import { parsePort } from '../port-text.js';
import { OFPP_CONTROLLER, OFPP_LOCAL, OFPP_MAX, OFPP_NONE, type PortNames } from '../ports.js';
import { P_ANY, type Protocols } from '../protocol.js';
import type { OfctlCommand } from './command.js';
import type { Invocation } from './invocation.js';
import { parsePortArgument } from './port-argument.js';

const ETH_HEADER_SIZE = 14;

/** Fields of a packet that are not in its bytes, so that a packet-out may give them. */
const PIPELINE_FIELD = /^(tun_.*|tunnel_id|metadata|in_port|in_port_oxm|x{0,2}reg\d+|packet_type)$/;

export const packetOut: OfctlCommand = {
  name: 'packet-out',
  usage: 'switch "in_port=<port> packet=<hex data> actions=..."',
  minArgs: 2,
  maxArgs: Number.POSITIVE_INFINITY,
  writes: true,
  run(invocation, args) {
    const [name = '', first = '', actionText = '', ...packets] = args;
    if (args.length === 2) {
      const message = parsePacketOut(first, invocation.namesToAccept(name));
      send(invocation, name, message.inPort, message.actions, [message.packet], message.protocols);
    } else if (args.length >= 4) {
      const { actions, protocols } = parseActionList(actionText, { ports: invocation.namesToAccept(name) });
      const inPort = parsePortArgument(invocation, name, first);
      send(invocation, name, inPort, actions, packets, protocols);
    } else {
      throw new UserError(`Too many arguments (${args.length + 1})`);
    }
  },
};

function send(
  invocation: Invocation,
  name: string,
  inPort: number,
  actions: readonly Action[],
  packets: readonly (string | Uint8Array)[],
  usable: Protocols,
): void {
  const { connection, version } = invocation.openForFlowMod(name, usable);
  for (const given of packets) {
    // A wrong packet does not take back those before it.
    const packet = typeof given === 'string' ? parsePacket(given) : given;
    const xid = invocation.sendQuietly();
    invocation.refusable(
      version,
      xid,
      `${invocation.header('OFPT_PACKET_OUT', version, xid)} ***decode error***`,
      () => {
        connection.packetOut({ inPort, packet, actions: actionsForPacketOut(actions, inPort, version) });
      },
    );
  }
}

function parsePacket(hex: string): Uint8Array {
  const bytes = parseHexBytes(hex, false);
  if (bytes === null) throw new UserError('Trailing garbage in packet data');
  if (bytes.length < ETH_HEADER_SIZE) throw new UserError('Packet data too short for Ethernet');
  return bytes;
}

export interface ParsedPacketOut {
  readonly inPort: number;
  readonly packet: Uint8Array;
  readonly actions: readonly Action[];
  readonly protocols: Protocols;
}

/** Parses `in_port=PORT packet=HEX actions=…`; throws UserError in ovs-ofctl's words. */
export function parsePacketOut(text: string, ports: PortNames): ParsedPacketOut {
  const { match, actions: actionText } = splitActions(text);
  let inPort = OFPP_CONTROLLER;
  let packet: Uint8Array | null = null;
  for (const { key, value } of splitKeyValues(match)) {
    if (value === '') throw new UserError(`field ${key} missing value`);
    if (key === 'in_port') {
      inPort = parseInPort(value, ports);
    } else if (key === 'packet') {
      try {
        packet = parsePacket(value);
      } catch (error) {
        throw new UserError(`packet: ${(error as Error).message}`);
      }
    } else {
      refuseField(key, value, ports);
    }
  }
  if (packet === null) throw new UserError('must specify packet');
  if (actionText === null) return { inPort, packet, actions: [], protocols: P_ANY };
  const { actions, protocols } = parseActionList(actionText, { ports });
  return { inPort, packet, actions, protocols };
}

function parseInPort(text: string, ports: PortNames): number {
  const port = parsePort(text, ports);
  if (port === null) throw new UserError(`${text} is not a valid OpenFlow port`);
  if (port > OFPP_MAX && port !== OFPP_LOCAL && port !== OFPP_NONE && port !== OFPP_CONTROLLER) {
    throw new UserError(`${text} is not a valid OpenFlow port for PACKET_OUT`);
  }
  return port;
}

/** Metadata of the packet: OpenFlow 1.5 carries it, the switch does not take it yet. */
function refuseField(key: string, value: string, ports: PortNames): never {
  const field = FIELD_BY_NAME.get(key);
  if (field === undefined || !field.openflow) throw new UserError(`unknown keyword ${key}`);
  parseFieldText(field, value, ports);
  if (!PIPELINE_FIELD.test(key)) throw new UserError(`${key} is not a valid pipeline field for PACKET_OUT`);
  throw new UserError(`${key}: Upcall does not take this field with packet-out yet`);
}
