/**
 * A match: a key and the bits of it that count. Bits outside the mask are zero in the key.
 * Mirrors `struct match` (include/openvswitch/match.h).
 */
import {
  FRAG_LATER,
  FlowKey,
  KEY_WORDS,
  OFF_ETH_TYPE,
  OFF_NW_FRAG,
  OFF_NW_PROTO,
  OFF_PACKET_TYPE,
  OFF_TP_DST,
  OFF_TP_SRC,
  OFF_VLAN_TCI,
  PT_ETH,
  VLAN_CFI,
} from './flow-key.js';
import { FIELD_BY_NAME, type Field, type Prerequisite, readField, writeField } from './fields.js';
import { applyMask, equalInMask, hasExtraBits } from './flow-mask.js';

export class Match {
  readonly key: FlowKey;
  readonly mask: FlowKey;

  constructor(key: FlowKey = new FlowKey(), mask: FlowKey = new FlowKey()) {
    this.key = key;
    this.mask = mask;
  }

  clone(): Match {
    return new Match(this.key.clone(), this.mask.clone());
  }

  /** Requires field to have value on the bits of mask (default: all its bits). */
  set(field: Field | string, value: bigint, mask?: bigint): void {
    const row = typeof field === 'string' ? FIELD_BY_NAME.get(field) : field;
    if (row === undefined) throw new Error(`no field ${String(field)}`);
    const bits = mask ?? (1n << BigInt(row.bits)) - 1n;
    writeField(this.mask, row, bits);
    writeField(this.key, row, value & bits);
  }

  /** True when a packet with this key is one of the match's. */
  matches(key: FlowKey): boolean {
    return equalInMask(this.key, key, this.mask);
  }

  /** Clears key bits outside the mask. */
  normalize(): void {
    applyMask(this.key, this.mask);
  }

  equals(other: Match): boolean {
    return this.mask.equals(other.mask) && this.key.equals(other.key);
  }

  /** True when this match is criteria or a more specific one (OpenFlow's non-strict rule for modify and delete). */
  isWithin(criteria: Match): boolean {
    return !hasExtraBits(criteria.mask, this.mask) && equalInMask(this.key, criteria.key, criteria.mask);
  }

  /** True when some packet could match both. */
  overlaps(other: Match): boolean {
    const a = this.key.words;
    const b = other.key.words;
    const m = this.mask.words;
    const n = other.mask.words;
    for (let i = 0; i < KEY_WORDS; i++) if (((a[i]! ^ b[i]!) & m[i]! & n[i]!) !== 0) return false;
    return true;
  }

  get(field: Field): bigint {
    return readField(this.key, field);
  }
}

const ETH_TYPE_IP = 0x0800;
const ETH_TYPE_ARP = 0x0806;
const ETH_TYPE_RARP = 0x8035;
const ETH_TYPE_IPV6 = 0x86dd;
const ETH_TYPE_NSH = 0x894f;

/** Packets of this namespace have no Ethernet header: their type says what they begin with (OFPHTN_ETHERTYPE). */
export const NAMESPACE_ETHERTYPE = 1;

/** The Ethernet type of the packet, with an Ethernet header or without one (get_dl_type of lib/flow.h). */
export function ethTypeOf(key: FlowKey): number {
  if (key.u32(OFF_PACKET_TYPE) === PT_ETH) return key.u16(OFF_ETH_TYPE);
  return key.u16(OFF_PACKET_TYPE) === NAMESPACE_ETHERTYPE ? key.u16(OFF_PACKET_TYPE + 2) : 0;
}

/**
 * Does a packet with this key have the field at all? (OpenFlow 1.5.1 §7.2.3.6, mf_are_prereqs_ok of lib/meta-flow.c.)
 * With a mask, the bits that the answer depended on are added to it, save eth_type and nw_frag, which every megaflow
 * matches exactly.
 */
export function prerequisiteHolds(prerequisite: Prerequisite, key: FlowKey, mask?: FlowKey): boolean {
  const type = ethTypeOf(key);
  const isEthernet = (): boolean => {
    if (mask !== undefined) mask.setU32(OFF_PACKET_TYPE, 0xffffffff);
    return key.u32(OFF_PACKET_TYPE) === PT_ETH;
  };
  const isProto = (wanted: number): boolean => {
    if (mask !== undefined) mask.setU8(OFF_NW_PROTO, 0xff);
    return key.u8(OFF_NW_PROTO) === wanted;
  };
  const isIp = type === ETH_TYPE_IP || type === ETH_TYPE_IPV6;
  /** Transport ports: not in later fragments. */
  const isTransport = (wanted: number): boolean => isIp && isProto(wanted) && (key.u8(OFF_NW_FRAG) & FRAG_LATER) === 0;
  const isNd = (types: readonly number[]): boolean => {
    if (type !== ETH_TYPE_IPV6 || !isProto(58)) return false;
    if (mask !== undefined) mask.setU16(OFF_TP_DST, 0xffff);
    if (key.u16(OFF_TP_DST) !== 0) return false;
    if (mask !== undefined) mask.setU16(OFF_TP_SRC, 0xffff);
    return types.includes(key.u16(OFF_TP_SRC));
  };
  switch (prerequisite) {
    case 'none':
      return true;
    case 'ethernet':
      return isEthernet();
    case 'vlan':
      if (!isEthernet()) return false;
      if (mask !== undefined) mask.setU16(OFF_VLAN_TCI, mask.u16(OFF_VLAN_TCI) | VLAN_CFI);
      return (key.u16(OFF_VLAN_TCI) & VLAN_CFI) !== 0;
    case 'mpls':
      return type === 0x8847 || type === 0x8848;
    case 'ipv4':
      return type === ETH_TYPE_IP;
    case 'ipv6':
      return type === ETH_TYPE_IPV6;
    case 'ip':
    case 'ct':
      return isIp;
    case 'arp':
      return type === ETH_TYPE_ARP || type === ETH_TYPE_RARP;
    case 'tcp':
      return isTransport(6);
    case 'udp':
      return isTransport(17);
    case 'sctp':
      return isTransport(132);
    case 'icmpv4':
      return type === ETH_TYPE_IP && isProto(1);
    case 'icmpv6':
      return type === ETH_TYPE_IPV6 && isProto(58);
    case 'nd':
      return isNd([135, 136]);
    case 'nd-solicit':
      return isNd([135]);
    case 'nd-advert':
      return isNd([136]);
    case 'nsh':
      return type === ETH_TYPE_NSH;
  }
}
