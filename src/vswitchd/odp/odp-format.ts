/**
 * Datapath flows as text: `recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth_type(0x0800),ipv4(frag=no)`.
 *
 * Mirrors odp_flow_key_from_flow__() and odp_flow_format() of lib/odp-util.c. Attributes that the mask leaves out are
 * shown only verbosely. The two datapaths of OVS give attributes in different orders: `kernel` is that of the kernel
 * module (net/openvswitch/flow_netlink.c), which has no packet_type and shows eth() instead.
 */
import {
  FRAG_LATER,
  type FlowKey,
  OFF_CT_LABEL,
  OFF_CT_MARK,
  OFF_CT_NW_PROTO,
  OFF_CT_STATE,
  OFF_CT_ZONE,
  OFF_DP_HASH,
  OFF_ETH_TYPE,
  OFF_IGMP_GROUP,
  OFF_IN_PORT,
  OFF_MPLS,
  OFF_NW_FRAG,
  OFF_NW_PROTO,
  OFF_PACKET_TYPE,
  OFF_PKT_MARK,
  OFF_RECIRC_ID,
  OFF_SKB_PRIORITY,
  OFF_TCP_FLAGS,
  OFF_TP_DST,
  OFF_TP_SRC,
  OFF_VLAN1_TCI,
  OFF_VLAN1_TPID,
  OFF_VLAN_TCI,
  OFF_VLAN_TPID,
  PT_ETH,
  VLAN_CFI,
  VLAN_PCP_SHIFT,
  VLAN_VID_MASK,
} from '#flowtable/flow-key.js';
import { formatHex } from '#src/openflow/number-text.js';
import type { PortNames } from '#src/openflow/ports.js';
import { type MemberAttribute, coversNoMember, formatMembers, isMemberAttribute } from './odp-attributes.js';
import {
  CT_STATE_NAMES,
  CT_STATE_SUPPORTED,
  TCP_FLAGS_ALL,
  TCP_FLAG_NAMES,
  formatFlags,
  formatFlagsMasked,
} from './odp-flags.js';
import { formatNsh } from './odp-nsh.js';
import type { OdpAttribute } from './odp-scan.js';
import { formatTunnel, hasTunnel } from './odp-tunnel.js';

export interface OdpFormatOptions {
  /** Show what the mask leaves out, too. */
  readonly verbose?: boolean;
  /** Names for datapath ports; numbers without. */
  readonly portNames?: PortNames;
  /** Write as the kernel's datapath would. */
  readonly kernel?: boolean;
}

/** "No port" in a datapath key. */
export const ODPP_NONE = 0xffffffff;

const ETH_TYPE_MIN = 0x600;
const ETH_TYPE_NSH = 0x894f;
const VLAN_OFFSETS = [
  [OFF_VLAN_TPID, OFF_VLAN_TCI],
  [OFF_VLAN1_TPID, OFF_VLAN1_TCI],
] as const;

const isVlanType = (type: number): boolean => type === 0x8100 || type === 0x88a8;
const isMplsType = (type: number): boolean => type === 0x8847 || type === 0x8848;

export function formatOdpPort(port: number, names: PortNames | undefined): string {
  return names?.nameOf(port) ?? String(port);
}

/** One level of attributes: the flow's own, or those inside an encap(). */
class AttributeList {
  readonly parts: string[] = [];
  readonly key: FlowKey;
  readonly mask: FlowKey | null;
  readonly verbose: boolean;
  /** The exact packet_type was shown, so that an eth() need not be. */
  private hasPacketType = false;

  constructor(key: FlowKey, mask: FlowKey | null, verbose: boolean) {
    this.key = key;
    this.mask = mask;
    this.verbose = verbose;
  }

  inner(): AttributeList {
    return new AttributeList(this.key, this.mask, this.verbose);
  }

  /** Numbers that are written `%#x`. */
  number(name: string, offset: number, size: 2 | 4): void {
    const read = (from: FlowKey): number => (size === 4 ? from.u32(offset) : from.u16(offset));
    const bits = this.mask === null ? null : read(this.mask);
    if (bits === 0 && !this.verbose) return;
    const exact = bits === null || bits === (size === 4 ? 0xffffffff : 0xffff);
    this.parts.push(`${name}(${formatHex(read(this.key))}${exact ? '' : `/${formatHex(bits)}`})`);
  }

  members(attribute: MemberAttribute): void {
    const empty = this.mask !== null && coversNoMember(attribute, this.mask);
    if (empty && !this.verbose) {
      if (attribute === 'eth' && !this.hasPacketType) this.parts.push('eth()');
      return;
    }
    if (attribute === 'packet_type' && !empty) this.hasPacketType = true;
    this.parts.push(`${attribute}(${formatMembers(attribute, this.key, this.mask, this.verbose)})`);
  }

  tunnel(): void {
    if (!hasTunnel(this.key)) return;
    this.parts.push(`tunnel(${formatTunnel(this.key, this.mask, this.verbose)})`);
  }

  conntrack(): void {
    const { key, mask, verbose } = this;
    const state = key.u16(OFF_CT_STATE);
    // An exact flow has the bits as well that mean nothing to the datapath.
    const stateMask = mask === null ? null : mask.u16(OFF_CT_STATE) & CT_STATE_SUPPORTED;
    if (verbose) {
      this.parts.push(`ct_state(${formatHex(state)}${stateMask === null ? '' : `/${formatHex(stateMask)}`})`);
    } else if (stateMask === null) {
      this.parts.push(`ct_state(${formatFlags(CT_STATE_NAMES, state, '|')})`);
    } else if (stateMask !== 0) {
      // The datapath's state has 32 bits, so that eight of them are never "all".
      this.parts.push(`ct_state(${formatFlagsMasked(CT_STATE_NAMES, state, stateMask, 0xffffffff)})`);
    }
    this.number('ct_zone', OFF_CT_ZONE, 2);
    this.number('ct_mark', OFF_CT_MARK, 4);
    if (mask === null || verbose || !mask.isZero(OFF_CT_LABEL, 16)) {
      this.parts.push(`ct_label(${formatBytes(key, mask, OFF_CT_LABEL, 16)})`);
    }
    if (key.u8(OFF_CT_NW_PROTO) === 0) return;
    const type = key.u16(OFF_ETH_TYPE);
    if (type === 0x0800) this.members('ct_tuple4');
    else if (type === 0x86dd) this.members('ct_tuple6');
  }

  inPort(names: PortNames | undefined): void {
    const port = this.key.u32(OFF_IN_PORT);
    const bits = this.mask === null ? 0xffffffff : this.mask.u32(OFF_IN_PORT);
    if (port === ODPP_NONE || (bits === 0 && !this.verbose)) return;
    this.parts.push(`in_port(${bits === 0xffffffff ? formatOdpPort(port, names) : `${port}/${formatHex(bits)}`})`);
  }

  /** The mask of a TPID is always exact: a tag is matched by its kind. */
  tpid(type: number): void {
    this.parts.push(`eth_type(0x${type.toString(16).padStart(4, '0')})`);
  }

  ethType(): void {
    const bits = this.mask === null ? 0xffff : this.mask.u16(OFF_ETH_TYPE);
    if (bits === 0 && !this.verbose) return;
    const hex = (value: number): string => `0x${value.toString(16).padStart(4, '0')}`;
    this.parts.push(`eth_type(${hex(this.key.u16(OFF_ETH_TYPE))}${bits === 0xffff ? '' : `/${hex(bits)}`})`);
  }

  vlan(tciOffset: number): void {
    const bits = this.mask === null ? 0xffff : this.mask.u16(tciOffset);
    if (bits === 0 && !this.verbose) return;
    this.parts.push(`vlan(${formatVlanTci(this.key.u16(tciOffset), bits, this.verbose)})`);
  }

  mpls(): void {
    const count = countMplsLabels(this.key);
    if (this.mask?.isZero(OFF_MPLS, 4 * count) && !this.verbose) return;
    this.parts.push(`mpls(${formatMpls(this.key, this.mask, count)})`);
  }

  /** Shown even where nothing of it is matched. */
  nsh(): void {
    this.parts.push(`nsh(${formatNsh(this.key, this.mask)})`);
  }

  tcpFlags(): void {
    const flags = this.key.u16(OFF_TCP_FLAGS);
    const bits = this.mask === null ? TCP_FLAGS_ALL : this.mask.u16(OFF_TCP_FLAGS) & TCP_FLAGS_ALL;
    if (flags === 0 && bits === 0) return;
    if (bits === 0 && !this.verbose) return;
    this.parts.push(`tcp_flags(${formatFlagsMasked(TCP_FLAG_NAMES, flags, bits, TCP_FLAGS_ALL)})`);
  }

  /** The reserved word and the kind of option of a neighbour message, which the key keeps in other fields' places. */
  ndExtensions(): void {
    const { key, mask } = this;
    if (key.u32(OFF_IGMP_GROUP) === 0 && key.u16(OFF_TCP_FLAGS) === 0) return;
    const empty = mask !== null && mask.u32(OFF_IGMP_GROUP) === 0 && (mask.u16(OFF_TCP_FLAGS) & 0xff) === 0;
    if (empty && !this.verbose) return;
    this.parts.push(`nd_ext(${formatNdExtensions(key, mask, this.verbose)})`);
  }

  toString(): string {
    return this.parts.join(',');
  }
}

/** Bytes as one hexadecimal number without leading zeros, and the mask where it is not all ones. */
function formatBytes(key: FlowKey, mask: FlowKey | null, offset: number, size: number): string {
  const hex = (from: FlowKey): string => {
    let value = 0n;
    for (let i = 0; i < size; i++) value = (value << 8n) | BigInt(from.bytes[offset + i]!);
    return formatHex(value);
  };
  const exact = mask === null || mask.bytes.subarray(offset, offset + size).every((byte) => byte === 0xff);
  return exact ? hex(key) : `${hex(key)}/${hex(mask)}`;
}

/** `vid=5,pcp=0`, and `cfi=0` where OVS's presence bit is missing. */
export function formatVlanTci(tci: number, mask: number, verbose: boolean): string {
  const parts: string[] = [];
  const vid = tci & VLAN_VID_MASK;
  const vidMask = mask & VLAN_VID_MASK;
  if (verbose || vid !== 0 || vidMask !== 0) {
    parts.push(`vid=${vid}${vidMask === VLAN_VID_MASK ? '' : `/0x${vidMask.toString(16)}`}`);
  }
  const pcp = tci >> VLAN_PCP_SHIFT;
  const pcpMask = mask >> VLAN_PCP_SHIFT;
  if (verbose || pcp !== 0 || pcpMask !== 0) {
    parts.push(`pcp=${pcp}${pcpMask === 7 ? '' : `/0x${pcpMask.toString(16)}`}`);
  }
  if ((tci & VLAN_CFI) === 0) parts.push('cfi=0');
  return parts.join(',');
}

const MPLS_LABELS = 3;
const MPLS_BOS = 0x100;

/** Labels down to the bottom of the stack, or to the last that the key can hold. */
function countMplsLabels(key: FlowKey): number {
  for (let i = 0; i < MPLS_LABELS; i++) if ((key.u32(OFF_MPLS + 4 * i) & MPLS_BOS) !== 0) return i + 1;
  return MPLS_LABELS;
}

/** RFC 3032 §2.1: label (20), traffic class (3), bottom of stack (1), TTL (8). */
export function formatMpls(key: FlowKey, mask: FlowKey | null, count: number): string {
  const fields = (lse: number): readonly [number, number, number, number] => [
    lse >>> 12,
    (lse >>> 9) & 7,
    lse & 0xff,
    (lse >>> 8) & 1,
  ];
  const parts: string[] = [];
  for (let i = 0; i < count; i++) {
    const [label, tc, ttl, bos] = fields(key.u32(OFF_MPLS + 4 * i));
    if (mask === null || mask.bytes.subarray(OFF_MPLS, OFF_MPLS + 4 * count).every((byte) => byte === 0xff)) {
      parts.push(`label=${label},tc=${tc},ttl=${ttl},bos=${bos}`);
    } else {
      const [labelMask, tcMask, ttlMask, bosMask] = fields(mask.u32(OFF_MPLS + 4 * i)).map((bits) => bits.toString(16));
      parts.push(`label=${label}/0x${labelMask},tc=${tc}/${tcMask},ttl=${ttl}/0x${ttlMask},bos=${bos}/${bosMask}`);
    }
  }
  return parts.join(',');
}

/** Writes a flow; without a mask every bit of the key counts. */
export function formatOdpKey(key: FlowKey, mask: FlowKey | null, options: OdpFormatOptions = {}): string {
  const list = new AttributeList(key, mask, options.verbose ?? false);
  if (options.kernel ?? false) {
    list.number('recirc_id', OFF_RECIRC_ID, 4);
    list.number('dp_hash', OFF_DP_HASH, 4);
    list.number('skb_priority', OFF_SKB_PRIORITY, 4);
    list.tunnel();
    list.inPort(options.portNames);
    list.number('skb_mark', OFF_PKT_MARK, 4);
    list.conntrack();
  } else {
    list.number('skb_priority', OFF_SKB_PRIORITY, 4);
    list.tunnel();
    list.number('skb_mark', OFF_PKT_MARK, 4);
    list.conntrack();
    list.number('recirc_id', OFF_RECIRC_ID, 4);
    list.number('dp_hash', OFF_DP_HASH, 4);
    list.inPort(options.portNames);
    list.members('packet_type');
  }
  if (key.u32(OFF_PACKET_TYPE) === PT_ETH) {
    list.members('eth');
    putTagged(list, 0);
  } else {
    putEtherType(list);
  }
  return list.toString();
}

/** The tags that are left, each around what follows it, and then the rest. */
function putTagged(list: AttributeList, index: number): void {
  const offsets = VLAN_OFFSETS[index];
  const tci = offsets === undefined ? 0 : list.key.u16(offsets[1]);
  if (offsets === undefined || tci === 0) {
    // A tag that was cut off, or one too many to be parsed, shows as the Ethertype of the last.
    if (index === 0 && isVlanType(list.key.u16(OFF_ETH_TYPE))) {
      list.tpid(list.key.u16(OFF_ETH_TYPE));
      list.vlan(OFF_VLAN_TCI);
      list.parts.push('encap()');
      return;
    }
    putEtherType(list);
    return;
  }
  list.tpid(list.key.u16(offsets[0]));
  list.vlan(offsets[1]);
  const inner = list.inner();
  putTagged(inner, index + 1);
  list.parts.push(`encap(${inner})`);
}

function putEtherType(list: AttributeList): void {
  const type = list.key.u16(OFF_ETH_TYPE);
  if (type < ETH_TYPE_MIN) {
    // Not Ethernet II: the key says so by having no Ethertype although the mask has one.
    if (list.mask !== null) list.parts.push('eth_type(0/0xffff)');
    return;
  }
  list.ethType();
  if (isVlanType(type)) return;
  if (type === 0x0800) putIp(list, 'ipv4');
  else if (type === 0x86dd) putIp(list, 'ipv6');
  else if (type === 0x0806 || type === 0x8035) list.members('arp');
  else if (isMplsType(type)) list.mpls();
  else if (type === ETH_TYPE_NSH) list.nsh();
}

function putIp(list: AttributeList, attribute: 'ipv4' | 'ipv6'): void {
  const { key, mask } = list;
  list.members(attribute);
  if ((key.u8(OFF_NW_FRAG) & FRAG_LATER) !== 0) return;
  const proto = key.u8(OFF_NW_PROTO);
  if (proto === 6) {
    list.members('tcp');
    list.tcpFlags();
  } else if (proto === 17) {
    list.members('udp');
  } else if (proto === 132) {
    list.members('sctp');
  } else if (proto === 1 && attribute === 'ipv4') {
    list.members('icmp');
  } else if (proto === 58 && attribute === 'ipv6') {
    list.members('icmpv6');
    const type = key.u16(OFF_TP_SRC);
    if ((type !== 135 && type !== 136) || key.u16(OFF_TP_DST) !== 0) return;
    const typeIsExact =
      mask === null || ((mask.u16(OFF_TP_SRC) & 0xff) === 0xff && (mask.u16(OFF_TP_DST) & 0xff) === 0xff);
    // Datapaths tell of no nd_ext, though they set it.
    if (typeIsExact || list.verbose) list.members('nd');
  }
}

/** Attributes as they were read, in their order, whether they make sense together or not. */
export function formatOdpAttributes(attributes: readonly OdpAttribute[], masks = false): string {
  return attributes.map((attribute) => formatReadAttribute(attribute, masks)).join(',') || '<empty>';
}

function formatReadAttribute(attribute: OdpAttribute, masks: boolean): string {
  const list = new AttributeList(masks ? attribute.mask : attribute.key, null, true);
  const { name } = attribute;
  // An opcode of more than eight bits has no place in the key.
  if (name === 'arp' && !masks)
    list.parts.push(`arp(${formatMembers('arp', list.key, null, true)})`.replace(/op=\d+/, `op=${attribute.detail}`));
  else if (isMemberAttribute(name)) list.members(name);
  else if (name === 'encap')
    return `encap(${attribute.inner.map((inner) => formatReadAttribute(inner, masks)).join(',')})`;
  else if (name === 'tunnel') {
    const text = formatTunnel(list.key, null, true);
    // The TTL is shown as it was read: not at all.
    return `tunnel(${attribute.detail === 0 ? text.replace('ttl=0,', '') : text})`;
  } else if (name === 'in_port') list.inPort(undefined);
  else if (name === 'eth_type') list.ethType();
  else if (name === 'vlan') list.vlan(OFF_VLAN_TCI);
  else if (name === 'mpls') return `mpls(${formatMpls(list.key, null, attribute.detail)})`;
  else if (name === 'tcp_flags') return `tcp_flags(${formatFlags(TCP_FLAG_NAMES, list.key.u16(OFF_TCP_FLAGS), '|')})`;
  else if (name === 'nsh') list.nsh();
  else if (name === 'nd_ext') list.ndExtensions();
  else if (name === 'ct_label') return `ct_label(${formatBytes(list.key, null, OFF_CT_LABEL, 16)})`;
  else if (name === 'ct_state') return `ct_state(${formatHex(list.key.u16(OFF_CT_STATE))})`;
  else {
    const number = NUMBER_ATTRIBUTES[name];
    if (number === undefined) throw new Error(`no attribute ${name}`);
    list.number(name, number[0], number[1]);
  }
  return list.toString();
}

const NUMBER_ATTRIBUTES: Readonly<Record<string, readonly [offset: number, size: 2 | 4]>> = {
  skb_priority: [OFF_SKB_PRIORITY, 4],
  skb_mark: [OFF_PKT_MARK, 4],
  recirc_id: [OFF_RECIRC_ID, 4],
  dp_hash: [OFF_DP_HASH, 4],
  ct_zone: [OFF_CT_ZONE, 2],
  ct_mark: [OFF_CT_MARK, 4],
};

/** As in OVS the reserved word is shown whole whatever its mask. */
export function formatNdExtensions(key: FlowKey, mask: FlowKey | null, verbose: boolean): string {
  const typeMask = mask === null ? 0xff : mask.u16(OFF_TCP_FLAGS) & 0xff;
  const partial = typeMask === 0xff ? '' : `/${formatHex(typeMask)}`;
  const shown = typeMask === 0 && !verbose ? '' : `,nd_options_type=${key.u16(OFF_TCP_FLAGS)}${partial}`;
  return `nd_reserved=0x${key.u32(OFF_IGMP_GROUP).toString(16)}${shown}`;
}
