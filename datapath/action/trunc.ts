/**
 * trunc: the next output (or upcall) gets no more than so many bytes. // hot path
 *
 * Mirrors dp_packet_set_cutlen() of lib/dp-packet.h: an Ethernet header is always left, and the frame itself stays whole
 * for the actions behind the output. The runner holds how much is to be cut.
 */
import type { DpAction } from '../dpif.js';
import { OP_TRUNC, type ProgramBuilder } from './program.js';

const ETH_HEADER_SIZE = 14;

export function compileTrunc(action: Extract<DpAction, { kind: 'trunc' }>, builder: ProgramBuilder): void {
  // Longer than any frame is as long as one; and what is compared below must be a positive number.
  builder.add(OP_TRUNC, Math.min(Math.max(action.maxLen, ETH_HEADER_SIZE), 0x7fff_ffff));
}

/** Bytes to be cut from the end of a frame. */
export function cutSize(length: number, maxLen: number): number {
  return length > maxLen ? length - maxLen : 0;
}
