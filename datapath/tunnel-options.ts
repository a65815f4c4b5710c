/**
 * Options of Geneve in a packet row: their length in bytes, and as they stand in the header. // hot path
 *
 * Invariant: a row without SHAPE_TUNNEL_OPTIONS has zeros there.
 */
import { DATAPATH_WORDS, OFF_TUN_OPTIONS, SHAPE_TUNNEL_OPTIONS, SHAPE_WORD } from '#flowtable/flow-key.js';
import { TUNNEL_OPTIONS_WORD } from './flow-extract.js';
import { swap32 } from './packet/byte-order.js';

const DATA_WORD = OFF_TUN_OPTIONS / 4;

/** Takes away the options of a tunnel that the packet came by before. */
export function clearOptions(words: Int32Array, row: number): void {
  const shape = words[row + SHAPE_WORD]!;
  if ((shape & SHAPE_TUNNEL_OPTIONS) === 0) return;
  words.fill(0, row + TUNNEL_OPTIONS_WORD, row + DATAPATH_WORDS);
  words[row + SHAPE_WORD] = shape & ~SHAPE_TUNNEL_OPTIONS;
}

/** Puts options, a multiple of 4 bytes, into a row that has none. */
export function putOptions(words: Int32Array, row: number, options: Uint8Array): void {
  const size = options.length;
  if (size === 0) return;
  words[row + TUNNEL_OPTIONS_WORD] = swap32(size << 16);
  for (let at = 0, word = row + DATA_WORD; at < size; at += 4) {
    words[word++] = options[at]! | (options[at + 1]! << 8) | (options[at + 2]! << 16) | (options[at + 3]! << 24);
  }
  words[row + SHAPE_WORD] = words[row + SHAPE_WORD]! | SHAPE_TUNNEL_OPTIONS;
}

/** The options of a row, copied. */
export function takeOptions(words: Int32Array, row: number): Uint8Array {
  const size = swap32(words[row + TUNNEL_OPTIONS_WORD]!) >>> 16;
  return new Uint8Array(words.buffer, words.byteOffset + 4 * (row + DATA_WORD), size).slice();
}
