/**
 * From the bytes of a frame to the words of a flow key. // hot path
 *
 * Mirrors miniflow_extract() of lib/flow.c in OVS 3.1, down to which fields stay zero when a layer is short. Bytes of
 * any kind give a key and a code that says which layer was bad; nothing here throws or allocates.
 *
 * A key being made lies in a *packet row*: the datapath's words of the key, then where the layers of the frame begin.
 * Invariant: words beyond the first section are zero wherever SHAPE does not announce them, so clearing is cheap and a
 * masked lookup may read any word.
 *
 * Deliberately different: the original tuple of connection tracking is metadata that stays as it is, whatever the
 * family of the packet; OVS takes it over only where the families agree.
 */
import {
  BASE_WORDS,
  DATAPATH_WORDS,
  FlowKey,
  FRAG_ANY,
  FRAG_LATER,
  OFF_DP_HASH,
  OFF_PACKET_TYPE,
  OFF_TUN_ID,
  OFF_TUN_OPTIONS_PRESENT,
  SHAPE_ARP,
  SHAPE_IGMP,
  SHAPE_IPV6,
  SHAPE_META,
  SHAPE_MPLS,
  SHAPE_NSH,
  SHAPE_TUNNEL,
  SHAPE_TUNNEL_OPTIONS,
  SHAPE_VLAN1,
  SHAPE_WORD,
} from '#flowtable/flow-key.js';
import {
  EXTRACT_BAD_ARP,
  EXTRACT_BAD_IPV4,
  EXTRACT_BAD_IPV6,
  EXTRACT_OK,
  EXTRACT_TOO_SHORT,
} from './extract-result.js';
import { extractNsh } from './flow-extract-nsh.js';
import { extractTransport } from './flow-extract-transport.js';
import { swap32 } from './packet/byte-order.js';

/** Words of a packet row after the key: offsets from the start of the frame, -1 for a layer that is not there. */
export const L2_5_WORD = DATAPATH_WORDS;
export const L3_WORD = DATAPATH_WORDS + 1;
export const L4_WORD = DATAPATH_WORDS + 2;
/** Bytes of padding after the end of the IP packet. */
export const PAD_WORD = DATAPATH_WORDS + 3;
/** The packet type in a row: metadata that says what the frame begins with, 0 for Ethernet. */
export const PACKET_TYPE_WORD = OFF_PACKET_TYPE / 4;
export const ROW_WORDS = 160;

/** Tags that OVS looks at when nothing is configured (other_config:vlan-limit is 1; lib/flow.c begins with 2). */
export const MAX_VLAN_HEADERS = 2;

const SHAPE_METADATA = SHAPE_META | SHAPE_TUNNEL | SHAPE_TUNNEL_OPTIONS;
const SHAPE_PACKET = SHAPE_VLAN1 | SHAPE_MPLS | SHAPE_IPV6 | SHAPE_ARP | SHAPE_IGMP | SHAPE_NSH;
/** Word after the last that comes from the packet itself. */
const PACKET_END_WORD = OFF_DP_HASH / 4;

// EtherTypes and TPIDs as the two bytes stand in a little-endian word.
const LE_IP = 0x0008;
const LE_ARP = 0x0608;
const LE_RARP = 0x3580;
const LE_IPV6 = 0xdd86;
const LE_8021Q = 0x0081;
const LE_8021AD = 0xa888;
const LE_MPLS = 0x4788;
const LE_MPLS_MCAST = 0x4888;
const LE_NSH = 0x4f89;
const LE_NONE = 0xff05;
/** The presence bit of a TCI (0x1000) where a word holds TPID and TCI. */
const LE_VLAN_PRESENT = 0x0010_0000;

/** Begins a row for a frame that came in by a port: all metadata zero. portWord is the port in network order. */
export function resetMetadata(words: Int32Array, row: number, portWord: number): void {
  const shape = words[row + SHAPE_WORD]!;
  if ((shape & SHAPE_METADATA) !== 0) {
    words.fill(0, row + PACKET_END_WORD, row + DATAPATH_WORDS);
    words[row + SHAPE_WORD] = shape & SHAPE_PACKET;
  }
  words[row] = portWord;
  words[row + 1] = 0;
  words[row + 11] = 0;
  words[row + 12] = 0;
  words[row + 13] = 0;
  words[row + 14] = 0;
}

/**
 * Writes all fields that come from the frame at [start, start + length) of view into the row; metadata (port,
 * recirculation, tunnel, marks, connection, packet type) stays. Returns one of the EXTRACT_* codes.
 */
export function extractPacket(
  view: DataView,
  start: number,
  length: number,
  words: Int32Array,
  row: number,
  vlanLimit: number,
): number {
  const oldShape = words[row + SHAPE_WORD]!;
  if ((oldShape & SHAPE_PACKET) !== 0) words.fill(0, row + BASE_WORDS, row + PACKET_END_WORD);
  let shape = oldShape & SHAPE_METADATA;
  const packetType = words[row + PACKET_TYPE_WORD]!;
  words[row + 5] = 0;
  words[row + 6] = 0;
  words[row + 7] = 0;
  words[row + 8] = 0;
  words[row + 9] = 0;
  words[row + 10] = 0;
  words[row + SHAPE_WORD] = shape;
  words[row + L2_5_WORD] = -1;
  words[row + L3_WORD] = -1;
  words[row + L4_WORD] = -1;
  words[row + PAD_WORD] = 0;
  if (length < 14 || packetType !== 0) {
    words[row + 2] = 0;
    words[row + 3] = 0;
    words[row + 4] = 0;
    if (packetType === 0) return EXTRACT_TOO_SHORT;
    // No Ethernet header: the packet's type says what there is in place of one.
    words[row + 6] = packetType >>> 16;
    return extractNetwork(view, start, start, start + length, packetType >>> 16, words, row);
  }

  // Ethernet addresses and VLAN tags. `at` stands on the type.
  const end = start + length;
  words[row + 2] = view.getInt32(start, true);
  words[row + 3] = view.getInt32(start + 4, true);
  words[row + 4] = view.getInt32(start + 8, true);
  let at = start + 12;
  let type = view.getUint16(at, true);
  for (let n = 0; n < vlanLimit && (type === LE_8021Q || type === LE_8021AD) && end - at >= 6; n++) {
    words[row + (n === 0 ? 5 : BASE_WORDS)] = view.getInt32(at, true) | LE_VLAN_PRESENT;
    if (n === 1) shape |= SHAPE_VLAN1;
    at += 4;
    type = view.getUint16(at, true);
  }

  // The type, or what an LLC/SNAP header says in its place.
  at += 2;
  if (((type & 0xff) << 8) + (type >>> 8) < 0x600) {
    type = LE_NONE;
    const isSnap = end - at >= 8 && view.getUint16(at) === 0xaaaa && view.getUint32(at + 2) === 0x0300_0000;
    if (isSnap) {
      if (view.getUint16(at + 6) >= 0x600) type = view.getUint16(at + 6, true);
      // The SNAP header is pulled even where there is no type in it.
      at += 8;
    }
  }
  words[row + 6] = type;
  words[row + SHAPE_WORD] = shape;
  return extractNetwork(view, start, at, end, type, words, row);
}

/** What is behind the Ethernet header, of a packet of the type. `first` is where it begins. */
function extractNetwork(
  view: DataView,
  start: number,
  first: number,
  end: number,
  type: number,
  words: Int32Array,
  row: number,
): number {
  let at = first;
  if (type === LE_MPLS || type === LE_MPLS_MCAST) {
    words[row + L2_5_WORD] = at - start;
    let isBottom = false;
    for (let n = 0; !isBottom && end - at >= 4; n++) {
      if (n < 3) words[row + 17 + n] = view.getInt32(at, true);
      if (n === 0) words[row + SHAPE_WORD] = words[row + SHAPE_WORD]! | SHAPE_MPLS;
      isBottom = (view.getUint8(at + 2) & 1) !== 0;
      at += 4;
    }
  }

  words[row + L3_WORD] = at - start;
  if (type === LE_IP) return extractIpv4(view, start, at, end, words, row);
  if (type === LE_IPV6) return extractIpv6(view, start, at, end, words, row);
  if (type === LE_ARP || type === LE_RARP) return extractArp(view, at, end, words, row);
  if (type === LE_NSH) return extractNsh(view, at, end, words, row);
  return EXTRACT_OK;
}

function extractArp(view: DataView, at: number, end: number, words: Int32Array, row: number): number {
  const isEthernetIpv4 = end - at >= 28 && view.getUint32(at) === 0x0001_0800 && view.getUint16(at + 4) === 0x0604;
  if (!isEthernetIpv4) return EXTRACT_BAD_ARP;
  const opcode = view.getUint16(at + 6);
  // Only opcodes that fit in nw_proto's byte are kept.
  if (opcode <= 0xff) words[row + 6] = words[row + 6]! | (opcode << 24);
  words[row + 8] = view.getInt32(at + 14, true);
  words[row + 9] = view.getInt32(at + 24, true);
  const sha = view.getInt32(at + 8, true);
  const tha = view.getInt32(at + 20, true);
  const middle = view.getUint16(at + 12, true) | (view.getUint16(at + 18, true) << 16);
  if ((sha | tha | middle) !== 0) {
    words[row + 33] = sha;
    words[row + 34] = middle;
    words[row + 35] = tha;
    words[row + SHAPE_WORD] = words[row + SHAPE_WORD]! | SHAPE_ARP;
  }
  return EXTRACT_OK;
}

function extractIpv4(view: DataView, start: number, at: number, end: number, words: Int32Array, row: number): number {
  const size = end - at;
  if (size < 20) return EXTRACT_BAD_IPV4;
  const headerSize = (view.getUint8(at) & 0x0f) * 4;
  const totalSize = view.getUint16(at + 2);
  // As OVS, the version nibble is not judged.
  if (headerSize < 20 || size < headerSize || totalSize > size || headerSize > totalSize || size - totalSize > 0xffff) {
    return EXTRACT_BAD_IPV4;
  }
  words[row + PAD_WORD] = size - totalSize;
  const fragment = view.getUint16(at + 6);
  let frag = 0;
  if ((fragment & 0x3fff) !== 0) frag = (fragment & 0x1fff) !== 0 ? FRAG_ANY | FRAG_LATER : FRAG_ANY;
  const protocol = view.getUint8(at + 9);
  words[row + 6] = words[row + 6]! | (frag << 16) | (protocol << 24);
  words[row + 7] = view.getUint8(at + 1) | (view.getUint8(at + 8) << 8);
  words[row + 8] = view.getInt32(at + 12, true);
  words[row + 9] = view.getInt32(at + 16, true);
  const transport = at + headerSize;
  words[row + L4_WORD] = transport - start;
  if ((frag & FRAG_LATER) !== 0) return EXTRACT_OK;
  return extractTransport(view, transport, totalSize - headerSize, protocol, words, row);
}

function extractIpv6(view: DataView, start: number, ip: number, end: number, words: Int32Array, row: number): number {
  let size = end - ip;
  if (size < 40) return EXTRACT_BAD_IPV6;
  const payloadSize = view.getUint16(ip + 4);
  if (payloadSize + 40 > size || size - payloadSize - 40 > 0xffff) return EXTRACT_BAD_IPV6;
  words[row + PAD_WORD] = size - payloadSize - 40;
  for (let i = 0; i < 8; i++) words[row + 20 + i] = view.getInt32(ip + 8 + 4 * i, true);
  words[row + SHAPE_WORD] = words[row + SHAPE_WORD]! | SHAPE_IPV6;

  let at = ip + 40;
  size = payloadSize;
  let protocol = view.getUint8(ip + 6);
  let frag = 0;
  while (protocol === 0 || protocol === 43 || protocol === 44 || protocol === 51 || protocol === 60) {
    if (size < 8) return EXTRACT_BAD_IPV6;
    const next = view.getUint8(at);
    const lengthByte = view.getUint8(at + 1);
    const headerSize = protocol === 44 ? 8 : protocol === 51 ? (lengthByte + 2) * 4 : (lengthByte + 1) * 8;
    if (size < headerSize) return EXTRACT_BAD_IPV6;
    if (protocol === 44) {
      const field = view.getUint16(at + 2);
      if (field !== 0) {
        frag = FRAG_ANY;
        if ((field & 0xfff8) !== 0) {
          frag |= FRAG_LATER;
          at += 8;
          size -= 8;
          break;
        }
      }
    }
    protocol = next;
    at += headerSize;
    size -= headerSize;
  }
  const first = view.getUint32(ip);
  words[row + 6] = words[row + 6]! | (frag << 16) | (protocol << 24);
  words[row + 7] = ((first >>> 20) & 0xff) | (view.getUint8(ip + 7) << 8);
  words[row + 28] = swap32(first & 0xfffff);
  words[row + L4_WORD] = at - start;
  if ((frag & FRAG_LATER) !== 0) return EXTRACT_OK;
  return extractTransport(view, at, size, protocol, words, row);
}

const scratchRow = new Int32Array(ROW_WORDS);

/**
 * The key of a frame, for all work off the hot path. Metadata comes from `metadata`, or is zero. A frame too short for
 * a key gives one whose packet fields are zero.
 */
export function extractFlow(frame: Uint8Array, metadata?: FlowKey, vlanLimit = MAX_VLAN_HEADERS): FlowKey {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  scratchRow.fill(0);
  if (metadata !== undefined) loadMetadata(scratchRow, 0, metadata);
  extractPacket(view, 0, frame.length, scratchRow, 0, vlanLimit);
  const key = new FlowKey();
  key.words.set(scratchRow.subarray(0, DATAPATH_WORDS));
  if (metadata !== undefined) key.optionPlaces = metadata.optionPlaces;
  return key;
}

/** Where the transport header of a frame lies, for all work off the hot path. */
export interface TransportPlace {
  /** Offsets in the frame of the network and the transport header, -1 for one that is not there. */
  readonly network: number;
  readonly offset: number;
  /** Bytes from there to the end of the IP packet. */
  readonly size: number;
}

export function transportPlace(frame: Uint8Array, vlanLimit = MAX_VLAN_HEADERS): TransportPlace {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  scratchRow.fill(0);
  extractPacket(view, 0, frame.length, scratchRow, 0, vlanLimit);
  const offset = scratchRow[L4_WORD]!;
  const size = offset < 0 ? 0 : frame.length - scratchRow[PAD_WORD]! - offset;
  return { network: scratchRow[L3_WORD]!, offset, size };
}

/** Puts the metadata of a key (port, recirculation, tunnel, marks, connection) into a row. */
export function loadMetadata(words: Int32Array, row: number, key: FlowKey): void {
  const from = key.words;
  resetMetadata(words, row, from[0]!);
  words[row + 1] = from[1]!;
  for (let i = 11; i < SHAPE_WORD; i++) words[row + i] = from[i]!;
  let meta = 0;
  let tunnel = 0;
  let options = 0;
  for (let i = PACKET_END_WORD; i < TUNNEL_WORD; i++) meta |= words[row + i] = from[i]!;
  for (let i = TUNNEL_WORD; i < TUNNEL_OPTIONS_WORD; i++) tunnel |= words[row + i] = from[i]!;
  for (let i = TUNNEL_OPTIONS_WORD; i < DATAPATH_WORDS; i++) options |= words[row + i] = from[i]!;
  const shape =
    (meta !== 0 ? SHAPE_META : 0) | (tunnel !== 0 ? SHAPE_TUNNEL : 0) | (options !== 0 ? SHAPE_TUNNEL_OPTIONS : 0);
  words[row + SHAPE_WORD] = words[row + SHAPE_WORD]! | shape;
}

/** First word of the tunnel section of a key. */
export const TUNNEL_WORD = OFF_TUN_ID / 4;
export const TUNNEL_OPTIONS_WORD = OFF_TUN_OPTIONS_PRESENT / 4;
