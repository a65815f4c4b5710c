/**
 * pop_mpls: takes off the topmost label; a frame without one stays as it is. // hot path
 * Mirrors pop_mpls() of lib/packets.c, which also forgets the hash that the packet came in with.
 */
import type { DpAction } from '../dpif.js';
import { L2_5_WORD, PACKET_TYPE_WORD } from '../flow-extract.js';
import { swap32 } from '../packet/byte-order.js';
import { FLOW_HASH_NONE, type Packet } from '../packet-buffer.js';
import { OP_POP_MPLS, type ProgramBuilder } from './program.js';
import { setEthertype, shiftNetwork } from './push-mpls.js';

const ETH_TYPE_TEB = 0x6558;

export function compilePopMpls(action: Extract<DpAction, { kind: 'pop_mpls' }>, builder: ProgramBuilder): void {
  builder.add(OP_POP_MPLS, action.ethertype);
}

export function popMpls(packet: Packet, ethertype: number): void {
  const { view, words, row, start } = packet;
  const inFront = words[row + L2_5_WORD]!;
  if ((inFront < 14 && inFront !== 0) || packet.length - inFront < 4) return;
  setEthertype(packet, ethertype, inFront);
  if ((view.getUint8(start + inFront + 2) & 1) !== 0) words[row + L2_5_WORD] = -1;
  for (let i = inFront - 2; i >= 0; i -= 2) view.setUint16(start + 4 + i, view.getUint16(start + i, true), true);
  packet.start = start + 4;
  packet.length -= 4;
  shiftNetwork(packet, -4);
  // Without an Ethernet header the packet's type says what comes now; of transparent Ethernet bridging, a frame.
  if (inFront === 0) words[row + PACKET_TYPE_WORD] = ethertype === ETH_TYPE_TEB ? 0 : swap32(0x10000 | ethertype);
  packet.flowHashState = FLOW_HASH_NONE;
  packet.isChanged = true;
}
