/**
 * add_mpls: a label stack entry (RFC 3032) in front of the whole packet, Ethernet header and all, which is then a packet
 * of the label's type. Mirrors add_mpls() of lib/packets.c without OVS_MPLS_L3_TUNNEL_FLAG_MASK. // hot path
 */
import { clearCtMetadata } from '../conntrack/ct-metadata.js';
import type { DpAction } from '../dpif.js';
import { L2_5_WORD, PACKET_TYPE_WORD } from '../flow-extract.js';
import { swap32 } from '../packet/byte-order.js';
import type { Packet, PacketPool } from '../packet-buffer.js';
import { OP_ADD_MPLS, type ProgramBuilder } from './program.js';
import { checkMplsType } from './push-mpls.js';

const LABEL_SIZE = 4;

export function compileAddMpls(action: Extract<DpAction, { kind: 'add_mpls' }>, builder: ProgramBuilder): void {
  const { ethertype, lse } = action;
  checkMplsType('add_mpls', ethertype);
  builder.add(OP_ADD_MPLS, swap32(0x10000 | ethertype), swap32(lse));
}

/** False when there is no room in front of the frame. */
export function addMpls(pool: PacketPool, packet: Packet, packetTypeWord: number, entry: number): boolean {
  if (!pool.makeHeadroom(packet, LABEL_SIZE)) return false;
  const { words, row } = packet;
  packet.start -= LABEL_SIZE;
  packet.length += LABEL_SIZE;
  packet.view.setInt32(packet.start, entry, true);
  words[row + PACKET_TYPE_WORD] = packetTypeWord;
  packet.shiftLayers(LABEL_SIZE);
  words[row + L2_5_WORD] = 0;
  clearCtMetadata(words, row);
  packet.isChanged = true;
  return true;
}
