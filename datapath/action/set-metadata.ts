/**
 * set of metadata: the tunnel that the packet is to leave by, the packet mark, the queueing priority. They live in the
 * packet's key and never touch its bytes.
 */
import { DATAPATH_WORDS, OFF_PKT_MARK, OFF_SKB_PRIORITY, SHAPE_TUNNEL, SHAPE_WORD } from '#flowtable/flow-key.js';
import { TUNNEL_WORD } from '../flow-extract.js';
import type { Packet } from '../packet-buffer.js';
import { OP_SET_METADATA, OP_SET_TUNNEL, type ProgramBuilder } from './program.js';
import type { SetAction } from './set.js';

export function compileSetMark(action: SetAction, builder: ProgramBuilder): void {
  builder.add(OP_SET_METADATA, OFF_PKT_MARK / 4);
  builder.addKeyWord(OFF_PKT_MARK / 4, action.value, action.mask);
}

export function compileSetPriority(action: SetAction, builder: ProgramBuilder): void {
  builder.add(OP_SET_METADATA, OFF_SKB_PRIORITY / 4);
  builder.addKeyWord(OFF_SKB_PRIORITY / 4, action.value, action.mask);
}

/** A tunnel is always set whole: OVS has no masked form of it. */
export function compileSetTunnel(action: SetAction, builder: ProgramBuilder): void {
  builder.add(OP_SET_TUNNEL, ...action.value.words.subarray(TUNNEL_WORD, DATAPATH_WORDS));
}

export function setMetadata(packet: Packet, code: Int32Array, at: number): void {
  const word = packet.row + code[at]!;
  packet.words[word] = code[at + 1]! | (packet.words[word]! & ~code[at + 2]!);
}

export function setTunnel(packet: Packet, code: Int32Array, at: number): void {
  const { words, row } = packet;
  let any = 0;
  for (let i = 0; i < DATAPATH_WORDS - TUNNEL_WORD; i++) any |= words[row + TUNNEL_WORD + i] = code[at + i]!;
  const shape = words[row + SHAPE_WORD]!;
  words[row + SHAPE_WORD] = any === 0 ? shape & ~SHAPE_TUNNEL : shape | SHAPE_TUNNEL;
}
