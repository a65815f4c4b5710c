/**
 * The sets of fields that multipath and bundle hash, and which bits of a packet the hash depends on.
 * Mirrors flow_hash_fields() and flow_mask_hash_fields() (lib/flow.c): the same numbers as OVS on a little-endian
 * machine.
 */
import {
  FRAG_ANY,
  FRAG_LATER,
  type FlowKey,
  OFF_ETH_DST,
  OFF_ETH_SRC,
  OFF_ETH_TYPE,
  OFF_IPV6_DST,
  OFF_IPV6_SRC,
  OFF_NW_DST,
  OFF_NW_FRAG,
  OFF_NW_PROTO,
  OFF_NW_SRC,
  OFF_PACKET_TYPE,
  OFF_TP_DST,
  OFF_TP_SRC,
  OFF_VLAN_TCI,
  OFF_VLAN1_TCI,
  VLAN_CFI,
  VLAN_VID_MASK,
} from '#flowtable/flow-key.js';
import { setExact } from '#flowtable/flow-mask.js';
import { hashAdd, hashFinish } from '#flowtable/murmur-hash.js';
import { jhashBytes } from './jhash.js';

export type HashFields =
  | 'eth_src'
  | 'symmetric_l4'
  | 'symmetric_l3l4'
  | 'symmetric_l3l4+udp'
  | 'nw_src'
  | 'nw_dst'
  | 'symmetric_l3';

/** In the order of their numbers (enum nx_hash_fields). */
export const HASH_FIELDS: readonly HashFields[] = [
  'eth_src',
  'symmetric_l4',
  'symmetric_l3l4',
  'symmetric_l3l4+udp',
  'nw_src',
  'nw_dst',
  'symmetric_l3',
];

/** In any case of letters; undefined for other words. */
export function parseHashFields(text: string): HashFields | undefined {
  return HASH_FIELDS.find((name) => name === text.toLowerCase());
}

const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;
const TCP = 6;
const UDP = 17;
const SCTP = 132;

const isIpv4 = (key: FlowKey): boolean => key.u16(OFF_ETH_TYPE) === ETH_P_IP;
const isIpv6 = (key: FlowKey): boolean => key.u16(OFF_ETH_TYPE) === ETH_P_IPV6;
const isFragment = (key: FlowKey): boolean => (key.u8(OFF_NW_FRAG) & (FRAG_ANY | FRAG_LATER)) !== 0;
const bytesOf = (key: FlowKey, offset: number, size: number): Uint8Array => key.bytes.subarray(offset, offset + size);

/** Bytes of two places XORed: the same for both directions of a flow. */
function symmetric(key: FlowKey, a: number, b: number, size: number): Uint8Array {
  const result = new Uint8Array(size);
  for (let i = 0; i < size; i++) result[i] = key.bytes[a + i]! ^ key.bytes[b + i]!;
  return result;
}

/** The bytes as a little-endian word. */
function littleEndian(bytes: Uint8Array, at = 0, size = 4): number {
  let value = 0;
  for (let i = size - 1; i >= 0; i--) value = (value << 8) | bytes[at + i]!;
  return value;
}

const vlanIds = (key: FlowKey): number => (key.u16(OFF_VLAN_TCI) ^ key.u16(OFF_VLAN1_TCI)) & VLAN_VID_MASK;

/** The addresses, IPv4's in the first four of sixteen bytes. */
function symmetricAddresses(key: FlowKey): Uint8Array {
  const addresses = new Uint8Array(16);
  if (isIpv4(key)) addresses.set(symmetric(key, OFF_NW_SRC, OFF_NW_DST, 4));
  else if (isIpv6(key)) addresses.set(symmetric(key, OFF_IPV6_SRC, OFF_IPV6_DST, 16));
  return addresses;
}

function hashSymmetricL2(key: FlowKey, basis: number): number {
  if (key.u32(OFF_PACKET_TYPE) !== 0) return 0;
  const bytes = new Uint8Array(12);
  bytes.set(bytesOf(key, OFF_ETH_TYPE, 2), 0);
  bytes[2] = vlanIds(key) >> 8;
  bytes[3] = vlanIds(key) & 0xff;
  bytes.set(symmetric(key, OFF_ETH_SRC, OFF_ETH_DST, 6), 4);
  let hash = basis;
  for (let at = 0; at < 12; at += 4) hash = hashAdd(hash, littleEndian(bytes, at));
  return hashFinish(hash, basis);
}

/** UDP's ports are left out: they need not be the same in both directions. */
function hashSymmetricL4(key: FlowKey, basis: number): number {
  const bytes = new Uint8Array(32);
  bytes.set(symmetricAddresses(key), 0);
  bytes.set(bytesOf(key, OFF_ETH_TYPE, 2), 16);
  bytes[18] = vlanIds(key) >> 8;
  bytes[19] = vlanIds(key) & 0xff;
  if (isIpv4(key) || isIpv6(key)) {
    const proto = key.u8(OFF_NW_PROTO);
    if (proto === TCP || proto === SCTP) bytes.set(symmetric(key, OFF_TP_SRC, OFF_TP_DST, 2), 20);
    bytes[28] = proto;
  }
  bytes.set(symmetric(key, OFF_ETH_SRC, OFF_ETH_DST, 6), 22);
  return jhashBytes(bytes, basis);
}

function hashSymmetricL3l4(key: FlowKey, basis: number, withUdp: boolean): number {
  if (!isIpv4(key) && !isIpv6(key)) return hashSymmetricL2(key, basis);
  let hash = basis;
  const addresses = symmetricAddresses(key);
  for (let at = 0; at < (isIpv4(key) ? 4 : 16); at += 4) hash = hashAdd(hash, littleEndian(addresses, at));
  const proto = key.u8(OFF_NW_PROTO);
  hash = hashAdd(hash, proto);
  if (!isFragment(key) && (proto === TCP || proto === SCTP || (withUdp && proto === UDP))) {
    hash = hashAdd(hash, littleEndian(symmetric(key, OFF_TP_SRC, OFF_TP_DST, 2), 0, 2));
  }
  return hashFinish(hash, basis);
}

function hashSymmetricL3(key: FlowKey, basis: number): number {
  const bytes = new Uint8Array(20);
  bytes.set(symmetricAddresses(key), 0);
  bytes.set(bytesOf(key, OFF_ETH_TYPE, 2), 16);
  return jhashBytes(bytes, basis);
}

function hashAddress(key: FlowKey, ipv4: number, ipv6: number, basis: number): number {
  if (isIpv4(key)) return jhashBytes(bytesOf(key, ipv4, 4), basis);
  return isIpv6(key) ? jhashBytes(bytesOf(key, ipv6, 16), basis) : basis;
}

/** The hash of the packet's fields; the basis has 16 bits. */
export function hashFieldsOf(key: FlowKey, fields: HashFields, basis: number): number {
  switch (fields) {
    case 'eth_src':
      return jhashBytes(bytesOf(key, OFF_ETH_SRC, 6), basis);
    case 'symmetric_l4':
      return hashSymmetricL4(key, basis);
    case 'symmetric_l3l4':
      return hashSymmetricL3l4(key, basis, false);
    case 'symmetric_l3l4+udp':
      return hashSymmetricL3l4(key, basis, true);
    case 'nw_src':
      return hashAddress(key, OFF_NW_SRC, OFF_IPV6_SRC, basis);
    case 'nw_dst':
      return hashAddress(key, OFF_NW_DST, OFF_IPV6_DST, basis);
    case 'symmetric_l3':
      return hashSymmetricL3(key, basis);
  }
}

/** Adds the fields that the packet has of the set to a wildcard mask. */
export function maskHashFields(key: FlowKey, wc: FlowKey, fields: HashFields): void {
  const proto = key.u8(OFF_NW_PROTO);
  const isIp = isIpv4(key) || isIpv6(key);
  const maskSource = (): void => maskAddress(key, wc, OFF_NW_SRC, OFF_IPV6_SRC);
  const maskDestination = (): void => maskAddress(key, wc, OFF_NW_DST, OFF_IPV6_DST);
  switch (fields) {
    case 'eth_src':
      setExact(wc, OFF_ETH_SRC, 6);
      return;
    case 'symmetric_l4':
      setExact(wc, OFF_ETH_SRC, 6);
      setExact(wc, OFF_ETH_DST, 6);
      maskSource();
      maskDestination();
      if (isIp) {
        setExact(wc, OFF_NW_PROTO, 1);
        if (proto !== UDP) maskPorts(key, wc);
      }
      for (const offset of [OFF_VLAN_TCI, OFF_VLAN1_TCI]) {
        wc.setU16(offset, wc.u16(offset) | VLAN_VID_MASK | VLAN_CFI);
      }
      return;
    case 'symmetric_l3l4':
    case 'symmetric_l3l4+udp': {
      if (!isIp) return;
      maskSource();
      maskDestination();
      setExact(wc, OFF_NW_PROTO, 1);
      const countsPorts = proto === TCP || proto === SCTP || (proto === UDP && fields === 'symmetric_l3l4+udp');
      if (countsPorts && !isFragment(key)) setExact(wc, OFF_TP_SRC, 4);
      return;
    }
    case 'nw_src':
      maskSource();
      return;
    case 'nw_dst':
      maskDestination();
      return;
    case 'symmetric_l3':
      maskSource();
      maskDestination();
      return;
  }
}

function maskAddress(key: FlowKey, wc: FlowKey, ipv4: number, ipv6: number): void {
  if (isIpv4(key)) setExact(wc, ipv4, 4);
  else if (isIpv6(key)) setExact(wc, ipv6, 16);
}

const ICMP = 1;

/** Transport ports, or ICMP's type and code (flow_unwildcard_tp_ports). */
function maskPorts(key: FlowKey, wc: FlowKey): void {
  if (key.u8(OFF_NW_PROTO) !== ICMP) {
    setExact(wc, OFF_TP_SRC, 4);
  } else {
    wc.setU16(OFF_TP_SRC, 0xff);
    wc.setU16(OFF_TP_DST, 0xff);
  }
}
