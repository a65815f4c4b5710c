/**
 * set(nsh): flags, TTL, service path and context words of a network service header (RFC 8300). // hot path
 *
 * Mirrors odp_set_nsh() of lib/odp-execute.c. Of a header that has no fixed context the context words stay as they are.
 */
import { OFF_NSH_CONTEXT, OFF_NSH_FLAGS, OFF_NSH_PATH_HDR, OFF_NSH_TTL } from '#flowtable/flow-key.js';
import { L3_WORD } from '../flow-extract.js';
import { NSH_BASE_SIZE, NSH_MD1_SIZE, NSH_MD_TYPE_1 } from '../packet/nsh.js';
import type { Packet } from '../packet-buffer.js';
import { OP_SET_NSH, type ProgramBuilder } from './program.js';
import type { SetAction } from './set.js';

const FLAGS_SHIFT = 12;
const FLAGS_BITS = 3;
const TTL_SHIFT = 6;
const TTL_BITS = 0x3f;

/** Flags and TTL as bits of the header's first two bytes. */
const firstBits = (flags: number, ttl: number): number =>
  ((flags & FLAGS_BITS) << FLAGS_SHIFT) | ((ttl & TTL_BITS) << TTL_SHIFT);

export function compileSetNsh(action: SetAction, builder: ProgramBuilder): void {
  const { value, mask } = action;
  const wanted = mask === null ? 0xffff : firstBits(mask.u8(OFF_NSH_FLAGS), mask.u8(OFF_NSH_TTL));
  builder.add(OP_SET_NSH);
  builder.addMasked(
    firstBits(value.u8(OFF_NSH_FLAGS), value.u8(OFF_NSH_TTL)),
    wanted & firstBits(FLAGS_BITS, TTL_BITS),
  );
  builder.addKeyWord(OFF_NSH_PATH_HDR / 4, value, mask);
  for (let i = 0; i < 4; i++) builder.addKeyWord(OFF_NSH_CONTEXT / 4 + i, value, mask);
}

export function setNsh(packet: Packet, code: Int32Array, at: number): void {
  const { view } = packet;
  const nsh = packet.layer(L3_WORD);
  const end = packet.start + packet.length;
  if (nsh < 0 || nsh + NSH_BASE_SIZE > end) return;
  view.setUint16(nsh, code[at]! | (view.getUint16(nsh) & ~code[at + 1]!));
  view.setInt32(nsh + 4, code[at + 2]! | (view.getInt32(nsh + 4, true) & ~code[at + 3]!), true);
  if (view.getUint8(nsh + 2) === NSH_MD_TYPE_1 && nsh + NSH_MD1_SIZE <= end) {
    for (let i = 0; i < 4; i++) {
      const word = nsh + NSH_BASE_SIZE + 4 * i;
      const operand = at + 4 + 2 * i;
      view.setInt32(word, code[operand]! | (view.getInt32(word, true) & ~code[operand + 1]!), true);
    }
  }
  packet.isChanged = true;
}
