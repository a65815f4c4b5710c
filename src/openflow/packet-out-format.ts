/** A packet-out as ovs-ofctl prints it. Mirrors ofputil_packet_out_format() (lib/ofp-packet.c). */
import { OFF_PACKET_TYPE } from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import { type ActionTextOptions, formatActions } from './action/action-list.js';
import { formatMatch } from './match-format.js';
import { formatHexDump } from './hex-bytes.js';
import { formatPacket } from './packet-text.js';
import type { PacketOut } from './switch-connection.js';

/** What follows the message's name; from verbosity 1 on the packet is shown, from 3 on its bytes. */
export function formatPacketOut(message: PacketOut, options: ActionTextOptions, verbosity: number): string {
  const { inPort, packet, actions, bufferId, metadata } = message;
  const match = metadata?.clone() ?? new Match();
  match.set('in_port', BigInt(inPort));
  const text = `${formatMatch(match, options)} actions=${formatActions(actions, options)}`;
  if (bufferId !== undefined) return `${text} buffer=0x${bufferId.toString(16).padStart(8, '0')}`;
  const shown = verbosity > 0 && packet.length > 0 ? `\n${formatPacket(packet, match.key.u32(OFF_PACKET_TYPE))}` : '';
  return `${text} data_len=${packet.length}${shown}${verbosity > 2 ? formatHexDump(packet, false) : ''}`;
}
