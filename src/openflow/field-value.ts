/**
 * Values of match fields as OpenFlow carries them: reading, writing and matching them in a flow key.
 *
 * Mirrors mf_get_value(), mf_set_flow_value(), mf_set() and mf_mask_field_masked() (lib/meta-flow.c). A value is a
 * number of field.wireSize bytes. Mostly that is the field's bits in the key; the exceptions stand here:
 * vlan_vid carries the presence bit, the VLAN fields make a tag present, nw_tos leaves the ECN bits alone, ports have
 * two numberings, and ICMP types fill the 16 bits of a transport port.
 */
import { type Field, readField, writeField } from '#flowtable/fields.js';
import {
  type FlowKey,
  FRAG_LATER,
  OFF_CT_STATE,
  OFF_ETH_TYPE,
  OFF_IPV6_LABEL,
  OFF_NW_FRAG,
  OFF_NW_PROTO,
  OFF_NW_TOS,
  OFF_PACKET_TYPE,
  OFF_TCP_FLAGS,
  OFF_TP_DST,
  OFF_TP_SRC,
  OFF_VLAN_TCI,
  OFF_VLAN_TPID,
  VLAN_CFI,
  VLAN_PCP_SHIFT,
  VLAN_VID_MASK,
} from '#flowtable/flow-key.js';
import { type Match, prerequisiteHolds } from '#flowtable/match.js';
import { isOptionPresent } from '#flowtable/tunnel-options.js';
import { isCidr } from './address-text.js';
import { matchOption } from './option-fields.js';
import { portFromOpenFlow11, portToOpenFlow11 } from './port-text.js';
import { ethTypeOf, isIpType } from './packet-type.js';
import { P_ANY, P_NONE, type Protocols, protocolsOfField } from './protocol.js';

const ETH_P_8021Q = 0x8100;
const DSCP_MASK = 0xfc;
const VLAN_PCP_MASK = 0xe000;
const NSH_SPI_ONES = 0xffffffn;
const NSH_TTL_MAX = 63n;
const IPV6_LABEL_ONES = 0xfffffn;
/** OpenFlow 1.0's "no VLAN tag" in dl_vlan. */
const OFP10_VLAN_NONE = 0xffff;

/** All bits of a value of the field, those beyond the field's width included. */
export function valueOnes(field: Field): bigint {
  return (1n << BigInt(field.wireSize * 8)) - 1n;
}

export function readValue(key: FlowKey, field: Field): bigint {
  switch (field.name) {
    case 'vlan_vid':
      return BigInt(key.u16(OFF_VLAN_TCI) & (VLAN_CFI | VLAN_VID_MASK));
    case 'nw_tos':
      return BigInt(key.u8(OFF_NW_TOS) & DSCP_MASK);
    case 'in_port_oxm':
    case 'actset_output':
      return BigInt(portToOpenFlow11(Number(readField(key, field))));
    case 'nsh_spi': {
      // OVS reads masks as it reads values, so that a whole path identifier is widened to the 32 bits it is carried in.
      const path = readField(key, field);
      return path === NSH_SPI_ONES ? valueOnes(field) : path;
    }
    default:
      return readField(key, field);
  }
}

/** Writes the whole field into a packet's key; a VLAN field makes a tag where there is none. */
export function writeValue(key: FlowKey, field: Field, value: bigint): void {
  writeBits(key, field, value);
  // A tag needs an Ethernet type of its own.
  if (field.offset === OFF_VLAN_TCI && key.u16(OFF_VLAN_TPID) === 0 && key.u16(OFF_VLAN_TCI) !== 0) {
    key.setU16(OFF_VLAN_TPID, ETH_P_8021Q);
  }
}

/** As writeValue, but gives no tag its Ethernet type: for matches. */
function writeBits(key: FlowKey, field: Field, value: bigint): void {
  const tci = key.u16(OFF_VLAN_TCI);
  switch (field.name) {
    case 'dl_vlan':
      if (value === BigInt(OFP10_VLAN_NONE)) key.setU16(OFF_VLAN_TCI, 0);
      else key.setU16(OFF_VLAN_TCI, (tci & ~VLAN_VID_MASK) | VLAN_CFI | (Number(value) & VLAN_VID_MASK));
      return;
    case 'vlan_vid': {
      const bits = VLAN_CFI | VLAN_VID_MASK;
      key.setU16(OFF_VLAN_TCI, (tci & ~bits) | (Number(value) & bits));
      return;
    }
    case 'dl_vlan_pcp':
    case 'vlan_pcp':
      key.setU16(OFF_VLAN_TCI, (tci & ~VLAN_PCP_MASK) | VLAN_CFI | ((Number(value) & 7) << VLAN_PCP_SHIFT));
      return;
    case 'nw_tos':
      key.setU8(OFF_NW_TOS, (key.u8(OFF_NW_TOS) & ~DSCP_MASK) | (Number(value) & DSCP_MASK));
      return;
    case 'in_port_oxm':
    case 'actset_output':
      writeField(key, field, BigInt(portFromOpenFlow11(Number(value)) ?? 0));
      return;
    case 'icmp_type':
    case 'icmp_code':
    case 'icmpv6_type':
    case 'icmpv6_code':
    case 'nd_options_type':
      key.setU16(field.offset, Number(value) & 0xff);
      return;
    default:
      writeField(key, field, value);
  }
}

/** Writes the bits of the mask only. */
export function writeValueMasked(key: FlowKey, field: Field, value: bigint, mask: bigint): void {
  writeValue(key, field, (readValue(key, field) & ~mask) | (value & mask));
}

const IPV6_LABEL_MASK = 0xfffff;

/** Adds the field's bits of the mask to a wildcard mask. */
export function maskValue(wc: FlowKey, field: Field, mask: bigint): void {
  // All ones would mean "no VLAN" to dl_vlan; ICMP fills its whole container.
  const bits = field.name === 'dl_vlan' ? mask & BigInt(VLAN_VID_MASK) : mask;
  if (field.prerequisite === 'icmpv4' || field.prerequisite === 'icmpv6' || field.name === 'nd_options_type') {
    wc.setU16(field.offset, wc.u16(field.offset) | Number(bits & 0xffn));
    return;
  }
  // As in OVS the mask is written as a packet would be: a tag's mask gets an Ethernet type, too, and a flow label's
  // loses the bits that no label has.
  if (field.name === 'ipv6_label') wc.setU32(field.offset, wc.u32(field.offset) & IPV6_LABEL_MASK);
  writeValue(wc, field, readValue(wc, field) | bits);
}

/** Fields of the IP headers that actions write. */
const NETWORK_FIELDS: ReadonlySet<string> = new Set([
  'ip_src',
  'ip_dst',
  'ipv6_src',
  'ipv6_dst',
  'ipv6_label',
  'nw_tos',
  'nw_ecn',
  'nw_ttl',
]);

/**
 * What writes a network header depends on there being one, which a protocol other than 0 says
 * (mf_set_mask_l3_prereqs, the fix of CVE-2023-1668).
 */
export function maskNetworkHeader(field: Field, flow: FlowKey, wc: FlowKey): void {
  const isIp = isIpType(ethTypeOf(flow));
  if (
    (isIp && NETWORK_FIELDS.has(field.name)) ||
    (flow.u16(OFF_ETH_TYPE) === 0x0806 && field.name.startsWith('arp_'))
  ) {
    wc.setU8(OFF_NW_PROTO, 0xff);
  }
}

/** A match may wildcard some bits only of fields that allow it. */
export function isMaskValid(field: Field, mask: bigint): boolean {
  return field.maskable || mask === 0n || mask === valueOnes(field);
}

/** False for values with bits that no packet has, so that a test of them makes no sense (mf_is_value_valid). */
export function isValueValid(field: Field, value: bigint): boolean {
  switch (field.name) {
    case 'nw_tos':
      return (value & 3n) === 0n;
    case 'vlan_vid':
      return (value & 0xe000n) === 0n;
    case 'in_port_oxm':
    case 'actset_output':
      return portFromOpenFlow11(Number(value)) !== null;
    case 'nsh_ttl':
      return value <= NSH_TTL_MAX;
    case 'nsh_mdtype':
      return value === 1n || value === 2n;
    case 'tun_erspan_idx':
    case 'tun_erspan_ver':
    case 'tun_erspan_dir':
    case 'tun_erspan_hwid':
      // OVS matches the whole bytes that they stand in.
      return true;
    default:
      return value >> BigInt(field.bits) === 0n;
  }
}

/**
 * Does the packet have the field (mf_are_prereqs_ok)? With wc, adds the bits that the answer depended on. Transport
 * ports of later fragments it has not; neighbour discovery has the ICMPv6 code 0.
 */
export function hasField(field: Field, key: FlowKey, wc?: FlowKey): boolean {
  if (field.prerequisite === 'ct') {
    // The state of a whole packet says so with one of these bits.
    const valid = CS_NEW | CS_ESTABLISHED | CS_REPLY;
    if (wc !== undefined) wc.setU16(OFF_CT_STATE, wc.u16(OFF_CT_STATE) | valid);
    return (key.u16(OFF_CT_STATE) & valid) !== 0;
  }
  if (!prerequisiteHolds(field.prerequisite, key, wc)) return false;
  switch (field.prerequisite) {
    case 'tcp':
    case 'udp':
    case 'sctp':
      return (key.u8(OFF_NW_FRAG) & FRAG_LATER) === 0;
    case 'nd':
    case 'nd-solicit':
    case 'nd-advert':
      if (wc !== undefined) wc.setU16(OFF_TP_DST, 0xffff);
      return key.u16(OFF_TP_DST) === 0;
    default:
      return true;
  }
}

const CS_NEW = 0x01;
const CS_ESTABLISHED = 0x02;
const CS_RELATED = 0x04;
const CS_REPLY = 0x08;
const CS_INVALID = 0x10;
const CS_TRACKED = 0x20;
const CS_NAT = 0xc0;

/** Does the match say that packets have an original tuple: one of the states that imply it, or tracked and not invalid? */
export function matchHasCtTuple(match: Match): boolean {
  const state = match.key.u16(OFF_CT_STATE);
  if ((state & (CS_NEW | CS_ESTABLISHED | CS_RELATED | CS_REPLY | CS_NAT)) !== 0) return true;
  return (state & CS_TRACKED) !== 0 && (match.mask.u16(OFF_CT_STATE) & CS_INVALID) !== 0 && (state & CS_INVALID) === 0;
}

/** Do all packets of the match have the field (mf_are_match_prereqs_ok)? */
export function matchHasField(field: Field, match: Match): boolean {
  return field.prerequisite === 'ct' ? matchHasCtTuple(match) : hasField(field, match.key);
}

/** Requires packets to be Ethernet, unless the match already says something of their type. */
export function requireEthernet(match: Match): void {
  if (match.mask.u32(OFF_PACKET_TYPE) !== 0) return;
  match.mask.setU32(OFF_PACKET_TYPE, 0xffffffff);
  match.key.setU32(OFF_PACKET_TYPE, 0);
}

/**
 * Makes the match require the field to have the value on the bits of the mask, instead of what it required of the
 * field before; returns the protocols that can carry it.
 */
export function matchValue(match: Match, field: Field, value: bigint, mask: bigint): Protocols {
  const ones = valueOnes(field);
  if (field.option !== null) {
    matchOption(match, field, value, mask);
    return protocolsOfField(field, mask === ones ? 'exact' : 'any-mask');
  }
  if (mask === 0n) {
    forgetValue(match, field);
    return P_ANY;
  }
  if (mask !== ones && !field.maskable) return P_NONE;
  const { key, mask: wild } = match;
  switch (field.name) {
    case 'dl_vlan':
      writeBits(key, field, value);
      wild.setU16(
        OFF_VLAN_TCI,
        value === BigInt(OFP10_VLAN_NONE) ? 0xffff : wild.u16(OFF_VLAN_TCI) | VLAN_CFI | VLAN_VID_MASK,
      );
      break;
    case 'dl_vlan_pcp':
    case 'vlan_pcp':
      writeBits(key, field, value);
      wild.setU16(OFF_VLAN_TCI, wild.u16(OFF_VLAN_TCI) | VLAN_CFI | VLAN_PCP_MASK);
      break;
    case 'icmp_type':
    case 'icmp_code':
    case 'icmpv6_type':
    case 'icmpv6_code':
    case 'nd_options_type':
      writeBits(key, field, value);
      wild.setU16(field.offset, 0xffff);
      break;
    case 'in_port_oxm':
      // As by its other number, which has 16 bits.
      writeBits(key, field, value);
      writeField(wild, field, 0xffffn);
      break;
    case 'actset_output':
      writeBits(key, field, value);
      writeField(wild, field, mask);
      break;
    case 'ipv6_label':
      // A mask keeps the twelve bits above the label, and a whole label has them.
      key.setU32(OFF_IPV6_LABEL, Number(value & mask));
      wild.setU32(OFF_IPV6_LABEL, (mask & IPV6_LABEL_ONES) === IPV6_LABEL_ONES ? 0xffffffff : Number(mask));
      break;
    case 'tcp_flags':
      key.setU16(OFF_TCP_FLAGS, Number(value & mask));
      wild.setU16(OFF_TCP_FLAGS, Number(mask));
      break;
    case 'tun_erspan_idx':
      key.setU32(field.offset, Number(value & mask));
      wild.setU32(field.offset, Number(mask));
      break;
    case 'tun_erspan_ver':
    case 'tun_erspan_dir':
    case 'tun_erspan_hwid':
    case 'tun_gtpu_flags':
    case 'tun_gtpu_msgtype':
      // OVS 3.1 takes the value for the mask, where there is one.
      key.setU8(field.offset, Number(value & mask));
      wild.setU8(field.offset, Number(value));
      break;
    default:
      writeBits(key, field, value & mask);
      writeBits(wild, field, mask);
  }
  if (mask === ones) return protocolsOfField(field, 'exact');
  return protocolsOfField(field, field.format === 'ipv4' && isCidr(mask) ? 'prefix' : 'any-mask');
}

/** Does the match say anything of the field, or of another that stands in its place? (mf_is_all_wild) */
export function isFieldMatched({ mask }: Match, field: Field): boolean {
  if (field.option !== null) return isOptionPresent(mask, field.option);
  switch (field.name) {
    case 'ipv6_label':
    case 'tcp_flags':
    case 'nd_options_type':
    case 'icmp_type':
    case 'icmp_code':
    case 'icmpv6_type':
    case 'icmpv6_code':
    case 'tun_erspan_idx':
    case 'tun_erspan_ver':
    case 'tun_erspan_dir':
    case 'tun_erspan_hwid':
      return !mask.isZero(field.offset, field.size);
    default:
      return readValue(mask, field) !== 0n;
  }
}

/** Makes the match say nothing of the field (mf_set_wild). */
function forgetValue(match: Match, field: Field): void {
  const forget = (bits: number): void => {
    match.mask.setU16(OFF_VLAN_TCI, match.mask.u16(OFF_VLAN_TCI) & ~bits);
    match.key.setU16(OFF_VLAN_TCI, match.key.u16(OFF_VLAN_TCI) & ~bits);
  };
  const masked = match.mask.u16(OFF_VLAN_TCI);
  switch (field.name) {
    case 'dl_vlan':
    case 'vlan_vid':
      forget((masked & VLAN_PCP_MASK) !== 0 ? VLAN_VID_MASK : 0xffff);
      return;
    case 'dl_vlan_pcp':
    case 'vlan_pcp':
      forget((masked & VLAN_VID_MASK) !== 0 ? VLAN_PCP_MASK : 0xffff);
      return;
    case 'icmp_type':
    case 'icmpv6_type':
      match.mask.setU16(OFF_TP_SRC, 0);
      match.key.setU16(OFF_TP_SRC, 0);
      return;
    case 'icmp_code':
    case 'icmpv6_code':
      match.mask.setU16(OFF_TP_DST, 0);
      match.key.setU16(OFF_TP_DST, 0);
      return;
    case 'nd_options_type':
      match.mask.setU16(field.offset, 0);
      match.key.setU16(field.offset, 0);
      return;
    default:
      writeBits(match.mask, field, 0n);
      writeBits(match.key, field, 0n);
  }
}
