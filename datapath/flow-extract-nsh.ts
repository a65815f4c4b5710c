/**
 * The network service header (RFC 8300) as words of a flow key. // hot path
 *
 * Mirrors parse_nsh() of lib/flow.c: a header of another version, or longer than the packet, leaves the key without it;
 * variable-length context is passed over.
 */
import { OFF_NSH_FLAGS, SHAPE_NSH, SHAPE_WORD } from '#flowtable/flow-key.js';
import { EXTRACT_BAD_NSH, EXTRACT_OK } from './extract-result.js';
import { NSH_BASE_SIZE, NSH_MD1_SIZE, NSH_MD_TYPE_1, NSH_MD_TYPE_2 } from './packet/nsh.js';

/** First word of the section: flags, TTL, MD type, next protocol; then the service path and four words of context. */
const NSH_WORD = OFF_NSH_FLAGS / 4;

export function extractNsh(view: DataView, at: number, end: number, words: Int32Array, row: number): number {
  const available = end - at;
  if (available < NSH_BASE_SIZE) return EXTRACT_BAD_NSH;
  const first = view.getUint16(at);
  const size = (first & 0x3f) * 4;
  const mdType = view.getUint8(at + 2);
  const isSizeRight =
    mdType === NSH_MD_TYPE_1 ? size === NSH_MD1_SIZE : mdType !== NSH_MD_TYPE_2 || size >= NSH_BASE_SIZE;
  if (size > available || first >>> 14 !== 0 || !isSizeRight) return EXTRACT_BAD_NSH;
  const word = row + NSH_WORD;
  // Two flags, six bits of TTL, then two bytes as they are.
  words[word] = ((first >>> 12) & 3) | (((first >>> 6) & 0x3f) << 8) | (view.getUint16(at + 2, true) << 16);
  words[word + 1] = view.getInt32(at + 4, true);
  if (mdType === NSH_MD_TYPE_1) {
    for (let i = 0; i < 4; i++) words[word + 2 + i] = view.getInt32(at + NSH_BASE_SIZE + 4 * i, true);
  }
  if ((words[word]! | words[word + 1]!) !== 0) words[row + SHAPE_WORD] = words[row + SHAPE_WORD]! | SHAPE_NSH;
  return EXTRACT_OK;
}
