/** set(mpls): the topmost label stack entry (RFC 3032 §2.1), as one word. Mirrors set_mpls_lse() of lib/packets.c. */
import { L2_5_WORD } from '../flow-extract.js';
import type { Packet } from '../packet-buffer.js';
import { OP_SET_MPLS, type ProgramBuilder } from './program.js';
import type { SetAction } from './set.js';

const MPLS_WORD = 17;

export function compileSetMpls(action: SetAction, builder: ProgramBuilder): void {
  builder.add(OP_SET_MPLS);
  builder.addKeyWord(MPLS_WORD, action.value, action.mask);
}

export function setMpls(packet: Packet, code: Int32Array, at: number): void {
  const { view } = packet;
  const entry = packet.layer(L2_5_WORD);
  if (entry < 0 || entry + 4 > packet.start + packet.length) return;
  view.setInt32(entry, code[at]! | (view.getInt32(entry, true) & ~code[at + 1]!), true);
  packet.isChanged = true;
}
