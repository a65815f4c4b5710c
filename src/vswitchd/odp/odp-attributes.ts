/**
 * The one table of datapath key attributes with named members: `ipv4(src=...,ttl=...)`. Printing and reading, of keys
 * and of set actions, derive from it. Attributes without member names (in_port, vlan, tcp_flags, …) stand in
 * odp-format.ts and odp-scan.ts, because each has a form of its own.
 *
 * Mirrors struct ovs_key_* of linux/openvswitch.h and format_odp_key_attr__() of lib/odp-util.c.
 */
import {
  FRAG_ANY,
  FRAG_LATER,
  type FlowKey,
  OFF_ARP_SHA,
  OFF_ARP_THA,
  OFF_CT_IPV6_DST,
  OFF_CT_IPV6_SRC,
  OFF_CT_NW_DST,
  OFF_CT_NW_PROTO,
  OFF_CT_NW_SRC,
  OFF_CT_TP_DST,
  OFF_CT_TP_SRC,
  OFF_ETH_DST,
  OFF_ETH_SRC,
  OFF_IPV6_DST,
  OFF_IPV6_LABEL,
  OFF_IPV6_SRC,
  OFF_ND_TARGET,
  OFF_NW_DST,
  OFF_NW_FRAG,
  OFF_NW_PROTO,
  OFF_NW_SRC,
  OFF_NW_TOS,
  OFF_NW_TTL,
  OFF_PACKET_TYPE,
  OFF_TP_DST,
  OFF_TP_SRC,
} from '#flowtable/flow-key.js';
import { formatHex } from '#src/openflow/number-text.js';
import { formatIpv4, formatIpv6, formatMac } from './address-text.js';

/** How a member is written. arp-op is a 16-bit number that the key keeps in eight bits. */
export type MemberFormat = 'mac' | 'ipv4' | 'ipv6' | 'label' | 'u8' | 'u8x' | 'be16' | 'be16x' | 'arp-op' | 'frag';

export interface Member {
  readonly name: string;
  /** The name it is read by, where OVS reads another than it writes. */
  readonly scanName?: string;
  readonly offset: number;
  readonly format: MemberFormat;
}

export const MEMBER_SIZES: Readonly<Record<MemberFormat, number>> = {
  mac: 6,
  ipv4: 4,
  ipv6: 16,
  label: 4,
  u8: 1,
  u8x: 1,
  be16: 2,
  be16x: 2,
  'arp-op': 1,
  frag: 1,
};

const IPV6_LABEL_BITS = 0xfffff;

const ports: readonly Member[] = [
  { name: 'src', offset: OFF_TP_SRC, format: 'be16' },
  { name: 'dst', offset: OFF_TP_DST, format: 'be16' },
];
/** ICMP's type and code are the low bytes of tp_src and tp_dst. */
const typeAndCode: readonly Member[] = [
  { name: 'type', offset: OFF_TP_SRC + 1, format: 'u8' },
  { name: 'code', offset: OFF_TP_DST + 1, format: 'u8' },
];

export const MEMBER_ATTRIBUTES = {
  eth: [
    { name: 'src', offset: OFF_ETH_SRC, format: 'mac' },
    { name: 'dst', offset: OFF_ETH_DST, format: 'mac' },
  ],
  packet_type: [
    { name: 'ns', offset: OFF_PACKET_TYPE, format: 'be16' },
    { name: 'id', offset: OFF_PACKET_TYPE + 2, format: 'be16x' },
  ],
  ipv4: [
    { name: 'src', offset: OFF_NW_SRC, format: 'ipv4' },
    { name: 'dst', offset: OFF_NW_DST, format: 'ipv4' },
    { name: 'proto', offset: OFF_NW_PROTO, format: 'u8' },
    { name: 'tos', offset: OFF_NW_TOS, format: 'u8x' },
    { name: 'ttl', offset: OFF_NW_TTL, format: 'u8' },
    { name: 'frag', offset: OFF_NW_FRAG, format: 'frag' },
  ],
  ipv6: [
    { name: 'src', offset: OFF_IPV6_SRC, format: 'ipv6' },
    { name: 'dst', offset: OFF_IPV6_DST, format: 'ipv6' },
    { name: 'label', offset: OFF_IPV6_LABEL, format: 'label' },
    { name: 'proto', offset: OFF_NW_PROTO, format: 'u8' },
    { name: 'tclass', offset: OFF_NW_TOS, format: 'u8x' },
    { name: 'hlimit', offset: OFF_NW_TTL, format: 'u8' },
    { name: 'frag', offset: OFF_NW_FRAG, format: 'frag' },
  ],
  tcp: ports,
  udp: ports,
  sctp: ports,
  icmp: typeAndCode,
  icmpv6: typeAndCode,
  arp: [
    { name: 'sip', offset: OFF_NW_SRC, format: 'ipv4' },
    { name: 'tip', offset: OFF_NW_DST, format: 'ipv4' },
    { name: 'op', offset: OFF_NW_PROTO, format: 'arp-op' },
    { name: 'sha', offset: OFF_ARP_SHA, format: 'mac' },
    { name: 'tha', offset: OFF_ARP_THA, format: 'mac' },
  ],
  nd: [
    { name: 'target', offset: OFF_ND_TARGET, format: 'ipv6' },
    { name: 'sll', offset: OFF_ARP_SHA, format: 'mac' },
    { name: 'tll', offset: OFF_ARP_THA, format: 'mac' },
  ],
  ct_tuple4: [
    { name: 'src', offset: OFF_CT_NW_SRC, format: 'ipv4' },
    { name: 'dst', offset: OFF_CT_NW_DST, format: 'ipv4' },
    { name: 'proto', offset: OFF_CT_NW_PROTO, format: 'u8' },
    { name: 'tp_src', offset: OFF_CT_TP_SRC, format: 'be16' },
    { name: 'tp_dst', offset: OFF_CT_TP_DST, format: 'be16' },
  ],
  ct_tuple6: [
    { name: 'src', offset: OFF_CT_IPV6_SRC, format: 'ipv6' },
    { name: 'dst', offset: OFF_CT_IPV6_DST, format: 'ipv6' },
    { name: 'proto', offset: OFF_CT_NW_PROTO, format: 'u8' },
    { name: 'src_port', scanName: 'tp_src', offset: OFF_CT_TP_SRC, format: 'be16' },
    { name: 'dst_port', scanName: 'tp_dst', offset: OFF_CT_TP_DST, format: 'be16' },
  ],
} as const satisfies Readonly<Record<string, readonly Member[]>>;

export type MemberAttribute = keyof typeof MEMBER_ATTRIBUTES;

export function isMemberAttribute(name: string): name is MemberAttribute {
  return Object.hasOwn(MEMBER_ATTRIBUTES, name);
}

/** How much of a member a mask covers; frag is an enumeration, of which one bit stands for all. */
export function memberCover(member: Member, mask: FlowKey): 'none' | 'some' | 'all' {
  switch (member.format) {
    case 'frag':
      return (mask.u8(member.offset) & FRAG_ANY) !== 0 ? 'all' : 'none';
    case 'label': {
      const bits = mask.u32(member.offset);
      if (bits === 0) return 'none';
      return (bits & IPV6_LABEL_BITS) === IPV6_LABEL_BITS ? 'all' : 'some';
    }
    default: {
      const bytes = mask.bytes.subarray(member.offset, member.offset + MEMBER_SIZES[member.format]);
      if (bytes.every((byte) => byte === 0)) return 'none';
      return bytes.every((byte) => byte === 0xff) ? 'all' : 'some';
    }
  }
}

function formatValue(member: Member, key: FlowKey): string {
  const { offset, format } = member;
  switch (format) {
    case 'mac':
      return formatMac(key.bytes, offset);
    case 'ipv4':
      return formatIpv4(key.bytes, offset);
    case 'ipv6':
      return formatIpv6(key.bytes, offset);
    case 'label':
      return formatHex(key.u32(offset));
    case 'u8':
      return String(key.u8(offset));
    case 'arp-op':
      // OVS widens eight ones to sixteen, in values as in masks.
      return String(key.u8(offset) === 0xff ? 0xffff : key.u8(offset));
    case 'u8x':
      return formatHex(key.u8(offset));
    case 'be16':
      return String(key.u16(offset));
    case 'be16x':
      return formatHex(key.u16(offset));
    case 'frag': {
      const frag = key.u8(offset);
      return (frag & FRAG_ANY) === 0 ? 'no' : (frag & FRAG_LATER) === 0 ? 'first' : 'later';
    }
  }
}

/** Masks of numbers are hexadecimal, those of addresses are written like addresses. */
function formatMask(member: Member, mask: FlowKey): string {
  const { offset, format } = member;
  switch (format) {
    case 'u8':
    case 'arp-op':
      return formatHex(mask.u8(offset));
    case 'be16':
      return formatHex(mask.u16(offset));
    default:
      return formatValue(member, mask);
  }
}

/**
 * `src=...,dst=...`: the members that the mask covers, all of them without a mask; verbose shows the rest too, with
 * their empty masks.
 */
export function formatMembers(
  attribute: MemberAttribute,
  key: FlowKey,
  mask: FlowKey | null,
  verbose: boolean,
): string {
  const parts: string[] = [];
  for (const member of MEMBER_ATTRIBUTES[attribute] as readonly Member[]) {
    const cover = mask === null ? 'all' : memberCover(member, mask);
    if (cover === 'none' && (!verbose || member.format === 'frag')) continue;
    const partial = cover === 'all' || mask === null ? '' : `/${formatMask(member, mask)}`;
    parts.push(`${member.name}=${formatValue(member, key)}${partial}`);
  }
  return parts.join(',');
}

export function coversNoMember(attribute: MemberAttribute, mask: FlowKey): boolean {
  return (MEMBER_ATTRIBUTES[attribute] as readonly Member[]).every((member) => memberCover(member, mask) === 'none');
}
