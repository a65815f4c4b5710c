/**
 * The fields of a flow key that connection tracking writes: state, zone, mark, label and the original tuple.
 *
 * Mirrors write_ct_md() of lib/conntrack.c. A key is given by its words and the row where it begins, so that the key of
 * a packet in a pool and a FlowKey (row 0) serve alike.
 *
 * Invariant: after writing, the SHAPE word announces the section that holds these fields if anything in it is set. The
 * original tuple is of one family; the fields of the other are zero.
 */
import {
  OFF_CT_IPV6_DST,
  OFF_CT_IPV6_SRC,
  OFF_CT_LABEL,
  OFF_CT_MARK,
  OFF_CT_NW_PROTO,
  OFF_CT_NW_SRC,
  OFF_CT_TP_SRC,
  OFF_DP_HASH,
  OFF_TUN_ID,
  SHAPE_META,
  SHAPE_WORD,
} from '#flowtable/flow-key.js';
import { swap32 } from '../packet/byte-order.js';
import { IP_PROTO_ICMP, IP_PROTO_ICMPV6 } from '../packet/ipv4.js';
import {
  type ConnectionKey,
  ETH_TYPE_IPV4,
  etherTypeOf,
  icmpEndpoint,
  KEY_DST,
  KEY_DST_ENDPOINT,
  KEY_PROTOCOL,
  KEY_SRC,
  KEY_SRC_ENDPOINT,
  setTypeAndZone,
} from './connection-key.js';
import { reverseIcmpType, reverseIcmpv6Type } from './icmp-types.js';

/** Where a flow key lies. */
export interface KeyRow {
  readonly words: Int32Array;
  /** First word of the key; 0 when absent. */
  readonly row?: number;
}

const STATE_WORD = 11;
const META_WORD = OFF_DP_HASH / 4;
const MARK_WORD = OFF_CT_MARK / 4;
const LABEL_WORD = OFF_CT_LABEL / 4;
const TUPLE_NW_SRC_WORD = OFF_CT_NW_SRC / 4;
const TUPLE_IPV6_SRC_WORD = OFF_CT_IPV6_SRC / 4;
const TUPLE_IPV6_DST_WORD = OFF_CT_IPV6_DST / 4;
const TUPLE_PORTS_WORD = OFF_CT_TP_SRC / 4;
const TUPLE_PROTOCOL_WORD = OFF_CT_NW_PROTO / 4;
const META_END_WORD = OFF_TUN_ID / 4;
const PROTOCOL_WORD = 6;
const PORTS_WORD = 10;

const swap16 = (value: number): number => ((value & 0xff) << 8) | ((value >>> 8) & 0xff);

/** The EtherType of the packet, in host order. */
export function readEtherType(words: Int32Array, row: number): number {
  return swap16(words[row + PROTOCOL_WORD]! & 0xffff);
}

/** The source and destination port of the key as it was when the packet was extracted. */
export function readDestinationPort(words: Int32Array, row: number): number {
  return swap16(words[row + PORTS_WORD]! >>> 16);
}

export function readCtState(words: Int32Array, row: number): number {
  return (words[row + STATE_WORD]! >>> 8) & 0xff;
}

export function readCtZone(words: Int32Array, row: number): number {
  return swap16(words[row + STATE_WORD]! >>> 16);
}

export function writeCtStateAndZone(words: Int32Array, row: number, state: number, zone: number): void {
  words[row + STATE_WORD] = (state << 8) | (swap16(zone) << 16);
}

export function readCtMark(words: Int32Array, row: number): number {
  return swap32(words[row + MARK_WORD]!) >>> 0;
}

export function writeCtMark(words: Int32Array, row: number, mark: number): void {
  words[row + MARK_WORD] = swap32(mark);
}

/** The label as four raw words of the key. */
export function readCtLabel(words: Int32Array, row: number, label: Int32Array): void {
  for (let i = 0; i < 4; i++) label[i] = words[row + LABEL_WORD + i]!;
}

export function writeCtLabel(words: Int32Array, row: number, label: Int32Array): void {
  for (let i = 0; i < 4; i++) words[row + LABEL_WORD + i] = label[i]!;
}

export function clearCtMarkAndLabel(words: Int32Array, row: number): void {
  words.fill(0, row + MARK_WORD, row + TUPLE_NW_SRC_WORD);
}

/** Writes the original tuple; null makes it zero. */
export function writeOriginalTuple(words: Int32Array, row: number, key: ConnectionKey | null): void {
  words.fill(0, row + TUPLE_NW_SRC_WORD, row + META_END_WORD);
  if (key === null) return;
  const protocol = key[KEY_PROTOCOL]!;
  const isIpv4 = etherTypeOf(key) === ETH_TYPE_IPV4;
  if (isIpv4) {
    words[row + TUPLE_NW_SRC_WORD] = swap32(key[KEY_SRC]!);
    words[row + TUPLE_NW_SRC_WORD + 1] = swap32(key[KEY_DST]!);
  } else {
    for (let i = 0; i < 4; i++) {
      words[row + TUPLE_IPV6_SRC_WORD + i] = swap32(key[KEY_SRC + i]!);
      words[row + TUPLE_IPV6_DST_WORD + i] = swap32(key[KEY_DST + i]!);
    }
  }
  const source = key[KEY_SRC_ENDPOINT]!;
  const isIcmp = protocol === (isIpv4 ? IP_PROTO_ICMP : IP_PROTO_ICMPV6);
  const first = isIcmp ? (source >>> 8) & 0xff : source >>> 16;
  const second = isIcmp ? source & 0xff : key[KEY_DST_ENDPOINT]! >>> 16;
  words[row + TUPLE_PORTS_WORD] = swap16(first) | (swap16(second) << 16);
  words[row + TUPLE_PROTOCOL_WORD] = protocol;
}

/**
 * Makes `key` that of the connection whose original tuple stands in the flow key; `like` is the key of the packet, from
 * which come the family and the identifier of ICMP. False when there is no tuple.
 */
export function readOriginalTuple(words: Int32Array, row: number, like: ConnectionKey, key: ConnectionKey): boolean {
  const protocol = words[row + TUPLE_PROTOCOL_WORD]! & 0xff;
  if (protocol === 0) return false;
  key.fill(0);
  const etherType = etherTypeOf(like);
  const isIpv4 = etherType === ETH_TYPE_IPV4;
  setTypeAndZone(key, etherType, readCtZone(words, row));
  key[KEY_PROTOCOL] = protocol;
  if (isIpv4) {
    key[KEY_SRC] = swap32(words[row + TUPLE_NW_SRC_WORD]!);
    key[KEY_DST] = swap32(words[row + TUPLE_NW_SRC_WORD + 1]!);
  } else {
    for (let i = 0; i < 4; i++) {
      key[KEY_SRC + i] = swap32(words[row + TUPLE_IPV6_SRC_WORD + i]!);
      key[KEY_DST + i] = swap32(words[row + TUPLE_IPV6_DST_WORD + i]!);
    }
  }
  const source = swap16(words[row + TUPLE_PORTS_WORD]!);
  if (like[KEY_PROTOCOL] !== (isIpv4 ? IP_PROTO_ICMP : IP_PROTO_ICMPV6)) {
    key[KEY_SRC_ENDPOINT] = source << 16;
    key[KEY_DST_ENDPOINT] = swap16(words[row + TUPLE_PORTS_WORD]! >>> 16) << 16;
    return true;
  }
  const type = source & 0xff;
  const reverse = isIpv4 ? reverseIcmpType(type) : reverseIcmpv6Type(type);
  if (reverse < 0) return false;
  key[KEY_SRC_ENDPOINT] = icmpEndpoint(like[KEY_SRC_ENDPOINT]! >>> 16, type, 0);
  key[KEY_DST_ENDPOINT] = icmpEndpoint(like[KEY_DST_ENDPOINT]! >>> 16, reverse, 0);
  return true;
}

/** Everything that connection tracking has written becomes zero: what ct_clear does. */
export function clearCtMetadata(words: Int32Array, row: number): void {
  words[row + STATE_WORD] = 0;
  words.fill(0, row + MARK_WORD, row + META_END_WORD);
  updateMetaShape(words, row);
}

/** Copies everything that connection tracking has written from one key to another. */
export function copyCtMetadata(from: Int32Array, fromRow: number, to: Int32Array, toRow: number): void {
  to[toRow + STATE_WORD] = from[fromRow + STATE_WORD]!;
  for (let i = MARK_WORD; i < META_END_WORD; i++) to[toRow + i] = from[fromRow + i]!;
  updateMetaShape(to, toRow);
}

/** Sets or clears the SHAPE bit of the section. */
export function updateMetaShape(words: Int32Array, row: number): void {
  let any = 0;
  for (let i = META_WORD; i < META_END_WORD; i++) any |= words[row + i]!;
  const shape = words[row + SHAPE_WORD]! & ~SHAPE_META;
  words[row + SHAPE_WORD] = any === 0 ? shape : shape | SHAPE_META;
}
