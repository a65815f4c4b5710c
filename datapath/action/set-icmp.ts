/** set(icmp), set(icmpv6): type and code, with the checksum. Mirrors packet_set_icmp() of lib/packets.c. */
import { L4_WORD } from '../flow-extract.js';
import { updateChecksum16 } from '../packet/checksum.js';
import type { Packet } from '../packet-buffer.js';
import { OP_SET_ICMP, type ProgramBuilder } from './program.js';
import type { SetAction } from './set.js';

export function compileSetIcmp(action: SetAction, builder: ProgramBuilder): void {
  const { value, mask } = action;
  // Type and code are the low bytes of two 16-bit fields of the key.
  builder.add(OP_SET_ICMP);
  builder.addMasked((value.u8(41) << 8) | value.u8(43), mask === null ? 0xffff : (mask.u8(41) << 8) | mask.u8(43));
}

export function setIcmp(packet: Packet, code: Int32Array, at: number): void {
  const { view } = packet;
  const icmp = packet.layer(L4_WORD);
  const protocolWord = packet.words[packet.row + 6]! & 0xff02_0000;
  if ((protocolWord !== 1 << 24 && protocolWord !== 58 << 24) || packet.transportSize() < 8) return;
  const from = view.getUint16(icmp);
  const to = code[at]! | (from & ~code[at + 1]!);
  if (from !== to) {
    view.setUint16(icmp, to);
    view.setUint16(icmp + 2, updateChecksum16(view.getUint16(icmp + 2), from, to));
  }
  packet.isChanged = true;
}
