/**
 * push_mpls: a label stack entry in front of the others, or of the network header (RFC 3032). // hot path
 *
 * Mirrors push_mpls() of lib/packets.c: VLAN tags stay in front of the labels, and the last type field before them says
 * that labels follow.
 */
import type { DpAction } from '../dpif.js';
import { L2_5_WORD, L3_WORD, L4_WORD } from '../flow-extract.js';
import { swap32 } from '../packet/byte-order.js';
import type { Packet } from '../packet-buffer.js';
import { OP_PUSH_MPLS, type ProgramBuilder } from './program.js';

const ETH_TYPE_MPLS = 0x8847;
const ETH_TYPE_MPLS_MCAST = 0x8848;
const LE_8021Q = 0x0081;
const LE_8021AD = 0xa888;

export function compilePushMpls(action: Extract<DpAction, { kind: 'push_mpls' }>, builder: ProgramBuilder): void {
  const { ethertype } = action;
  checkMplsType('push_mpls', ethertype);
  builder.add(OP_PUSH_MPLS, ethertype, swap32(action.lse));
}

export function checkMplsType(action: string, ethertype: number): void {
  if (ethertype === ETH_TYPE_MPLS || ethertype === ETH_TYPE_MPLS_MCAST) return;
  throw new Error(`${action} with EtherType 0x${ethertype.toString(16)}: want 0x8847 or 0x8848`);
}

/** False when there is no room in front of the frame, or nothing that a label could stand before. */
export function pushMpls(packet: Packet, ethertype: number, entry: number): boolean {
  const { view, words, row } = packet;
  const old = packet.start;
  const inFront = words[row + L2_5_WORD]! < 0 ? words[row + L3_WORD]! : words[row + L2_5_WORD]!;
  // A packet without an Ethernet header has nothing in front of its labels.
  if ((inFront < 14 && inFront !== 0) || old - 4 < packet.ownStart) return false;
  setEthertype(packet, ethertype, inFront);
  const start = old - 4;
  // What stands in front of the labels moves into the headroom, in halves since its length is even.
  for (let i = 0; i < inFront; i += 2) view.setUint16(start + i, view.getUint16(old + i, true), true);
  view.setInt32(start + inFront, entry, true);
  packet.start = start;
  packet.length += 4;
  words[row + L2_5_WORD] = inFront;
  shiftNetwork(packet, 4);
  packet.isChanged = true;
  return true;
}

/** `inFront`: bytes before the labels. */
export function setEthertype(packet: Packet, ethertype: number, inFront: number): void {
  if (inFront === 0) return;
  const { view, start } = packet;
  const type = view.getUint16(start + 12, true);
  const at = type === LE_8021Q || type === LE_8021AD ? start + inFront - 2 : start + 12;
  view.setUint16(at, ethertype);
}

/** The network header and what follows have moved against the start of the frame. */
export function shiftNetwork(packet: Packet, change: number): void {
  const { words, row } = packet;
  for (let word = L3_WORD; word <= L4_WORD; word++) {
    const offset = words[row + word]!;
    if (offset >= 0) words[row + word] = offset + change;
  }
}
