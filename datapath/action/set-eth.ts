/** set(eth): the Ethernet addresses, words 2 to 4 of the key as of the frame. // hot path */
import type { Packet } from '../packet-buffer.js';
import { OP_SET_ETH, type ProgramBuilder } from './program.js';
import type { SetAction } from './set.js';

export function compileSetEth(action: SetAction, builder: ProgramBuilder): void {
  builder.add(OP_SET_ETH);
  for (let word = 2; word < 5; word++) builder.addKeyWord(word, action.value, action.mask);
}

export function setEth(packet: Packet, code: Int32Array, at: number): void {
  if (packet.length < 14) return;
  const { view, start } = packet;
  for (let i = 0; i < 3; i++) {
    const old = view.getInt32(start + 4 * i, true);
    view.setInt32(start + 4 * i, code[at + 2 * i]! | (old & ~code[at + 2 * i + 1]!), true);
  }
  packet.isChanged = true;
}
