/**
 * The key of a plain IPv6 frame: TCP or UDP directly behind the IPv6 header, untagged or with one tag. // hot path
 *
 * A part of the fast path: extraction without what such a frame cannot have. Returns false for any other frame, which
 * then goes the reference way (flow-extract.ts).
 */
import { SHAPE_IPV6, SHAPE_WORD } from '#flowtable/flow-key.js';
import { swap32 } from './packet/byte-order.js';

const IPV6_HEADER_SIZE = 40;
const LE_IPV6 = 0xdd86;

/**
 * Writes the packet's words of the key into row, which holds nothing but keys of such frames. `ip` is where the IPv6
 * header begins, `end` where the frame ends.
 */
export function extractPlainIpv6(
  view: DataView,
  start: number,
  ip: number,
  end: number,
  portWord: number,
  tag: number,
  row: Int32Array,
): boolean {
  const size = end - ip;
  if (size < IPV6_HEADER_SIZE + 8) return false;
  const payloadSize = view.getUint16(ip + 4);
  const extra = size - IPV6_HEADER_SIZE - payloadSize;
  if (extra < 0 || extra > 0xffff) return false;
  const protocol = view.getUint8(ip + 6);
  let flags = 0;
  if (protocol === 6) {
    if (payloadSize < 20) return false;
    const control = view.getUint16(ip + IPV6_HEADER_SIZE + 12, true);
    const headerSize = ((control >>> 4) & 0x0f) * 4;
    if (headerSize < 20 || headerSize > payloadSize) return false;
    flags = (control & 0xff0f) << 16;
  } else if (protocol !== 17 || payloadSize < 8) return false;
  const first = view.getInt32(ip);
  row[0] = portWord;
  row[2] = view.getInt32(start, true);
  row[3] = view.getInt32(start + 4, true);
  row[4] = view.getInt32(start + 8, true);
  row[5] = tag;
  row[6] = LE_IPV6 | (protocol << 24);
  row[7] = ((first >>> 20) & 0xff) | (view.getUint8(ip + 7) << 8) | flags;
  row[10] = view.getInt32(ip + IPV6_HEADER_SIZE, true);
  row[SHAPE_WORD] = SHAPE_IPV6;
  row[20] = view.getInt32(ip + 8, true);
  row[21] = view.getInt32(ip + 12, true);
  row[22] = view.getInt32(ip + 16, true);
  row[23] = view.getInt32(ip + 20, true);
  row[24] = view.getInt32(ip + 24, true);
  row[25] = view.getInt32(ip + 28, true);
  row[26] = view.getInt32(ip + 32, true);
  row[27] = view.getInt32(ip + 36, true);
  row[28] = swap32(first & 0xfffff);
  return true;
}
