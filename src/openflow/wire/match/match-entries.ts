/**
 * A match as a list of entries: which fields it is about, in OVS's order, and what they say.
 *
 * Mirrors nx_put_raw(), nxm_put_ip() and tun_metadata_to_nx_match(). The invariant: every entry's prerequisites stand
 * before it. What packets of the match cannot have is left out.
 */
import { type Field, fieldNamed, FIELDS, readField } from '#flowtable/fields.js';
import {
  type FlowKey,
  OFF_CT_NW_PROTO,
  OFF_NW_FRAG,
  OFF_NW_PROTO,
  OFF_PACKET_TYPE,
  OFF_TP_DST,
  OFF_TP_SRC,
  OFF_VLAN_TCI,
  PT_ETH,
  VLAN_CFI,
  VLAN_PCP_SHIFT,
  VLAN_VID_MASK,
} from '#flowtable/flow-key.js';
import { ethTypeOf, type Match } from '#flowtable/match.js';
import { presentOptions, readOption } from '#flowtable/tunnel-options.js';
import { readValue, valueOnes } from '../../field-value.js';
import { isIpType, isMplsType } from '../../packet-type.js';
import type { HeaderStyle } from './field-header.js';

/** An entry as it is written. */
export interface MatchEntry {
  readonly field: Field;
  /** Bytes of the value. */
  readonly size: number;
  readonly value: bigint;
  /** Null: without a mask. */
  readonly mask: bigint | null;
}

const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;
const ICMP = 1;
const ICMPV6 = 58;
const ND_SOLICIT = 135;
const ND_ADVERT = 136;
const FRAG_MASK = 3;
const VLAN_VID_AND_CFI = VLAN_CFI | VLAN_VID_MASK;

const fields = (names: string): readonly Field[] => names.split(' ').map(fieldNamed);
const numbered = (name: string, count: number): readonly Field[] =>
  Array.from({ length: count }, (_, i) => fieldNamed(`${name}${i}`));

const PACKET_TYPE = fieldNamed('packet_type');
const DP_HASH = fieldNamed('dp_hash');
const RECIRC_ID = fieldNamed('recirc_id');
const CONJ_ID = fieldNamed('conj_id');
const IN_PORT = fieldNamed('in_port');
const IN_PORT_OXM = fieldNamed('in_port_oxm');
const ACTSET_OUTPUT = fieldNamed('actset_output');
const ETHERNET = fields('eth_src eth_dst eth_type');
const VLAN_VID = fieldNamed('vlan_vid');
const VLAN_PCP = fieldNamed('vlan_pcp');
const VLAN_TCI = fieldNamed('vlan_tci');
const MPLS = fields('mpls_tc mpls_bos mpls_ttl mpls_label');
const IPV4 = fields('ip_src ip_dst');
const IPV6 = fields('ipv6_src ipv6_dst');
const IP_FRAG = fieldNamed('ip_frag');
const NW_TTL = fieldNamed('nw_ttl');
const IPV6_LABEL = fieldNamed('ipv6_label');
const NW_TOS = fieldNamed('nw_tos');
const IP_DSCP = fieldNamed('ip_dscp');
const NW_ECN = fieldNamed('nw_ecn');
const NW_PROTO = fieldNamed('nw_proto');
const ARP_OP = fieldNamed('arp_op');
const ICMPV4_FIELDS = fields('icmp_type icmp_code');
const ICMPV6_FIELDS = fields('icmpv6_type icmpv6_code');
const ND_RESERVED = fieldNamed('nd_reserved');
const ND_TARGET = fieldNamed('nd_target');
const ND_OPTIONS_TYPE = fieldNamed('nd_options_type');
const ND_SLL = fieldNamed('nd_sll');
const ND_TLL = fieldNamed('nd_tll');
const ARP = fields('arp_spa arp_tpa arp_sha arp_tha');
const TRANSPORT: ReadonlyMap<number, readonly Field[]> = new Map([
  [6, fields('tcp_src tcp_dst tcp_flags')],
  [17, fields('udp_src udp_dst')],
  [132, fields('sctp_src sctp_dst')],
]);
const TUNNEL = fields('tun_id tun_flags tun_src tun_dst tun_ipv6_src tun_ipv6_dst tun_gbp_id tun_gbp_flags');
const OPTIONS = FIELDS.filter(({ option }) => option !== null);
const TUNNEL_PROTOCOLS = fields(
  'tun_erspan_idx tun_erspan_ver tun_erspan_dir tun_erspan_hwid tun_gtpu_flags tun_gtpu_msgtype',
);
const NSH_SPI = fieldNamed('nsh_spi');
const NSH = fields('nsh_flags nsh_ttl nsh_mdtype nsh_np nsh_spi nsh_si nsh_c1 nsh_c2 nsh_c3 nsh_c4');
const REGISTERS = numbered('reg', 16);
const WIDE_REGISTERS = numbered('xreg', 8);
const CONNECTION = fields('pkt_mark ct_state ct_zone ct_mark ct_label ct_nw_src ct_ipv6_src ct_nw_dst ct_ipv6_dst');
const CONNECTION_PROTOCOL = fields('ct_nw_proto ct_tp_src ct_tp_dst');
const METADATA = fieldNamed('metadata');

/** All bytes of the field's place where it has them for itself: a mask may have bits that no packet has. */
function wholeValue(key: FlowKey, field: Field): bigint {
  if (field.shift !== 0) return readField(key, field);
  let value = 0n;
  for (let i = 0; i < field.size; i++) value = (value << 8n) | BigInt(key.bytes[field.offset + i]!);
  return value;
}

class EntryList {
  readonly entries: MatchEntry[] = [];
  readonly key: FlowKey;
  readonly mask: FlowKey;

  constructor({ key, mask }: Match) {
    this.key = key;
    this.mask = mask;
  }

  exact(field: Field, value: bigint | number): void {
    this.entries.push({ field, size: field.wireSize, value: BigInt(value), mask: null });
  }

  /** The value alone, where any bit of the field counts. */
  whole(field: Field): void {
    if (readValue(this.mask, field) !== 0n) this.exact(field, readValue(this.key, field));
  }

  /** Value and mask, the mask only where it is not all ones. */
  masked(field: Field): void {
    // A whole path identifier is widened to the 32 bits that it is carried in.
    const mask = field === NSH_SPI ? readValue(this.mask, field) : wholeValue(this.mask, field);
    this.add(field, wholeValue(this.key, field), mask);
  }

  add(field: Field, value: bigint, mask: bigint): void {
    if (mask === 0n) return;
    this.entries.push({ field, size: field.wireSize, value, mask: mask === valueOnes(field) ? null : mask });
  }

  addAll(list: readonly Field[]): void {
    for (const field of list) this.masked(field);
  }
}

/** NXM has the tag as one number; OXM has VLAN and priority apart, the priority only where the VLAN is known. */
function addVlan(list: EntryList, style: HeaderStyle): void {
  if (style === 'nxm') {
    list.masked(VLAN_TCI);
    return;
  }
  const tci = list.key.u16(OFF_VLAN_TCI);
  const tciMask = list.mask.u16(OFF_VLAN_TCI);
  const vidMask = tciMask & VLAN_VID_AND_CFI;
  const vid = tci & VLAN_VID_AND_CFI;
  if (vidMask === VLAN_VID_AND_CFI) list.exact(VLAN_VID, vid);
  else list.add(VLAN_VID, BigInt(vid), BigInt(vidMask));
  if (vid !== 0 && tciMask >> VLAN_PCP_SHIFT !== 0) list.exact(VLAN_PCP, tci >> VLAN_PCP_SHIFT);
}

function addIp(list: EntryList, style: HeaderStyle, ethType: number): void {
  const { key, mask } = list;
  list.addAll(ethType === ETH_P_IP ? IPV4 : IPV6);
  // Both bits of a fragment's state are all that there is of it.
  const fragMask = mask.u8(OFF_NW_FRAG) & FRAG_MASK;
  list.add(IP_FRAG, BigInt(key.u8(OFF_NW_FRAG) & FRAG_MASK), BigInt(fragMask === FRAG_MASK ? 0xff : fragMask));
  list.whole(style === 'nxm' ? NW_TOS : IP_DSCP);
  list.whole(NW_ECN);
  list.whole(NW_TTL);
  list.masked(IPV6_LABEL);
  if (mask.u8(OFF_NW_PROTO) === 0) return;
  list.whole(NW_PROTO);
  const proto = key.u8(OFF_NW_PROTO);
  list.addAll(TRANSPORT.get(proto) ?? []);
  if (ethType === ETH_P_IP && proto === ICMP) for (const field of ICMPV4_FIELDS) list.whole(field);
  if (ethType === ETH_P_IPV6 && proto === ICMPV6) addIcmpv6(list);
}

function addIcmpv6(list: EntryList): void {
  for (const field of ICMPV6_FIELDS) list.whole(field);
  const type = list.key.u16(OFF_TP_SRC);
  // Neighbour discovery has the code 0.
  if (list.key.u16(OFF_TP_DST) !== 0 || (type !== ND_SOLICIT && type !== ND_ADVERT)) return;
  list.whole(ND_RESERVED);
  list.masked(ND_TARGET);
  list.whole(ND_OPTIONS_TYPE);
  list.masked(type === ND_SOLICIT ? ND_SLL : ND_TLL);
}

function addArp(list: EntryList): void {
  list.whole(ARP_OP);
  list.addAll(ARP);
}

/** Options, as long as their places are; one that a match by itself matches in part has its mask whatever it is. */
function addOptions(list: EntryList, { key, mask }: Match): void {
  for (const index of presentOptions(mask)) {
    const place = key.optionPlaces?.placeOf(index) ?? null;
    const size = place?.size ?? 0;
    const bits = readOption(mask, index);
    const isMasked = place?.isMasked ?? (size === 0 || bits !== (1n << BigInt(8 * size)) - 1n);
    list.entries.push({ field: OPTIONS[index]!, size, value: readOption(key, index), mask: isMasked ? bits : null });
  }
}

/** The entries of a match, as NXM or a version's OXM has them. */
export function entriesOf(match: Match, style: HeaderStyle): readonly MatchEntry[] {
  const list = new EntryList(match);
  const { key, mask } = match;
  const isPlainEthernet = mask.u32(OFF_PACKET_TYPE) === 0xffffffff && key.u32(OFF_PACKET_TYPE) === PT_ETH;
  if (!isPlainEthernet) list.masked(PACKET_TYPE);
  list.masked(DP_HASH);
  list.whole(RECIRC_ID);
  list.whole(CONJ_ID);
  list.whole(style === 'nxm' ? IN_PORT : IN_PORT_OXM);
  list.whole(ACTSET_OUTPUT);
  list.addAll(ETHERNET);
  addVlan(list, style);
  const ethType = ethTypeOf(key);
  if (isMplsType(ethType)) for (const field of MPLS) list.whole(field);
  if (isIpType(ethType)) addIp(list, style, ethType);
  else if (ethType === 0x0806 || ethType === 0x8035) addArp(list);
  list.addAll(TUNNEL);
  addOptions(list, match);
  list.addAll(TUNNEL_PROTOCOLS);
  list.addAll(NSH);
  list.addAll(style === 15 ? WIDE_REGISTERS : REGISTERS);
  list.addAll(CONNECTION);
  if (key.u8(OFF_CT_NW_PROTO) !== 0) list.addAll(CONNECTION_PROTOCOL);
  list.masked(METADATA);
  // Ethernet goes without saying where some field needs it.
  if (!isPlainEthernet || list.entries.some(({ field }) => field.prerequisite !== 'none')) return list.entries;
  return [{ field: PACKET_TYPE, size: PACKET_TYPE.wireSize, value: BigInt(PT_ETH), mask: null }, ...list.entries];
}
