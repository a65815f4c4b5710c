/**
 * set of metadata: the tunnel that the packet is to leave by, the packet mark, the queueing priority. They live in the
 * packet's key and never touch its bytes.
 */
import {
  DATAPATH_WORDS,
  OFF_PKT_MARK,
  OFF_SKB_PRIORITY,
  SHAPE_TUNNEL,
  SHAPE_TUNNEL_OPTIONS,
  SHAPE_WORD,
} from '#flowtable/flow-key.js';
import { TUNNEL_OPTIONS_WORD, TUNNEL_WORD } from '../flow-extract.js';
import type { Packet } from '../packet-buffer.js';
import { OP_SET_METADATA, OP_SET_TUNNEL, OP_SET_TUNNEL_OPTIONS, type ProgramBuilder } from './program.js';
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
  const { words } = action.value;
  builder.add(OP_SET_TUNNEL, ...words.subarray(TUNNEL_WORD, TUNNEL_OPTIONS_WORD));
  const options = words.subarray(TUNNEL_OPTIONS_WORD, DATAPATH_WORDS);
  if (options.some((word) => word !== 0)) builder.add(OP_SET_TUNNEL_OPTIONS, ...options);
}

export function setMetadata(packet: Packet, code: Int32Array, at: number): void {
  const word = packet.row + code[at]!;
  packet.words[word] = code[at + 1]! | (packet.words[word]! & ~code[at + 2]!);
}

/** Sets all but the options, which OP_SET_TUNNEL_OPTIONS adds where there are any. */
export function setTunnel(packet: Packet, code: Int32Array, at: number): void {
  const { words, row } = packet;
  let tunnel = 0;
  for (let i = 0; i < TUNNEL_OPTIONS_WORD - TUNNEL_WORD; i++) tunnel |= words[row + TUNNEL_WORD + i] = code[at + i]!;
  let shape = words[row + SHAPE_WORD]!;
  shape = tunnel === 0 ? shape & ~SHAPE_TUNNEL : shape | SHAPE_TUNNEL;
  if ((shape & SHAPE_TUNNEL_OPTIONS) !== 0) words.fill(0, row + TUNNEL_OPTIONS_WORD, row + DATAPATH_WORDS);
  words[row + SHAPE_WORD] = shape & ~SHAPE_TUNNEL_OPTIONS;
}

export function setTunnelOptions(packet: Packet, code: Int32Array, at: number): void {
  const { words, row } = packet;
  for (let i = 0; i < DATAPATH_WORDS - TUNNEL_OPTIONS_WORD; i++) words[row + TUNNEL_OPTIONS_WORD + i] = code[at + i]!;
  words[row + SHAPE_WORD] = words[row + SHAPE_WORD]! | SHAPE_TUNNEL_OPTIONS;
}
