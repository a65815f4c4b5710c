/**
 * The transport part of key extraction: ports, ICMP types, TCP flags, neighbour discovery, IGMP. // hot path
 *
 * Mirrors the last part of miniflow_extract() of lib/flow.c: ICMP type and code stand as 16-bit numbers where ports
 * do; the type of the first neighbour discovery option stands in tcp_flags and the message's flags in igmp_group, as
 * in OVS. A header that is short leaves its fields zero.
 */
import { SHAPE_ARP, SHAPE_IGMP, SHAPE_WORD } from '#flowtable/flow-key.js';
import { EXTRACT_BAD_TRANSPORT as BAD_TRANSPORT, EXTRACT_OK as OK } from './extract-result.js';

/** Extracts from the `size` bytes at `at`. Returns EXTRACT_OK or EXTRACT_BAD_TRANSPORT. */
export function extractTransport(
  view: DataView,
  at: number,
  size: number,
  protocol: number,
  words: Int32Array,
  row: number,
): number {
  switch (protocol) {
    case 6: {
      if (size < 20) return BAD_TRANSPORT;
      const control = view.getUint16(at + 12);
      const headerSize = (control >>> 12) * 4;
      if (headerSize < 20 || size < headerSize) return BAD_TRANSPORT;
      words[row + 7] = words[row + 7]! | ((control & 0x0f00) << 8) | (control << 24);
      words[row + 10] = view.getInt32(at, true);
      return OK;
    }
    case 17:
      if (size < 8) return BAD_TRANSPORT;
      words[row + 10] = view.getInt32(at, true);
      return OK;
    case 132:
      if (size < 12) return BAD_TRANSPORT;
      words[row + 10] = view.getInt32(at, true);
      return OK;
    case 1:
      if (size < 8) return BAD_TRANSPORT;
      words[row + 10] = typeAndCode(view, at);
      return OK;
    case 2: {
      if (size < 8) return BAD_TRANSPORT;
      words[row + 10] = typeAndCode(view, at);
      setGroup(words, row, view.getInt32(at + 4, true));
      return OK;
    }
    case 58:
      if (size < 8) return BAD_TRANSPORT;
      words[row + 10] = typeAndCode(view, at);
      return isNeighborMessage(view, at) ? extractNeighbor(view, at, size, words, row) : OK;
    default:
      return OK;
  }
}

function typeAndCode(view: DataView, at: number): number {
  return (view.getUint8(at) << 8) | (view.getUint8(at + 1) << 24);
}

function setGroup(words: Int32Array, row: number, group: number): void {
  if (group === 0) return;
  words[row + 36] = group;
  words[row + SHAPE_WORD] = words[row + SHAPE_WORD]! | SHAPE_IGMP;
}

/** A neighbour solicitation (135) or advertisement (136) with code 0. */
function isNeighborMessage(view: DataView, at: number): boolean {
  const type = view.getUint8(at);
  return view.getUint8(at + 1) === 0 && (type === 135 || type === 136);
}

function extractNeighbor(view: DataView, at: number, size: number, words: Int32Array, row: number): number {
  setGroup(words, row, view.getInt32(at + 4, true));
  if (size < 24) return BAD_TRANSPORT;
  let sourceHigh = 0;
  let sourceLow = 0;
  let targetLow = 0;
  let targetHigh = 0;
  let firstOption = 0;
  let result = OK;
  let option = at + 24;
  let left = size - 24;
  while (left >= 8) {
    const type = view.getUint8(option);
    const optionSize = view.getUint8(option + 1) * 8;
    if (optionSize === 0 || optionSize > left) {
      result = BAD_TRANSPORT;
      break;
    }
    if (optionSize === 8 && (type === 1 || type === 2)) {
      const isTaken = type === 1 ? (sourceHigh | sourceLow) !== 0 : (targetHigh | targetLow) !== 0;
      // The same address given twice is an error: the key then has neither the target nor any address.
      if (isTaken) {
        setOptionType(words, row, firstOption);
        return BAD_TRANSPORT;
      }
      if (type === 1) {
        sourceHigh = view.getInt32(option + 2, true);
        sourceLow = view.getUint16(option + 6, true);
      } else {
        targetHigh = view.getUint16(option + 2, true);
        targetLow = view.getInt32(option + 4, true);
      }
      if (firstOption === 0) firstOption = type;
    }
    option += optionSize;
    left -= optionSize;
  }
  for (let i = 0; i < 4; i++) words[row + 29 + i] = view.getInt32(at + 8 + 4 * i, true);
  if ((sourceHigh | sourceLow | targetHigh | targetLow) !== 0) {
    words[row + 33] = sourceHigh;
    words[row + 34] = sourceLow | (targetHigh << 16);
    words[row + 35] = targetLow;
    words[row + SHAPE_WORD] = words[row + SHAPE_WORD]! | SHAPE_ARP;
  }
  setOptionType(words, row, firstOption);
  return result;
}

function setOptionType(words: Int32Array, row: number, type: number): void {
  if (type !== 0) words[row + 7] = words[row + 7]! | (type << 24);
}
