/**
 * pop_eth: takes the Ethernet header off; the packet's type is then what the header said. // hot path
 * Mirrors pop_eth() of lib/packets.c.
 */
import { L2_5_WORD, L3_WORD, PACKET_TYPE_WORD } from '../flow-extract.js';
import type { Packet } from '../packet-buffer.js';
import { OP_POP_ETH, type ProgramBuilder } from './program.js';

/** Namespace 1, Ethernet types, as it stands in a key's word. */
export const LE_NAMESPACE_ETHERTYPE = 0x0100;

export function compilePopEth(builder: ProgramBuilder): void {
  builder.add(OP_POP_ETH);
}

/** False for a packet that has no Ethernet header. */
export function popEth(packet: Packet): boolean {
  const { view, words, row, start } = packet;
  const size = words[row + L2_5_WORD]! < 0 ? words[row + L3_WORD]! : words[row + L2_5_WORD]!;
  if (words[row + PACKET_TYPE_WORD] !== 0 || size < 14) return false;
  words[row + PACKET_TYPE_WORD] = LE_NAMESPACE_ETHERTYPE | (view.getUint16(start + size - 2, true) << 16);
  packet.start = start + size;
  packet.length -= size;
  packet.shiftLayers(-size);
  packet.isChanged = true;
  return true;
}
