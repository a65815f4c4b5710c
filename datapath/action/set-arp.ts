/** set(arp): opcode and the four addresses. Mirrors set_arp() of lib/odp-execute.c; ARP has no checksum. */
import { L3_WORD } from '../flow-extract.js';
import type { Packet } from '../packet-buffer.js';
import { OP_SET_ARP, type ProgramBuilder } from './program.js';
import type { SetAction } from './set.js';

const LE_ARP = 0x0608;
const LE_RARP = 0x3580;

export function compileSetArp(action: SetAction, builder: ProgramBuilder): void {
  const { value, mask } = action;
  builder.add(OP_SET_ARP);
  // nw_proto holds the opcode's low byte. Where all of it is written, the high byte becomes zero.
  const opcodeMask = mask === null ? 0xff : mask.u8(27);
  builder.addMasked(value.u8(27), opcodeMask === 0xff ? 0xffff : opcodeMask);
  builder.addKeyWord(8, value, mask);
  builder.addKeyWord(9, value, mask);
  for (let word = 33; word < 36; word++) builder.addKeyWord(word, value, mask);
}

export function setArp(packet: Packet, code: Int32Array, at: number): void {
  const { view, words, row } = packet;
  const type = words[row + 6]! & 0xffff;
  const arp = packet.layer(L3_WORD);
  if ((type !== LE_ARP && type !== LE_RARP) || arp < 0 || arp + 28 > packet.start + packet.length) return;
  view.setUint16(arp + 6, code[at]! | (view.getUint16(arp + 6) & ~code[at + 1]!));
  writeMasked(view, arp + 14, code, at + 2);
  writeMasked(view, arp + 24, code, at + 4);
  writeMasked(view, arp + 8, code, at + 6);
  // The middle word of the key holds the end of the sender's and the start of the target's address.
  const value = code[at + 8]!;
  const mask = code[at + 9]!;
  view.setUint16(arp + 12, (value & 0xffff) | (view.getUint16(arp + 12, true) & ~mask & 0xffff), true);
  view.setUint16(arp + 18, (value >>> 16) | (view.getUint16(arp + 18, true) & ~(mask >>> 16) & 0xffff), true);
  writeMasked(view, arp + 20, code, at + 10);
  packet.isChanged = true;
}

function writeMasked(view: DataView, offset: number, code: Int32Array, at: number): void {
  view.setInt32(offset, code[at]! | (view.getInt32(offset, true) & ~code[at + 1]!), true);
}
