/**
 * A match as OVS prints it: in dump-flows, and in the `Megaflow:` line of a trace.
 *
 * Mirrors match_format() (lib/match.c): the order of fields, the protocol words and the number formats are its own, not
 * those of the field table.
 */
import { type Field, fieldNamed, fieldOnes, readField } from '#flowtable/fields.js';
import {
  type FlowKey,
  OFF_CT_NW_PROTO,
  OFF_CT_STATE,
  OFF_ETH_TYPE,
  OFF_IGMP_GROUP,
  OFF_IPV6_LABEL,
  OFF_MPLS,
  OFF_NSH_MDTYPE,
  OFF_NW_FRAG,
  OFF_NW_PROTO,
  OFF_NW_TOS,
  OFF_PACKET_TYPE,
  OFF_RECIRC_ID,
  OFF_TCP_FLAGS,
  OFF_TP_DST,
  OFF_TP_SRC,
  OFF_TUN_ERSPAN_VER,
  OFF_TUN_FLAGS,
  OFF_VLAN_TCI,
  OFF_VLAN1_TCI,
  TUN_F_CSUM,
  TUN_F_DF,
  TUN_F_KEY,
  TUN_F_OAM,
  VLAN_CFI,
  VLAN_PCP_SHIFT,
  VLAN_VID_MASK,
} from '#flowtable/flow-key.js';
import type { Match } from '#flowtable/match.js';
import { formatIpv4Masked, formatIpv6Masked, formatMacMasked } from './address-text.js';
import { formatFragment, formatPacketType } from './field-text.js';
import { CT_STATE_FLAGS, formatFlags, TCP_FLAGS, TUNNEL_FLAGS } from './flag-text.js';
import { DEFAULT_PRIORITY } from './flow-mod.js';
import { formatHex } from './number-text.js';
import { formatOptions } from './option-fields.js';
import { formatPort } from './port-text.js';
import { NO_PORT_NAMES, type PortNames } from './ports.js';

export interface MatchFormatOptions {
  readonly ports: PortNames;
  /** Names of ports instead of their numbers. */
  readonly names?: boolean;
  /** Printed unless it is the default one. */
  readonly priority?: number;
}

const ICMP = 1;
const TCP = 6;
const ICMPV6 = 58;
const VLAN_PCP_MASK = 0xe000;

const row = (names: string): readonly Field[] => names.split(' ').map(fieldNamed);

const CT_ADDRESSES = row('ct_nw_src ct_ipv6_src ct_nw_dst ct_ipv6_dst');
const CT_PORTS = row('ct_tp_src ct_tp_dst');
const REGISTERS = Array.from({ length: 16 }, (_, i) => fieldNamed(`reg${i}`));
const TUNNEL_ADDRESSES = row('tun_src tun_dst tun_ipv6_src tun_ipv6_dst');
const ETHERNET = row('eth_src eth_dst');
const IPV4_ADDRESSES = row('ip_src ip_dst');
const ARP_ADDRESSES = row('arp_spa arp_tpa');
const ARP_HARDWARE = row('arp_sha arp_tha');
const IPV6_ADDRESSES = row('ipv6_src ipv6_dst');
const ND_HARDWARE = row('nd_sll nd_tll');
const CONJ_ID = fieldNamed('conj_id');
const SKB_PRIORITY = fieldNamed('skb_priority');
const ACTSET_OUTPUT = fieldNamed('actset_output');
const IN_PORT = fieldNamed('in_port');
const PKT_MARK = fieldNamed('pkt_mark');
const RECIRC_ID = fieldNamed('recirc_id');
const DP_HASH = fieldNamed('dp_hash');
const CT_ZONE = fieldNamed('ct_zone');
const CT_MARK = fieldNamed('ct_mark');
const CT_LABEL = fieldNamed('ct_label');
const TUN_ID = fieldNamed('tun_id');
const TUN_GBP_ID = fieldNamed('tun_gbp_id');
const TUN_GBP_FLAGS = fieldNamed('tun_gbp_flags');
const TUN_TOS = fieldNamed('tun_tos');
const TUN_TTL = fieldNamed('tun_ttl');
const TUN_ERSPAN_VER = fieldNamed('tun_erspan_ver');
const TUN_ERSPAN_IDX = fieldNamed('tun_erspan_idx');
const TUN_ERSPAN_DIR = fieldNamed('tun_erspan_dir');
const TUN_ERSPAN_HWID = fieldNamed('tun_erspan_hwid');
const TUN_GTPU_FLAGS = fieldNamed('tun_gtpu_flags');
const TUN_GTPU_MSGTYPE = fieldNamed('tun_gtpu_msgtype');
const METADATA = fieldNamed('metadata');
const NW_TTL = fieldNamed('nw_ttl');
const ND_TARGET = fieldNamed('nd_target');
const MPLS_FIELDS = row('mpls_label mpls_tc mpls_ttl mpls_bos');
const NSH_BASE = row('nsh_flags nsh_ttl nsh_mdtype nsh_np');
const NSH_SPI = fieldNamed('nsh_spi');
const NSH_SI = fieldNamed('nsh_si');
const NSH_CONTEXT = row('nsh_c1 nsh_c2 nsh_c3 nsh_c4');
const ETH_TYPE_NSH = 0x894f;
const NSH_MD_TYPE_1 = 1;

/** OVS still prints these by their older names. */
const PRINTED_NAMES: ReadonlyMap<string, string> = new Map([
  ['eth_src', 'dl_src'],
  ['eth_dst', 'dl_dst'],
  ['ip_src', 'nw_src'],
  ['ip_dst', 'nw_dst'],
]);

/** The words for Ethernet types, and with an IP protocol. */
function protocolWord(ethType: number, proto: number, hasProto: boolean): { word: string; saysProto: boolean } | null {
  const found = hasProto ? PROTOCOL_WORDS.get(`${ethType}/${proto}`) : undefined;
  if (found !== undefined) return { word: found, saysProto: true };
  const word = PROTOCOL_WORDS.get(`${ethType}`);
  return word === undefined ? null : { word, saysProto: false };
}

const PROTOCOL_WORDS: ReadonlyMap<string, string> = new Map([
  [`${0x0800}`, 'ip'],
  [`${0x0800}/1`, 'icmp'],
  [`${0x0800}/6`, 'tcp'],
  [`${0x0800}/17`, 'udp'],
  [`${0x0800}/132`, 'sctp'],
  [`${0x86dd}`, 'ipv6'],
  [`${0x86dd}/58`, 'icmp6'],
  [`${0x86dd}/6`, 'tcp6'],
  [`${0x86dd}/17`, 'udp6'],
  [`${0x86dd}/132`, 'sctp6'],
  [`${0x0806}`, 'arp'],
  [`${0x8035}`, 'rarp'],
  [`${0x8847}`, 'mpls'],
  [`${0x8848}`, 'mplsm'],
]);

/** Collects the parts of one match's text. */
class MatchText {
  readonly parts: string[] = [];
  readonly key: FlowKey;
  readonly mask: FlowKey;

  constructor(match: Match) {
    this.key = match.key;
    this.mask = match.mask;
  }

  add(part: string): void {
    this.parts.push(part);
  }

  has(field: Field): boolean {
    return readField(this.mask, field) !== 0n;
  }

  /** `name=value` where any bit of the field is matched; `write` gets the value and, where partial, the mask. */
  field(field: Field, write: (value: bigint, mask: bigint | null) => string, name = printedName(field)): void {
    const mask = readField(this.mask, field);
    if (mask === 0n) return;
    this.add(`${name}=${write(readField(this.key, field), mask === fieldOnes(field) ? null : mask)}`);
  }

  hex(field: Field): void {
    this.field(field, (value, mask) => formatHex(value) + (mask === null ? '' : `/${formatHex(mask)}`));
  }

  decimal(field: Field): void {
    this.field(field, (value, mask) => (mask === null ? `${value}` : `0x${hexOf(value)}/0x${hexOf(mask)}`));
  }

  /** As decimal(), with two digits where there is a mask. */
  byte(field: Field): void {
    const twoDigits = (value: bigint): string => `0x${hexOf(value).padStart(2, '0')}`;
    this.field(field, (value, mask) => (mask === null ? `${value}` : `${twoDigits(value)}/${twoDigits(mask)}`));
  }

  /** As hex(), with its prefix even before a zero. */
  word(field: Field): void {
    this.field(field, (value, mask) => `0x${hexOf(value)}${mask === null ? '' : `/0x${hexOf(mask)}`}`);
  }

  /** The value alone: fields that OVS prints without a mask. */
  plain(field: Field): void {
    this.field(field, (value) => `${value}`);
  }

  address(field: Field): void {
    this.field(field, (value, partial) => {
      const mask = partial ?? fieldOnes(field);
      switch (field.format) {
        case 'mac':
          return formatMacMasked(value, mask);
        case 'ipv6':
          return formatIpv6Masked(value, mask);
        default:
          return formatIpv4Masked(value, mask);
      }
    });
  }

  /** A 16-bit transport port or ICMP code under the name that fits. */
  port16(name: string, offset: number): void {
    const mask = this.mask.u16(offset);
    if (mask === 0) return;
    const value = this.key.u16(offset);
    this.add(`${name}=${mask === 0xffff ? value : `0x${value.toString(16)}/0x${mask.toString(16)}`}`);
  }
}

const printedName = (field: Field): string => PRINTED_NAMES.get(field.name) ?? field.name;
const hexOf = (value: bigint): string => value.toString(16);

export function formatMatch(match: Match, options: MatchFormatOptions): string {
  const text = new MatchText(match);
  const { key, mask } = match;
  const ports = options.names ? options.ports : NO_PORT_NAMES;
  const priority = options.priority ?? DEFAULT_PRIORITY;
  if (priority !== DEFAULT_PRIORITY) text.add(`priority=${priority}`);
  addPacketContext(text, ports);

  const packetTypeMask = mask.u32(OFF_PACKET_TYPE);
  let ethType = key.u16(OFF_ETH_TYPE);
  if (packetTypeMask !== 0) {
    const packetType = key.u32(OFF_PACKET_TYPE);
    const isDefault = packetType === 0 && packetTypeMask === 0xffffffff;
    if (!isDefault || mask.u32(OFF_RECIRC_ID) !== 0) {
      text.add(formatPacketType(packetType, packetTypeMask));
      if (packetType >>> 16 === 1) ethType = packetType & 0xffff;
    }
  }
  let saysType = false;
  let saysProto = false;
  if (mask.u16(OFF_ETH_TYPE) !== 0) {
    const word = protocolWord(ethType, key.u8(OFF_NW_PROTO), mask.u8(OFF_NW_PROTO) !== 0);
    if (word !== null) {
      text.add(word.word);
      saysType = true;
      saysProto = word.saysProto;
    }
  }

  for (const register of REGISTERS) text.hex(register);
  addTunnel(text, match);
  text.hex(METADATA);
  text.field(IN_PORT, (value) => formatPort(Number(value), ports));
  addVlans(text);
  for (const field of ETHERNET) text.address(field);
  if (!saysType && mask.u16(OFF_ETH_TYPE) !== 0) text.add(`dl_type=0x${ethType.toString(16).padStart(4, '0')}`);
  addNetwork(text, ethType, saysProto);
  addTransport(text, ethType);
  return text.parts.join(',');
}

/** What a packet carries beside its headers. */
function addPacketContext(text: MatchText, ports: PortNames): void {
  text.hex(PKT_MARK);
  text.hex(RECIRC_ID);
  text.hex(DP_HASH);
  text.plain(CONJ_ID);
  text.field(SKB_PRIORITY, formatHex);
  text.field(ACTSET_OUTPUT, (value) => formatPort(Number(value), ports));
  const ctMask = text.mask.u16(OFF_CT_STATE);
  if (ctMask !== 0)
    text.add(`ct_state=${formatFlags(text.key.u16(OFF_CT_STATE), ctMask & 0xff, CT_STATE_FLAGS, 0xff)}`);
  text.decimal(CT_ZONE);
  text.hex(CT_MARK);
  text.hex(CT_LABEL);
  for (const field of CT_ADDRESSES) text.address(field);
  if (text.mask.u8(OFF_CT_NW_PROTO) !== 0) {
    text.add(`ct_nw_proto=${text.key.u8(OFF_CT_NW_PROTO)}`);
    for (const field of CT_PORTS) text.decimal(field);
  }
}

/** Tunnel flags in OVS's numbering: the key's are in the order of the kernel's. */
function ovsTunnelFlags(bits: number): number {
  return (
    ((bits & TUN_F_OAM) !== 0 ? 1 : 0) |
    ((bits & TUN_F_DF) !== 0 ? 2 : 0) |
    ((bits & TUN_F_CSUM) !== 0 ? 4 : 0) |
    ((bits & TUN_F_KEY) !== 0 ? 8 : 0)
  );
}

function addTunnel(text: MatchText, match: Match): void {
  text.hex(TUN_ID);
  for (const field of TUNNEL_ADDRESSES) text.address(field);
  text.decimal(TUN_GBP_ID);
  text.field(TUN_GBP_FLAGS, formatHex);
  text.field(TUN_TOS, hexOf);
  text.plain(TUN_TTL);
  text.plain(TUN_ERSPAN_VER);
  const version = text.key.u8(OFF_TUN_ERSPAN_VER);
  if (version === 1) text.field(TUN_ERSPAN_IDX, formatHex);
  if (version === 2) {
    text.plain(TUN_ERSPAN_DIR);
    text.field(TUN_ERSPAN_HWID, formatHex);
  }
  text.field(TUN_GTPU_FLAGS, formatHex, 'gtpu_flags');
  text.field(TUN_GTPU_MSGTYPE, (value) => `${value}`, 'gtpu_msgtype');
  const flags = ovsTunnelFlags(text.mask.u16(OFF_TUN_FLAGS));
  if (flags !== 0) {
    text.add(`tun_flags=${formatFlags(ovsTunnelFlags(text.key.u16(OFF_TUN_FLAGS)), flags, TUNNEL_FLAGS, 15)}`);
  }
  for (const option of formatOptions(match)) text.add(option);
}

function addVlans(text: MatchText): void {
  for (const [suffix, offset] of [
    ['', OFF_VLAN_TCI],
    ['1', OFF_VLAN1_TCI],
  ] as const) {
    const mask = text.mask.u16(offset);
    if (mask === 0) return;
    const tci = text.key.u16(offset);
    const vidMask = mask & VLAN_VID_MASK;
    const pcpMask = mask & VLAN_PCP_MASK;
    const isTagged = (mask & tci & VLAN_CFI) !== 0;
    const isWhole = (vidMask === 0 || vidMask === VLAN_VID_MASK) && (pcpMask === 0 || pcpMask === VLAN_PCP_MASK);
    if (isTagged && isWhole && (vidMask | pcpMask) !== 0) {
      if (vidMask !== 0) text.add(`dl_vlan${suffix}=${tci & VLAN_VID_MASK}`);
      if (pcpMask !== 0) text.add(`dl_vlan_pcp${suffix}=${tci >> VLAN_PCP_SHIFT}`);
    } else {
      const hex = (value: number): string => `0x${value.toString(16).padStart(4, '0')}`;
      text.add(`vlan_tci${suffix}=${hex(tci)}${mask === 0xffff ? '' : `/${hex(mask)}`}`);
    }
  }
}

function addNetwork(text: MatchText, ethType: number, saysProto: boolean): void {
  const { key, mask } = text;
  const isArp = ethType === 0x0806 || ethType === 0x8035;
  if (ethType === 0x86dd) {
    for (const field of IPV6_ADDRESSES) text.address(field);
    const label = (value: bigint): string => `0x${value.toString(16).padStart(5, '0')}`;
    const labelMask = mask.u32(OFF_IPV6_LABEL);
    if (labelMask !== 0) {
      const suffix = labelMask === 0xffffffff ? '' : `/${label(BigInt(labelMask))}`;
      text.add(`ipv6_label=${label(BigInt(key.u32(OFF_IPV6_LABEL)))}${suffix}`);
    }
  } else if (ethType === ETH_TYPE_NSH) {
    addNsh(text);
  } else {
    for (const field of isArp ? ARP_ADDRESSES : IPV4_ADDRESSES) text.address(field);
  }
  if (!saysProto && mask.u8(OFF_NW_PROTO) !== 0) text.add(`${isArp ? 'arp_op' : 'nw_proto'}=${key.u8(OFF_NW_PROTO)}`);
  if (isArp) for (const field of ARP_HARDWARE) text.address(field);
  const tosMask = mask.u8(OFF_NW_TOS);
  if ((tosMask & 0xfc) !== 0) text.add(`nw_tos=${key.u8(OFF_NW_TOS) & 0xfc}`);
  if ((tosMask & 3) !== 0) text.add(`nw_ecn=${key.u8(OFF_NW_TOS) & 3}`);
  text.plain(NW_TTL);
  for (const field of MPLS_FIELDS) text.plain(field);
  for (const entry of [1, 2]) {
    const entryMask = mask.u32(OFF_MPLS + 4 * entry);
    if (entryMask === 0) continue;
    const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;
    const value = key.u32(OFF_MPLS + 4 * entry);
    text.add(`mpls_lse${entry}=${entryMask === 0xffffffff ? value : `${hex(value)}/${hex(entryMask)}`}`);
  }
  const fragMask = mask.u8(OFF_NW_FRAG) & 3;
  if (fragMask !== 0) text.add(`nw_frag=${formatFragment(key.u8(OFF_NW_FRAG), fragMask)}`);
}

/** Context words are told only of headers that are known to have them. */
function addNsh(text: MatchText): void {
  for (const field of NSH_BASE) text.byte(field);
  text.word(NSH_SPI);
  text.byte(NSH_SI);
  const { key, mask } = text;
  if (mask.u8(OFF_NSH_MDTYPE) !== 0xff || key.u8(OFF_NSH_MDTYPE) !== NSH_MD_TYPE_1) return;
  for (const field of NSH_CONTEXT) text.word(field);
}

function addTransport(text: MatchText, ethType: number): void {
  const { key, mask } = text;
  const proto = key.u8(OFF_NW_PROTO);
  if (ethType === 0x0800 && proto === ICMP) {
    text.port16('icmp_type', OFF_TP_SRC);
    text.port16('icmp_code', OFF_TP_DST);
  } else if (ethType === 0x86dd && proto === ICMPV6) {
    text.port16('icmp_type', OFF_TP_SRC);
    text.port16('icmp_code', OFF_TP_DST);
    text.address(ND_TARGET);
    for (const field of ND_HARDWARE) text.address(field);
    const reservedMask = mask.u32(OFF_IGMP_GROUP);
    if (reservedMask !== 0) {
      const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;
      const value = key.u32(OFF_IGMP_GROUP);
      text.add(`nd_reserved=${reservedMask === 0xffffffff ? value : `${hex(value)}/${hex(reservedMask)}`}`);
    }
    text.port16('nd_options_type', OFF_TCP_FLAGS);
  } else {
    text.port16('tp_src', OFF_TP_SRC);
    text.port16('tp_dst', OFF_TP_DST);
  }
  const flagMask = mask.u16(OFF_TCP_FLAGS) & 0xfff;
  if (flagMask !== 0 && proto === TCP && (ethType === 0x0800 || ethType === 0x86dd)) {
    text.add(`tcp_flags=${formatFlags(key.u16(OFF_TCP_FLAGS), flagMask, TCP_FLAGS, 0xfff)}`);
  }
}
