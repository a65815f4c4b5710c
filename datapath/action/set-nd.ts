/**
 * set(nd): the target and the link-layer address of the first such option (RFC 4861), with the ICMPv6 checksum.
 * Mirrors odp_set_nd() and packet_set_nd() of lib; an option that is not there is not made.
 */
import { L4_WORD } from '../flow-extract.js';
import { updateChecksum16 } from '../packet/checksum.js';
import type { Packet } from '../packet-buffer.js';
import { OP_SET_ND, type ProgramBuilder } from './program.js';
import type { SetAction } from './set.js';
import { updateIpv6Transport } from './set-ipv6.js';

const TARGET_WORD = 29;
const LINK_WORD = 33;

export function compileSetNd(action: SetAction, builder: ProgramBuilder): void {
  builder.add(OP_SET_ND);
  for (let i = 0; i < 4; i++) builder.addKeyWord(TARGET_WORD + i, action.value, action.mask);
  for (let i = 0; i < 3; i++) builder.addKeyWord(LINK_WORD + i, action.value, action.mask);
}

export function setNd(packet: Packet, code: Int32Array, at: number): void {
  const { view } = packet;
  const message = packet.layer(L4_WORD);
  const size = packet.transportSize();
  if ((packet.words[packet.row + 6]! & 0xff02_0000) !== 58 << 24 || size < 24) return;
  for (let i = 0; i < 4; i++) {
    const address = message + 8 + 4 * i;
    const from = view.getInt32(address, true);
    const to = code[at + 2 * i]! | (from & ~code[at + 2 * i + 1]!);
    if (from === to) continue;
    updateIpv6Transport(packet, from, to);
    view.setInt32(address, to, true);
  }
  const end = message + size;
  let option = message + 24;
  while (end - option >= 8 && view.getUint8(option + 1) !== 0) {
    const type = view.getUint8(option);
    if (view.getUint8(option + 1) === 1 && (type === 1 || type === 2)) {
      // Three 16-bit parts; the source's are the first three of the six in the key's words, the target's the last.
      for (let part = 0; part < 3; part++) {
        setLinkPart(packet, message, option + 2 + 2 * part, code, at + 8, type === 1 ? part : part + 3);
      }
      break;
    }
    option += view.getUint8(option + 1) * 8;
  }
  packet.isChanged = true;
}

function setLinkPart(
  packet: Packet,
  message: number,
  offset: number,
  code: Int32Array,
  at: number,
  part: number,
): void {
  const { view } = packet;
  const operand = at + 2 * (part >> 1);
  const shift = (part & 1) * 16;
  const mask = (code[operand + 1]! >>> shift) & 0xffff;
  const from = view.getUint16(offset, true);
  const to = ((code[operand]! >>> shift) & 0xffff) | (from & ~mask);
  if (from === to) return;
  view.setUint16(message + 2, updateChecksum16(view.getUint16(message + 2, true), from, to), true);
  view.setUint16(offset, to, true);
}
