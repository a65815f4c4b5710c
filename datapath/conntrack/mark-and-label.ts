/**
 * ct(commit, exec(set_field:…->ct_mark, …->ct_label)): the mark and the label of a connection and of its packet.
 *
 * Mirrors set_mark() and set_label() of lib/conntrack.c. A connection that another one announced keeps its parent's.
 */
import type { Connection } from './connection.js';
import { readCtLabel, readCtMark, writeCtLabel, writeCtMark } from './ct-metadata.js';
import type { CtLabel, CtMark } from './ct-request.js';

const scratch = new Int32Array(4);
const scratchBytes = new Uint8Array(scratch.buffer);

/** Changes both as asked, and writes both into the key at words[row]. */
export function setMarkAndLabel(
  connection: Connection,
  mark: CtMark | null,
  label: CtLabel | null,
  words: Int32Array,
  row: number,
): void {
  if (connection.parent !== null) return;
  if (mark !== null) {
    connection.mark = (mark.value | (readCtMark(words, row) & ~mark.mask)) >>> 0;
    writeCtMark(words, row, connection.mark);
  }
  if (label === null) return;
  readCtLabel(words, row, scratch);
  for (let i = 0; i < 16; i++) scratchBytes[i] = label.value[i]! | (scratchBytes[i]! & ~label.mask[i]!);
  connection.label.set(scratch);
  writeCtLabel(words, row, connection.label);
}
