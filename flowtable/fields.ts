/**
 * The one table of match fields. Parsing, printing, the wire, set_field, wildcard tracking and documentation derive
 * from it; a new field is one row.
 *
 * Mirrors lib/meta-flow.h of OVS and ovs-fields(7); numbers of the wire from OpenFlow 1.5.1 §7.2.3.7 (OXM) and the
 * Nicira extensions (NXM). Deliberately different: where OVS has one C accessor for each field, a row says which bits
 * of the flow key the field is.
 */
import {
  type FlowKey,
  OFF_ACTSET_OUTPUT,
  OFF_ARP_SHA,
  OFF_ARP_THA,
  OFF_CONJ_ID,
  OFF_CT_IPV6_DST,
  OFF_CT_IPV6_SRC,
  OFF_CT_LABEL,
  OFF_CT_MARK,
  OFF_CT_NW_DST,
  OFF_CT_NW_PROTO,
  OFF_CT_NW_SRC,
  OFF_CT_STATE,
  OFF_CT_TP_DST,
  OFF_CT_TP_SRC,
  OFF_CT_ZONE,
  OFF_DP_HASH,
  OFF_ETH_DST,
  OFF_ETH_SRC,
  OFF_ETH_TYPE,
  OFF_IGMP_GROUP,
  OFF_IN_PORT,
  OFF_IPV6_DST,
  OFF_IPV6_LABEL,
  OFF_IPV6_SRC,
  OFF_METADATA,
  OFF_MPLS,
  OFF_ND_TARGET,
  OFF_NSH_CONTEXT,
  OFF_NSH_FLAGS,
  OFF_NSH_MDTYPE,
  OFF_NSH_NP,
  OFF_NSH_PATH_HDR,
  OFF_NSH_TTL,
  OFF_NW_DST,
  OFF_NW_FRAG,
  OFF_NW_PROTO,
  OFF_NW_SRC,
  OFF_NW_TOS,
  OFF_NW_TTL,
  OFF_PACKET_TYPE,
  OFF_PKT_MARK,
  OFF_RECIRC_ID,
  OFF_REG0,
  OFF_SKB_PRIORITY,
  OFF_TCP_FLAGS,
  OFF_TP_DST,
  OFF_TP_SRC,
  OFF_TUN_DST,
  OFF_TUN_ERSPAN_DIR,
  OFF_TUN_ERSPAN_HWID,
  OFF_TUN_ERSPAN_IDX,
  OFF_TUN_ERSPAN_VER,
  OFF_TUN_FLAGS,
  OFF_TUN_GBP_FLAGS,
  OFF_TUN_GBP_ID,
  OFF_TUN_GTPU_FLAGS,
  OFF_TUN_GTPU_MSGTYPE,
  OFF_TUN_ID,
  OFF_TUN_IPV6_DST,
  OFF_TUN_IPV6_SRC,
  OFF_TUN_OPTIONS,
  OFF_TUN_SRC,
  OFF_TUN_TOS,
  OFF_TUN_TP_DST,
  OFF_TUN_TP_SRC,
  OFF_TUN_TTL,
  OFF_VLAN_TCI,
  OFF_VLAN_TPID,
  OFF_VLAN1_TCI,
  OFF_VLAN1_TPID,
} from './flow-key.js';
import { type Field, type FieldFormat, oxm, type Prerequisite, type Stage } from './field.js';
import { readOption, TUN_METADATA_FIELDS, TUN_METADATA_MAX_SIZE, writeOption } from './tunnel-options.js';

export type { Field, Prerequisite, Stage };

type RowOptions = Partial<
  Pick<Field, 'aliases' | 'bits' | 'shift' | 'wireSize' | 'prerequisite' | 'oxm' | 'option'>
> & {
  /** r = read-only; m = no partial masks; d = datapath only; u = userspace only. */
  readonly flags?: string;
  readonly stage?: Stage;
};

const rows: Field[] = [];

function row(name: string, offset: number, size: number, format: FieldFormat, options: RowOptions = {}): void {
  const flags = options.flags ?? '';
  const bits = options.bits ?? size * 8;
  rows.push({
    id: rows.length,
    name,
    aliases: options.aliases ?? [],
    offset,
    size,
    bits,
    shift: options.shift ?? 0,
    wireSize: options.wireSize ?? size,
    format,
    prerequisite: options.prerequisite ?? 'none',
    maskable: !flags.includes('m'),
    writable: !flags.includes('r') && !flags.includes('d'),
    openflow: !flags.includes('d'),
    userspace: flags.includes('u'),
    stage: options.stage ?? 0,
    oxm: options.oxm ?? [],
    option: options.option ?? null,
  });
}

// Metadata.
row('dp_hash', OFF_DP_HASH, 4, 'hexadecimal', {
  flags: 'r',
  oxm: [oxm('NXM_NX_DP_HASH', 35), oxm('NXOXM_ET_DP_HASH', 0)],
});
row('recirc_id', OFF_RECIRC_ID, 4, 'decimal', { flags: 'rm', oxm: [oxm('NXM_NX_RECIRC_ID', 36)] });
row('packet_type', OFF_PACKET_TYPE, 4, 'packet-type', { flags: 'rm', oxm: [oxm('OXM_OF_PACKET_TYPE', 44, 15)] });
row('conj_id', OFF_CONJ_ID, 4, 'decimal', { flags: 'rmu', oxm: [oxm('NXM_NX_CONJ_ID', 37)] });
row('tun_id', OFF_TUN_ID, 8, 'hexadecimal', {
  aliases: ['tunnel_id'],
  oxm: [oxm('NXM_NX_TUN_ID', 16), oxm('OXM_OF_TUNNEL_ID', 38, 13)],
});
row('tun_src', OFF_TUN_SRC, 4, 'ipv4', { oxm: [oxm('NXM_NX_TUN_IPV4_SRC', 31)] });
row('tun_dst', OFF_TUN_DST, 4, 'ipv4', { oxm: [oxm('NXM_NX_TUN_IPV4_DST', 32)] });
row('tun_ipv6_src', OFF_TUN_IPV6_SRC, 16, 'ipv6', { oxm: [oxm('NXM_NX_TUN_IPV6_SRC', 109)] });
row('tun_ipv6_dst', OFF_TUN_IPV6_DST, 16, 'ipv6', { oxm: [oxm('NXM_NX_TUN_IPV6_DST', 110)] });
row('tun_flags', OFF_TUN_FLAGS, 2, 'tunnel-flags', { bits: 1, shift: 3, oxm: [oxm('NXM_NX_TUN_FLAGS', 104)] });
row('tun_ttl', OFF_TUN_TTL, 1, 'decimal', { flags: 'rm' });
row('tun_tos', OFF_TUN_TOS, 1, 'decimal', { flags: 'rm' });
row('tun_gbp_id', OFF_TUN_GBP_ID, 2, 'decimal', { oxm: [oxm('NXM_NX_TUN_GBP_ID', 38)] });
row('tun_gbp_flags', OFF_TUN_GBP_FLAGS, 1, 'hexadecimal', { oxm: [oxm('NXM_NX_TUN_GBP_FLAGS', 39)] });
row('tun_erspan_idx', OFF_TUN_ERSPAN_IDX, 4, 'hexadecimal', { bits: 20, oxm: [oxm('NXOXM_ET_ERSPAN_IDX', 11)] });
row('tun_erspan_ver', OFF_TUN_ERSPAN_VER, 1, 'decimal', { bits: 4, oxm: [oxm('NXOXM_ET_ERSPAN_VER', 12)] });
row('tun_erspan_dir', OFF_TUN_ERSPAN_DIR, 1, 'decimal', { bits: 1, oxm: [oxm('NXOXM_ET_ERSPAN_DIR', 13)] });
row('tun_erspan_hwid', OFF_TUN_ERSPAN_HWID, 1, 'hexadecimal', { bits: 6, oxm: [oxm('NXOXM_ET_ERSPAN_HWID', 14)] });
row('tun_gtpu_flags', OFF_TUN_GTPU_FLAGS, 1, 'hexadecimal', { flags: 'r', oxm: [oxm('NXOXM_ET_GTPU_FLAGS', 15)] });
row('tun_gtpu_msgtype', OFF_TUN_GTPU_MSGTYPE, 1, 'decimal', { flags: 'r', oxm: [oxm('NXOXM_ET_GTPU_MSGTYPE', 16)] });
for (let i = 0; i < TUN_METADATA_FIELDS; i++) {
  row(`tun_metadata${i}`, OFF_TUN_OPTIONS, TUN_METADATA_MAX_SIZE, 'hexadecimal', {
    option: i,
    oxm: [oxm(`NXM_NX_TUN_METADATA${i}`, 40 + i)],
  });
}
row('metadata', OFF_METADATA, 8, 'hexadecimal', { flags: 'u', oxm: [oxm('OXM_OF_METADATA', 2)] });
row('in_port', OFF_IN_PORT, 4, 'port', { flags: 'm', wireSize: 2, oxm: [oxm('NXM_OF_IN_PORT', 0)] });
row('in_port_oxm', OFF_IN_PORT, 4, 'port', { flags: 'm', oxm: [oxm('OXM_OF_IN_PORT', 0)] });
row('actset_output', OFF_ACTSET_OUTPUT, 4, 'port', {
  flags: 'rmu',
  oxm: [oxm('ONFOXM_ET_ACTSET_OUTPUT', 43), oxm('OXM_OF_ACTSET_OUTPUT', 43, 15)],
});
row('skb_priority', OFF_SKB_PRIORITY, 4, 'hexadecimal', { flags: 'rm' });
row('pkt_mark', OFF_PKT_MARK, 4, 'hexadecimal', { oxm: [oxm('NXM_NX_PKT_MARK', 33)] });
row('ct_state', OFF_CT_STATE, 2, 'ct-state', { flags: 'r', bits: 8, wireSize: 4, oxm: [oxm('NXM_NX_CT_STATE', 105)] });
row('ct_zone', OFF_CT_ZONE, 2, 'hexadecimal', { flags: 'rm', oxm: [oxm('NXM_NX_CT_ZONE', 106)] });
row('ct_mark', OFF_CT_MARK, 4, 'hexadecimal', { oxm: [oxm('NXM_NX_CT_MARK', 107)] });
row('ct_label', OFF_CT_LABEL, 16, 'hexadecimal', { oxm: [oxm('NXM_NX_CT_LABEL', 108)] });
const ct = { prerequisite: 'ct' } as const;
row('ct_nw_proto', OFF_CT_NW_PROTO, 1, 'decimal', { ...ct, flags: 'rm', oxm: [oxm('NXM_NX_CT_NW_PROTO', 119)] });
row('ct_nw_src', OFF_CT_NW_SRC, 4, 'ipv4', { ...ct, flags: 'r', stage: 2, oxm: [oxm('NXM_NX_CT_NW_SRC', 120)] });
row('ct_nw_dst', OFF_CT_NW_DST, 4, 'ipv4', { ...ct, flags: 'r', stage: 2, oxm: [oxm('NXM_NX_CT_NW_DST', 121)] });
row('ct_ipv6_src', OFF_CT_IPV6_SRC, 16, 'ipv6', { ...ct, flags: 'r', stage: 2, oxm: [oxm('NXM_NX_CT_IPV6_SRC', 122)] });
row('ct_ipv6_dst', OFF_CT_IPV6_DST, 16, 'ipv6', { ...ct, flags: 'r', stage: 2, oxm: [oxm('NXM_NX_CT_IPV6_DST', 123)] });
row('ct_tp_src', OFF_CT_TP_SRC, 2, 'decimal', { ...ct, flags: 'r', stage: 3, oxm: [oxm('NXM_NX_CT_TP_SRC', 124)] });
row('ct_tp_dst', OFF_CT_TP_DST, 2, 'decimal', { ...ct, flags: 'r', stage: 3, oxm: [oxm('NXM_NX_CT_TP_DST', 125)] });
for (let i = 0; i < 16; i++) {
  row(`reg${i}`, OFF_REG0 + 4 * i, 4, 'hexadecimal', { flags: 'u', oxm: [oxm(`NXM_NX_REG${i}`, i)] });
}
for (let i = 0; i < 8; i++) {
  row(`xreg${i}`, OFF_REG0 + 8 * i, 8, 'hexadecimal', { flags: 'u', oxm: [oxm(`OXM_OF_PKT_REG${i}`, i)] });
}
for (let i = 0; i < 4; i++) {
  row(`xxreg${i}`, OFF_REG0 + 16 * i, 16, 'hexadecimal', { flags: 'u', oxm: [oxm(`NXM_NX_XXREG${i}`, 111 + i)] });
}

// L2.
const l2 = { stage: 1, prerequisite: 'ethernet' } as const;
row('eth_src', OFF_ETH_SRC, 6, 'mac', {
  ...l2,
  aliases: ['dl_src'],
  oxm: [oxm('NXM_OF_ETH_SRC', 2), oxm('OXM_OF_ETH_SRC', 4)],
});
row('eth_dst', OFF_ETH_DST, 6, 'mac', {
  ...l2,
  aliases: ['dl_dst'],
  oxm: [oxm('NXM_OF_ETH_DST', 1), oxm('OXM_OF_ETH_DST', 3)],
});
row('eth_type', OFF_ETH_TYPE, 2, 'hexadecimal', {
  ...l2,
  flags: 'rm',
  aliases: ['dl_type'],
  oxm: [oxm('NXM_OF_ETH_TYPE', 3), oxm('OXM_OF_ETH_TYPE', 5)],
});
row('vlan_tci', OFF_VLAN_TCI, 2, 'hexadecimal', { ...l2, oxm: [oxm('NXM_OF_VLAN_TCI', 4)] });
row('dl_vlan', OFF_VLAN_TCI, 2, 'decimal', { ...l2, flags: 'm', bits: 12 });
row('vlan_vid', OFF_VLAN_TCI, 2, 'decimal', { ...l2, bits: 12, oxm: [oxm('OXM_OF_VLAN_VID', 6)] });
row('dl_vlan_pcp', OFF_VLAN_TCI, 2, 'decimal', { ...l2, flags: 'm', bits: 3, shift: 13, wireSize: 1 });
row('vlan_pcp', OFF_VLAN_TCI, 2, 'decimal', {
  stage: 1,
  prerequisite: 'vlan',
  flags: 'm',
  bits: 3,
  shift: 13,
  wireSize: 1,
  oxm: [oxm('OXM_OF_VLAN_PCP', 7)],
});
const mpls = { stage: 1, prerequisite: 'mpls' } as const;
row('mpls_label', OFF_MPLS, 4, 'decimal', {
  ...mpls,
  flags: 'm',
  bits: 20,
  shift: 12,
  oxm: [oxm('OXM_OF_MPLS_LABEL', 34)],
});
row('mpls_tc', OFF_MPLS, 4, 'decimal', {
  ...mpls,
  flags: 'm',
  bits: 3,
  shift: 9,
  wireSize: 1,
  oxm: [oxm('OXM_OF_MPLS_TC', 35)],
});
row('mpls_bos', OFF_MPLS, 4, 'decimal', {
  ...mpls,
  flags: 'rm',
  bits: 1,
  shift: 8,
  wireSize: 1,
  oxm: [oxm('OXM_OF_MPLS_BOS', 36, 13)],
});
row('mpls_ttl', OFF_MPLS, 4, 'decimal', {
  ...mpls,
  flags: 'm',
  bits: 8,
  wireSize: 1,
  oxm: [oxm('NXM_NX_MPLS_TTL', 30)],
});

// L3.
const ipv4 = { stage: 2, prerequisite: 'ipv4' } as const;
const ipv6 = { stage: 2, prerequisite: 'ipv6' } as const;
const ip = { stage: 2, prerequisite: 'ip' } as const;
row('ip_src', OFF_NW_SRC, 4, 'ipv4', {
  ...ipv4,
  aliases: ['nw_src'],
  oxm: [oxm('NXM_OF_IP_SRC', 7), oxm('OXM_OF_IPV4_SRC', 11)],
});
row('ip_dst', OFF_NW_DST, 4, 'ipv4', {
  ...ipv4,
  aliases: ['nw_dst'],
  oxm: [oxm('NXM_OF_IP_DST', 8), oxm('OXM_OF_IPV4_DST', 12)],
});
row('ipv6_src', OFF_IPV6_SRC, 16, 'ipv6', { ...ipv6, oxm: [oxm('NXM_NX_IPV6_SRC', 19), oxm('OXM_OF_IPV6_SRC', 26)] });
row('ipv6_dst', OFF_IPV6_DST, 16, 'ipv6', { ...ipv6, oxm: [oxm('NXM_NX_IPV6_DST', 20), oxm('OXM_OF_IPV6_DST', 27)] });
row('ipv6_label', OFF_IPV6_LABEL, 4, 'hexadecimal', {
  ...ipv6,
  bits: 20,
  oxm: [oxm('NXM_NX_IPV6_LABEL', 27), oxm('OXM_OF_IPV6_FLABEL', 28)],
});
row('nw_proto', OFF_NW_PROTO, 1, 'decimal', {
  ...ip,
  flags: 'rm',
  aliases: ['ip_proto'],
  oxm: [oxm('NXM_OF_IP_PROTO', 6), oxm('OXM_OF_IP_PROTO', 10)],
});
/** Written and matched as the whole TOS byte with the ECN bits zero. */
row('nw_tos', OFF_NW_TOS, 1, 'decimal', { ...ip, flags: 'm', oxm: [oxm('NXM_OF_IP_TOS', 5)] });
row('ip_dscp', OFF_NW_TOS, 1, 'decimal', { ...ip, flags: 'm', bits: 6, shift: 2, oxm: [oxm('OXM_OF_IP_DSCP', 8)] });
row('nw_ecn', OFF_NW_TOS, 1, 'decimal', {
  ...ip,
  flags: 'm',
  bits: 2,
  aliases: ['ip_ecn'],
  oxm: [oxm('NXM_NX_IP_ECN', 28), oxm('OXM_OF_IP_ECN', 9)],
});
row('nw_ttl', OFF_NW_TTL, 1, 'decimal', { ...ip, flags: 'm', oxm: [oxm('NXM_NX_IP_TTL', 29)] });
row('ip_frag', OFF_NW_FRAG, 1, 'frag', {
  ...ip,
  flags: 'r',
  bits: 2,
  aliases: ['nw_frag'],
  oxm: [oxm('NXM_NX_IP_FRAG', 26)],
});
const arp = { stage: 2, prerequisite: 'arp' } as const;
/** Hardware addresses, ND targets and TCP flags lie behind FLOW_SEGMENT_3, unlike the other ARP and IP fields. */
const arpHardware = { stage: 3, prerequisite: 'arp' } as const;
/** ARP's opcode shares nw_proto's byte: OVS keeps opcodes 1..255. */
row('arp_op', OFF_NW_PROTO, 1, 'decimal', {
  ...arp,
  flags: 'm',
  wireSize: 2,
  oxm: [oxm('NXM_OF_ARP_OP', 15), oxm('OXM_OF_ARP_OP', 21)],
});
row('arp_spa', OFF_NW_SRC, 4, 'ipv4', { ...arp, oxm: [oxm('NXM_OF_ARP_SPA', 16), oxm('OXM_OF_ARP_SPA', 22)] });
row('arp_tpa', OFF_NW_DST, 4, 'ipv4', { ...arp, oxm: [oxm('NXM_OF_ARP_TPA', 17), oxm('OXM_OF_ARP_TPA', 23)] });
row('arp_sha', OFF_ARP_SHA, 6, 'mac', { ...arpHardware, oxm: [oxm('NXM_NX_ARP_SHA', 17), oxm('OXM_OF_ARP_SHA', 24)] });
row('arp_tha', OFF_ARP_THA, 6, 'mac', { ...arpHardware, oxm: [oxm('NXM_NX_ARP_THA', 18), oxm('OXM_OF_ARP_THA', 25)] });

// L4.
const tcp = { stage: 3, prerequisite: 'tcp' } as const;
const udp = { stage: 3, prerequisite: 'udp' } as const;
const sctp = { stage: 3, prerequisite: 'sctp' } as const;
row('tcp_src', OFF_TP_SRC, 2, 'decimal', {
  ...tcp,
  aliases: ['tp_src'],
  oxm: [oxm('NXM_OF_TCP_SRC', 9), oxm('OXM_OF_TCP_SRC', 13)],
});
row('tcp_dst', OFF_TP_DST, 2, 'decimal', {
  ...tcp,
  aliases: ['tp_dst'],
  oxm: [oxm('NXM_OF_TCP_DST', 10), oxm('OXM_OF_TCP_DST', 14)],
});
row('tcp_flags', OFF_TCP_FLAGS, 2, 'tcp-flags', {
  ...tcp,
  flags: 'r',
  bits: 12,
  oxm: [oxm('NXM_NX_TCP_FLAGS', 34), oxm('ONFOXM_ET_TCP_FLAGS', 42), oxm('OXM_OF_TCP_FLAGS', 42, 15)],
});
row('udp_src', OFF_TP_SRC, 2, 'decimal', { ...udp, oxm: [oxm('NXM_OF_UDP_SRC', 11), oxm('OXM_OF_UDP_SRC', 15)] });
row('udp_dst', OFF_TP_DST, 2, 'decimal', { ...udp, oxm: [oxm('NXM_OF_UDP_DST', 12), oxm('OXM_OF_UDP_DST', 16)] });
row('sctp_src', OFF_TP_SRC, 2, 'decimal', { ...sctp, oxm: [oxm('OXM_OF_SCTP_SRC', 17)] });
row('sctp_dst', OFF_TP_DST, 2, 'decimal', { ...sctp, oxm: [oxm('OXM_OF_SCTP_DST', 18)] });
/** ICMP type and code stand in tp_src and tp_dst, as 16-bit numbers below 256. */
const icmpv4 = { stage: 3, prerequisite: 'icmpv4', flags: 'm', wireSize: 1, bits: 8 } as const;
const icmpv6 = { stage: 3, prerequisite: 'icmpv6', flags: 'm', wireSize: 1, bits: 8 } as const;
row('icmp_type', OFF_TP_SRC, 2, 'decimal', {
  ...icmpv4,
  oxm: [oxm('NXM_OF_ICMP_TYPE', 13), oxm('OXM_OF_ICMPV4_TYPE', 19)],
});
row('icmp_code', OFF_TP_DST, 2, 'decimal', {
  ...icmpv4,
  oxm: [oxm('NXM_OF_ICMP_CODE', 14), oxm('OXM_OF_ICMPV4_CODE', 20)],
});
row('icmpv6_type', OFF_TP_SRC, 2, 'decimal', {
  ...icmpv6,
  oxm: [oxm('NXM_NX_ICMPV6_TYPE', 21), oxm('OXM_OF_ICMPV6_TYPE', 29)],
});
row('icmpv6_code', OFF_TP_DST, 2, 'decimal', {
  ...icmpv6,
  oxm: [oxm('NXM_NX_ICMPV6_CODE', 22), oxm('OXM_OF_ICMPV6_CODE', 30)],
});
row('nd_target', OFF_ND_TARGET, 16, 'ipv6', {
  stage: 3,
  prerequisite: 'nd',
  oxm: [oxm('NXM_NX_ND_TARGET', 23), oxm('OXM_OF_IPV6_ND_TARGET', 31)],
});
row('nd_sll', OFF_ARP_SHA, 6, 'mac', {
  stage: 3,
  prerequisite: 'nd-solicit',
  oxm: [oxm('NXM_NX_ND_SLL', 24), oxm('OXM_OF_IPV6_ND_SLL', 32)],
});
row('nd_tll', OFF_ARP_THA, 6, 'mac', {
  stage: 3,
  prerequisite: 'nd-advert',
  oxm: [oxm('NXM_NX_ND_TLL', 25), oxm('OXM_OF_IPV6_ND_TLL', 33)],
});
/** These two stand where other packets have an IGMP group and TCP flags, as in OVS. */
row('nd_reserved', OFF_IGMP_GROUP, 4, 'decimal', {
  stage: 3,
  flags: 'm',
  prerequisite: 'nd',
  oxm: [oxm('ERICOXM_OF_ICMPV6_ND_RESERVED', 1)],
});
row('nd_options_type', OFF_TCP_FLAGS, 2, 'decimal', {
  stage: 3,
  flags: 'm',
  bits: 8,
  wireSize: 1,
  prerequisite: 'nd',
  oxm: [oxm('ERICOXM_OF_ICMPV6_ND_OPTIONS_TYPE', 2)],
});

// Network service header (RFC 8300). The flow key has it behind the transport layer's first word, as struct flow has.
const nsh = { stage: 3, prerequisite: 'nsh' } as const;
row('nsh_flags', OFF_NSH_FLAGS, 1, 'decimal', { ...nsh, oxm: [oxm('NXOXM_NSH_FLAGS', 1)] });
row('nsh_mdtype', OFF_NSH_MDTYPE, 1, 'decimal', { ...nsh, flags: 'rm', oxm: [oxm('NXOXM_NSH_MDTYPE', 2)] });
row('nsh_np', OFF_NSH_NP, 1, 'decimal', { ...nsh, flags: 'rm', oxm: [oxm('NXOXM_NSH_NP', 3)] });
row('nsh_spi', OFF_NSH_PATH_HDR, 4, 'hexadecimal', {
  ...nsh,
  flags: 'm',
  bits: 24,
  shift: 8,
  aliases: ['nsp'],
  oxm: [oxm('NXOXM_NSH_SPI', 4)],
});
row('nsh_si', OFF_NSH_PATH_HDR + 3, 1, 'decimal', {
  ...nsh,
  flags: 'm',
  aliases: ['nsi'],
  oxm: [oxm('NXOXM_NSH_SI', 5)],
});
for (let i = 1; i <= 4; i++) {
  row(`nsh_c${i}`, OFF_NSH_CONTEXT + 4 * (i - 1), 4, 'hexadecimal', {
    ...nsh,
    aliases: [`nshc${i}`],
    oxm: [oxm(`NXOXM_NSH_C${i}`, 5 + i)],
  });
}
row('nsh_ttl', OFF_NSH_TTL, 1, 'decimal', { ...nsh, flags: 'm', oxm: [oxm('NXOXM_NSH_TTL', 10)] });

// Known to the datapath only.
row('vlan_tpid', OFF_VLAN_TPID, 2, 'hexadecimal', { stage: 1, flags: 'd' });
row('vlan1_tpid', OFF_VLAN1_TPID, 2, 'hexadecimal', { stage: 1, flags: 'd' });
row('vlan1_tci', OFF_VLAN1_TCI, 2, 'hexadecimal', { stage: 1, flags: 'd' });
row('mpls1_lse', OFF_MPLS + 4, 4, 'hexadecimal', { stage: 1, flags: 'd' });
row('mpls2_lse', OFF_MPLS + 8, 4, 'hexadecimal', { stage: 1, flags: 'd' });
row('igmp_group_ip4', OFF_IGMP_GROUP, 4, 'ipv4', { stage: 3, flags: 'd' });
row('tunnel_flags', OFF_TUN_FLAGS, 2, 'hexadecimal', { flags: 'd' });
row('tun_tp_src', OFF_TUN_TP_SRC, 2, 'decimal', { flags: 'd' });
row('tun_tp_dst', OFF_TUN_TP_DST, 2, 'decimal', { flags: 'd' });

export const FIELDS: readonly Field[] = rows;

/** By name or alias, as flows are written. */
export const FIELD_BY_NAME: ReadonlyMap<string, Field> = new Map(
  rows.flatMap((field) => [field.name, ...field.aliases].map((name) => [name, field] as const)),
);

/** By the spelling of OXM and NXM (`NXM_OF_IP_SRC`). */
export const FIELD_BY_OXM: ReadonlyMap<string, Field> = new Map(
  rows.flatMap((field) => field.oxm.map((code) => [code.name, field] as const)),
);

/** The field called name; throws on a name that the table does not have (a broken invariant, not user input). */
export function fieldNamed(name: string): Field {
  const field = FIELD_BY_NAME.get(name);
  if (field === undefined) throw new Error(`no field ${name}`);
  return field;
}

/** All bits of the field. */
export function fieldOnes(field: Field): bigint {
  return (1n << BigInt(field.bits)) - 1n;
}

/** Reads a field of any width from a key or mask. */
export function readField(key: FlowKey, field: Field): bigint {
  if (field.option !== null) return readOption(key, field.option);
  let container = 0n;
  for (let i = 0; i < field.size; i++) container = (container << 8n) | BigInt(key.bytes[field.offset + i]!);
  return (container >> BigInt(field.shift)) & fieldOnes(field);
}

/** Writes a field of any width; bits of the container outside the field stay. */
export function writeField(key: FlowKey, field: Field, value: bigint): void {
  if (field.option !== null) {
    writeOption(key, field.option, value);
    return;
  }
  const ones = fieldOnes(field) << BigInt(field.shift);
  let container = 0n;
  for (let i = 0; i < field.size; i++) container = (container << 8n) | BigInt(key.bytes[field.offset + i]!);
  container = (container & ~ones) | ((value << BigInt(field.shift)) & ones);
  for (let i = field.size - 1; i >= 0; i--) {
    key.bytes[field.offset + i] = Number(container & 0xffn);
    container >>= 8n;
  }
}
