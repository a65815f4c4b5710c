/**
 * The flow key: what a packet looks like to the switch, as a fixed row of 32-bit words.
 *
 * Mirrors `struct sw_flow_key` (net/openvswitch) and `struct flow` (lib/flow.h). One layout serves the datapath and
 * userspace: words 0..144 are the datapath's, the rest (registers, metadata) exist only while OpenFlow tables are
 * translated and are zero in the datapath.
 *
 * Every field stands in network byte order, as its bytes stand in the frame, so that the hot path copies raw
 * little-endian words and never swaps (a mask or a value is swapped once, when it is installed).
 *
 * The first 64 bytes (BASE_WORDS) hold all that untagged or tagged IPv4/TCP/UDP traffic sets; SHAPE says which of the
 * later sections are non-zero, so that a lookup can stop after one cache line. SHAPE is not a match field: it is
 * derived, and no mask covers it.
 *
 * ```
 *  byte  0 in_port        4 recirc_id      8 eth_dst..eth_src (6+6)
 *       20 vlan[0] tpid,tci               24 eth_type, nw_frag, nw_proto
 *       28 nw_tos, nw_ttl, tcp_flags      32 nw_src       36 nw_dst      40 tp_src, tp_dst
 *       44 ct_state, ct_zone              48 packet_type  52 pkt_mark    56 skb_priority  60 SHAPE
 *       64 vlan[1] tpid,tci   68 mpls[0..2]   80 ipv6_src  96 ipv6_dst  112 ipv6_label  116 nd_target
 *      132 arp_sha..arp_tha  144 igmp_group  148 nsh (24 bytes)
 *      172 dp_hash  176 ct_mark  180 ct_label  196 ct original tuple (48 bytes)
 *      244 tunnel (60 bytes)   304 tunnel, GTP-U and ERSPAN (12 bytes)   316 tunnel options (264 bytes)
 *      580 metadata, reg0..reg15, actset_output, conj_id   (userspace only)
 * ```
 */

export const OFF_IN_PORT = 0;
export const OFF_RECIRC_ID = 4;
export const OFF_ETH_DST = 8;
export const OFF_ETH_SRC = 14;
export const OFF_VLAN_TPID = 20;
export const OFF_VLAN_TCI = 22;
export const OFF_ETH_TYPE = 24;
export const OFF_NW_FRAG = 26;
export const OFF_NW_PROTO = 27;
export const OFF_NW_TOS = 28;
export const OFF_NW_TTL = 29;
export const OFF_TCP_FLAGS = 30;
export const OFF_NW_SRC = 32;
export const OFF_NW_DST = 36;
export const OFF_TP_SRC = 40;
export const OFF_TP_DST = 42;
export const OFF_CT_STATE = 44;
export const OFF_CT_ZONE = 46;
export const OFF_PACKET_TYPE = 48;
export const OFF_PKT_MARK = 52;
export const OFF_SKB_PRIORITY = 56;
export const OFF_SHAPE = 60;
export const OFF_VLAN1_TPID = 64;
export const OFF_VLAN1_TCI = 66;
export const OFF_MPLS = 68;
export const OFF_IPV6_SRC = 80;
export const OFF_IPV6_DST = 96;
export const OFF_IPV6_LABEL = 112;
export const OFF_ND_TARGET = 116;
export const OFF_ARP_SHA = 132;
export const OFF_ARP_THA = 138;
export const OFF_IGMP_GROUP = 144;
export const OFF_NSH_FLAGS = 148;
export const OFF_NSH_TTL = 149;
export const OFF_NSH_MDTYPE = 150;
export const OFF_NSH_NP = 151;
/** Service path identifier (24 bits) and service index (8 bits), RFC 8300 §2.3. */
export const OFF_NSH_PATH_HDR = 152;
/** Four context words of MD type 1. */
export const OFF_NSH_CONTEXT = 156;
export const OFF_DP_HASH = 172;
export const OFF_CT_MARK = 176;
export const OFF_CT_LABEL = 180;
export const OFF_CT_NW_SRC = 196;
export const OFF_CT_NW_DST = 200;
export const OFF_CT_IPV6_SRC = 204;
export const OFF_CT_IPV6_DST = 220;
export const OFF_CT_TP_SRC = 236;
export const OFF_CT_TP_DST = 238;
export const OFF_CT_NW_PROTO = 240;
export const OFF_TUN_ID = 244;
export const OFF_TUN_SRC = 252;
export const OFF_TUN_DST = 256;
export const OFF_TUN_IPV6_SRC = 260;
export const OFF_TUN_IPV6_DST = 276;
export const OFF_TUN_FLAGS = 292;
export const OFF_TUN_TOS = 294;
export const OFF_TUN_TTL = 295;
export const OFF_TUN_GBP_ID = 296;
export const OFF_TUN_GBP_FLAGS = 298;
export const OFF_TUN_TP_SRC = 300;
export const OFF_TUN_TP_DST = 302;
export const OFF_TUN_GTPU_FLAGS = 304;
export const OFF_TUN_GTPU_MSGTYPE = 305;
export const OFF_TUN_ERSPAN_VER = 306;
export const OFF_TUN_ERSPAN_DIR = 307;
export const OFF_TUN_ERSPAN_IDX = 308;
export const OFF_TUN_ERSPAN_HWID = 312;
/**
 * Tunnel options (struct tun_metadata, lib/tun-metadata.h), in one of two forms. Raw, as the datapath has them: the
 * length in bytes as 16 bits at OFF_TUN_OPTIONS_PRESENT, the options of RFC 8926 §3.5 one behind the other at
 * OFF_TUN_OPTIONS. Translated, as OpenFlow tables see them: at OFF_TUN_OPTIONS_PRESENT a 64-bit map of which of
 * tun_metadata0..63 are there, at OFF_TUN_OPTIONS their values where the bridge's TLV map has put them.
 */
export const OFF_TUN_OPTIONS_PRESENT = 316;
export const OFF_TUN_OPTIONS = 324;
export const TUN_OPTIONS_SIZE = 256;
/** First byte that only userspace knows. */
export const OFF_USERSPACE = 580;
export const OFF_METADATA = 580;
export const OFF_REG0 = 588;
export const OFF_ACTSET_OUTPUT = 652;
export const OFF_CONJ_ID = 656;

/** Words of a whole key. */
export const KEY_WORDS = 165;
export const KEY_BYTES = KEY_WORDS * 4;
/** Words that the datapath sees; a datapath key has zeros beyond them. */
export const DATAPATH_WORDS = OFF_USERSPACE / 4;
/** Words of the first section, one cache line. */
export const BASE_WORDS = 16;
export const SHAPE_WORD = OFF_SHAPE / 4;

/** Bits of the SHAPE word: which later sections of the key are non-zero. */
export const SHAPE_VLAN1 = 1; // vlan[1]
export const SHAPE_MPLS = 2;
export const SHAPE_IPV6 = 4; // ipv6_src .. nd_target
export const SHAPE_ARP = 8; // arp_sha, arp_tha (also ND link-layer options)
export const SHAPE_IGMP = 16;
export const SHAPE_META = 32; // dp_hash, ct_mark, ct_label, ct original tuple
export const SHAPE_TUNNEL = 64; // all of the tunnel but its options
export const SHAPE_NSH = 128;
export const SHAPE_TUNNEL_OPTIONS = 256;

/** OVS's marker in vlan_tci: a tag is present (the CFI/DEI bit of IEEE 802.1Q-2018 §9.6 is not kept). */
export const VLAN_CFI = 0x1000;
export const VLAN_VID_MASK = 0x0fff;
export const VLAN_PCP_SHIFT = 13;

/** nw_frag bits (lib/packets.h): a fragment; not the first one. */
export const FRAG_ANY = 1;
export const FRAG_LATER = 2;

/** tun_flags bits as OVS keeps them (lib/flow.h FLOW_TNL_F_*). */
export const TUN_F_DF = 1;
export const TUN_F_CSUM = 2;
export const TUN_F_KEY = 4;
export const TUN_F_OAM = 8;
/** Not on the wire: the key came with Geneve options, if none, in the raw form (FLOW_TNL_F_UDPIF). */
export const TUN_F_UDPIF = 16;

/** packet_type of Ethernet, (namespace << 16 | type), OpenFlow 1.5.1 §7.2.3.12. */
export const PT_ETH = 0;

/** Where a field's value stands: runs of bytes from OFF_TUN_OPTIONS, the first its most significant. */
export interface OptionPlace {
  readonly size: number;
  readonly runs: readonly { readonly offset: number; readonly size: number }[];
  /** Of a match's own: a mask was written, which need not have bits. */
  readonly isMasked?: boolean;
}

/** Anything that knows the places: a key in translated form refers to one. */
export interface OptionPlaces {
  placeOf(index: number): OptionPlace | null;
}

/**
 * One key (or one mask) held by itself, for all work off the hot path.
 * Tables keep theirs inside one arena with the same layout and use the word functions below.
 */
export class FlowKey {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  /** Where tun_metadata0..63 stand in a key whose options are translated; null: they are raw. */
  optionPlaces: OptionPlaces | null = null;

  constructor(words: Int32Array = new Int32Array(KEY_WORDS)) {
    this.words = words;
    this.bytes = new Uint8Array(words.buffer, words.byteOffset, KEY_BYTES);
  }

  u8(offset: number): number {
    return this.bytes[offset]!;
  }

  u16(offset: number): number {
    const { bytes } = this;
    return (bytes[offset]! << 8) | bytes[offset + 1]!;
  }

  u32(offset: number): number {
    const { bytes } = this;
    return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0;
  }

  setU8(offset: number, value: number): void {
    this.bytes[offset] = value;
  }

  setU16(offset: number, value: number): void {
    this.bytes[offset] = value >>> 8;
    this.bytes[offset + 1] = value;
  }

  setU32(offset: number, value: number): void {
    const { bytes } = this;
    bytes[offset] = value >>> 24;
    bytes[offset + 1] = value >>> 16;
    bytes[offset + 2] = value >>> 8;
    bytes[offset + 3] = value;
  }

  u64(offset: number): bigint {
    return (BigInt(this.u32(offset)) << 32n) | BigInt(this.u32(offset + 4));
  }

  setU64(offset: number, value: bigint): void {
    this.setU32(offset, Number(value >> 32n));
    this.setU32(offset + 4, Number(value & 0xffff_ffffn));
  }

  clone(): FlowKey {
    const copy = new FlowKey(this.words.slice());
    copy.optionPlaces = this.optionPlaces;
    return copy;
  }

  copyFrom(other: FlowKey): void {
    this.words.set(other.words);
    this.optionPlaces = other.optionPlaces;
  }

  clear(): void {
    this.words.fill(0);
  }

  /** True when every byte of [offset, offset + size) is zero. */
  isZero(offset: number, size: number): boolean {
    for (let i = offset; i < offset + size; i++) if (this.bytes[i] !== 0) return false;
    return true;
  }

  equals(other: FlowKey): boolean {
    for (let i = 0; i < KEY_WORDS; i++) if (i !== SHAPE_WORD && this.words[i] !== other.words[i]) return false;
    return true;
  }

  /** Sets SHAPE from the contents: call it after writing fields by hand. */
  updateShape(): void {
    let shape = 0;
    if (!this.isZero(OFF_VLAN1_TPID, 4)) shape |= SHAPE_VLAN1;
    if (!this.isZero(OFF_MPLS, 12)) shape |= SHAPE_MPLS;
    if (!this.isZero(OFF_IPV6_SRC, 52)) shape |= SHAPE_IPV6;
    if (!this.isZero(OFF_ARP_SHA, 12)) shape |= SHAPE_ARP;
    if (!this.isZero(OFF_IGMP_GROUP, 4)) shape |= SHAPE_IGMP;
    if (!this.isZero(OFF_NSH_FLAGS, OFF_DP_HASH - OFF_NSH_FLAGS)) shape |= SHAPE_NSH;
    if (!this.isZero(OFF_DP_HASH, OFF_TUN_ID - OFF_DP_HASH)) shape |= SHAPE_META;
    if (!this.isZero(OFF_TUN_ID, OFF_TUN_OPTIONS_PRESENT - OFF_TUN_ID)) shape |= SHAPE_TUNNEL;
    if (!this.isZero(OFF_TUN_OPTIONS_PRESENT, OFF_USERSPACE - OFF_TUN_OPTIONS_PRESENT)) shape |= SHAPE_TUNNEL_OPTIONS;
    this.words[SHAPE_WORD] = shape;
  }
}
