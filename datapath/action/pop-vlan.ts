/**
 * pop_vlan: takes off the outermost tag; a frame without one stays as it is. // hot path
 * Mirrors eth_pop_vlan() of lib/packets.c.
 */
import type { Packet } from '../packet-buffer.js';
import { OP_POP_VLAN, type ProgramBuilder } from './program.js';

const LE_8021Q = 0x0081;
const LE_8021AD = 0xa888;

export function compilePopVlan(builder: ProgramBuilder): void {
  builder.add(OP_POP_VLAN);
}

export function popVlan(packet: Packet): void {
  const { view, start } = packet;
  if (packet.length < 18) return;
  const tpid = view.getUint16(start + 12, true);
  if (tpid !== LE_8021Q && tpid !== LE_8021AD) return;
  const w0 = view.getInt32(start, true);
  const w1 = view.getInt32(start + 4, true);
  const w2 = view.getInt32(start + 8, true);
  view.setInt32(start + 4, w0, true);
  view.setInt32(start + 8, w1, true);
  view.setInt32(start + 12, w2, true);
  packet.start = start + 4;
  packet.length -= 4;
  packet.shiftLayers(-4);
  packet.isChanged = true;
}
