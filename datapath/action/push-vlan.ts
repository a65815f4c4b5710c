/**
 * push_vlan: a tag in front of all others (IEEE 802.1Q-2018 §9). // hot path
 *
 * Mirrors eth_push_vlan() of lib/packets.c: the addresses move four bytes into the headroom, and the presence bit of
 * the TCI is not sent.
 */
import { VLAN_CFI } from '#flowtable/flow-key.js';
import type { DpAction } from '../dpif.js';
import { swap32 } from '../packet/byte-order.js';
import { isVlanType } from '../packet/vlan.js';
import type { Packet } from '../packet-buffer.js';
import { OP_PUSH_VLAN, type ProgramBuilder } from './program.js';

export function compilePushVlan(action: Extract<DpAction, { kind: 'push_vlan' }>, builder: ProgramBuilder): void {
  const { tpid, tci } = action;
  if (!isVlanType(tpid)) throw new Error(`push_vlan with TPID 0x${tpid.toString(16)}: want 0x8100 or 0x88a8`);
  if ((tci & VLAN_CFI) === 0 || tci > 0xffff) {
    throw new Error(`push_vlan with TCI 0x${tci.toString(16)}: want 16 bits with the presence bit 0x1000 set`);
  }
  builder.add(OP_PUSH_VLAN, swap32((tpid << 16) | (tci & ~VLAN_CFI)));
}

/** False when there is no room in front of the frame. */
export function pushVlan(packet: Packet, tag: number): boolean {
  const { view } = packet;
  const old = packet.start;
  if (packet.length < 14 || old - 4 < packet.ownStart) return false;
  const start = old - 4;
  // Both addresses are three words; read before written, since the places overlap.
  const w0 = view.getInt32(old, true);
  const w1 = view.getInt32(old + 4, true);
  const w2 = view.getInt32(old + 8, true);
  view.setInt32(start, w0, true);
  view.setInt32(start + 4, w1, true);
  view.setInt32(start + 8, w2, true);
  view.setInt32(start + 12, tag, true);
  packet.start = start;
  packet.length += 4;
  packet.shiftLayers(4);
  packet.isChanged = true;
  return true;
}
