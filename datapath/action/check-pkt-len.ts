/**
 * check_pkt_len: one of two lists of actions, by the length of the frame without padding behind its IP packet.
 * Mirrors odp_execute_check_pkt_len() of lib/odp-execute.c: like a clone, the list runs on a copy of the frame unless
 * this is the last action, and a frame about to be truncated counts as long as it will be.
 */
import type { DpAction } from '../dpif.js';
import { PAD_WORD } from '../flow-extract.js';
import type { Packet } from '../packet-buffer.js';
import { OP_CHECK_PKT_LEN, type ProgramBuilder } from './program.js';

export function compileCheckPktLen(
  action: Extract<DpAction, { kind: 'check_pkt_len' }>,
  builder: ProgramBuilder,
): void {
  const greater = builder.addNested(action.greater);
  builder.add(OP_CHECK_PKT_LEN, action.size, greater, builder.addNested(action.lessOrEqual));
}

export function isLongerThan(packet: Packet, size: number, cut: number): boolean {
  return packet.length - cut - packet.words[packet.row + PAD_WORD]! > size;
}
