/**
 * push_eth: an Ethernet header in front of a packet that has none; its type is the packet's. // hot path
 * Mirrors push_eth() of lib/packets.c.
 */
import type { DpAction } from '../dpif.js';
import { PACKET_TYPE_WORD } from '../flow-extract.js';
import { swap32, readU16, readU32 } from '../packet/byte-order.js';
import { ETH_HEADER_SIZE } from '../packet/ethernet.js';
import type { Packet, PacketPool } from '../packet-buffer.js';
import { OP_PUSH_ETH, type ProgramBuilder } from './program.js';

export function compilePushEth(action: Extract<DpAction, { kind: 'push_eth' }>, builder: ProgramBuilder): void {
  const { destination, source } = action;
  builder.add(
    OP_PUSH_ETH,
    swap32(readU32(destination, 0)),
    swap32((readU16(destination, 4) << 16) | readU16(source, 0)),
    swap32(readU32(source, 2)),
  );
}

/** False when the packet has an Ethernet header already, or there is no room for one. */
export function pushEth(pool: PacketPool, packet: Packet, code: Int32Array, at: number): boolean {
  const type = packet.words[packet.row + PACKET_TYPE_WORD]!;
  if (type === 0 || !pool.makeHeadroom(packet, ETH_HEADER_SIZE)) return false;
  packet.start -= ETH_HEADER_SIZE;
  packet.length += ETH_HEADER_SIZE;
  const { view, start } = packet;
  for (let i = 0; i < 3; i++) view.setInt32(start + 4 * i, code[at + i]!, true);
  view.setUint16(start + 12, type >>> 16, true);
  packet.words[packet.row + PACKET_TYPE_WORD] = 0;
  packet.shiftLayers(ETH_HEADER_SIZE);
  packet.isChanged = true;
  return true;
}
