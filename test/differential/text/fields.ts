/** The fields of ovs-fields(7): how each may be named, and what may stand for its value. */
import type { Rules } from './grammar.js';

interface FieldText {
  /** All its names: of flows, NXM and OXM. */
  readonly names: readonly string[];
  readonly value: string;
}

const field = (names: string, value: string): FieldText => ({ names: names.split(' '), value });

const numbered = (count: number, prefix: string, oxm: string, value: string): readonly FieldText[] =>
  Array.from({ length: count }, (_, i) => field(`${prefix}${i} ${oxm}${i}`, value));

/** Fields that any packet has, and those that stand on nothing. */
const ALWAYS: readonly FieldText[] = [
  field('dp_hash NXM_NX_DP_HASH NXOXM_ET_DP_HASH', '{u32m}'),
  field('recirc_id NXM_NX_RECIRC_ID', '{#32}'),
  field('packet_type OXM_OF_PACKET_TYPE', '{packet_type}'),
  field('conj_id NXM_NX_CONJ_ID', '{#32}'),
  field('tun_id tunnel_id NXM_NX_TUN_ID OXM_OF_TUNNEL_ID', '{u64m}'),
  field('tun_src NXM_NX_TUN_IPV4_SRC', '{ip4m}'),
  field('tun_dst NXM_NX_TUN_IPV4_DST', '{ip4m}'),
  field('tun_ipv6_src NXM_NX_TUN_IPV6_SRC', '{ip6m}'),
  field('tun_ipv6_dst NXM_NX_TUN_IPV6_DST', '{ip6m}'),
  field('tun_flags NXM_NX_TUN_FLAGS', '{tun_flags}'),
  field('tun_ttl', '{#8}'),
  field('tun_tos', '{#8}'),
  field('tun_gbp_id NXM_NX_TUN_GBP_ID', '{u16m}'),
  field('tun_gbp_flags NXM_NX_TUN_GBP_FLAGS', '{u8m}'),
  field('metadata OXM_OF_METADATA', '{u64m}'),
  field('in_port NXM_OF_IN_PORT', '{port}'),
  field('in_port_oxm OXM_OF_IN_PORT', '{port}'),
  field('actset_output ONFOXM_ET_ACTSET_OUTPUT OXM_OF_ACTSET_OUTPUT', '{port}'),
  field('skb_priority', '{#32}'),
  field('pkt_mark NXM_NX_PKT_MARK', '{u32m}'),
  field('ct_state NXM_NX_CT_STATE', '{ct_state}'),
  field('ct_zone NXM_NX_CT_ZONE', '{#16}'),
  field('ct_mark NXM_NX_CT_MARK', '{u32m}'),
  field('ct_label NXM_NX_CT_LABEL', '{u128m}'),
  field('ct_nw_proto NXM_NX_CT_NW_PROTO', '{#8}'),
  field('ct_nw_src NXM_NX_CT_NW_SRC', '{ip4m}'),
  field('ct_nw_dst NXM_NX_CT_NW_DST', '{ip4m}'),
  field('ct_ipv6_src NXM_NX_CT_IPV6_SRC', '{ip6m}'),
  field('ct_ipv6_dst NXM_NX_CT_IPV6_DST', '{ip6m}'),
  field('ct_tp_src NXM_NX_CT_TP_SRC', '{u16m}'),
  field('ct_tp_dst NXM_NX_CT_TP_DST', '{u16m}'),
  field('eth_src dl_src NXM_OF_ETH_SRC OXM_OF_ETH_SRC', '{macm}'),
  field('eth_dst dl_dst NXM_OF_ETH_DST OXM_OF_ETH_DST', '{macm}'),
  field('eth_type dl_type NXM_OF_ETH_TYPE OXM_OF_ETH_TYPE', '{eth_type}'),
  field('vlan_tci NXM_OF_VLAN_TCI', '{u16m}'),
  field('dl_vlan', '{vid}'),
  field('vlan_vid OXM_OF_VLAN_VID', '{vidm}'),
  field('dl_vlan_pcp', '{#3}'),
  field('vlan_pcp OXM_OF_VLAN_PCP', '{#3}'),
];

const REGISTERS: readonly FieldText[] = [
  ...numbered(16, 'reg', 'NXM_NX_REG', '{u32m}'),
  ...numbered(8, 'xreg', 'OXM_OF_PKT_REG', '{u64m}'),
  ...numbered(4, 'xxreg', 'NXM_NX_XXREG', '{u128m}'),
];

const IP: readonly FieldText[] = [
  field('nw_tos NXM_OF_IP_TOS', '{tos}'),
  field('ip_dscp OXM_OF_IP_DSCP', '{#6}'),
  field('nw_ecn ip_ecn NXM_NX_IP_ECN OXM_OF_IP_ECN', '{#2}'),
  field('nw_ttl NXM_NX_IP_TTL', '{#8}'),
  field('ip_frag nw_frag NXM_NX_IP_FRAG', '{frag}'),
];

const PROTOCOL: readonly FieldText[] = [field('nw_proto ip_proto NXM_OF_IP_PROTO OXM_OF_IP_PROTO', '{proto}')];

const IPV4: readonly FieldText[] = [
  field('ip_src nw_src NXM_OF_IP_SRC OXM_OF_IPV4_SRC', '{ip4m}'),
  field('ip_dst nw_dst NXM_OF_IP_DST OXM_OF_IPV4_DST', '{ip4m}'),
];

const IPV6: readonly FieldText[] = [
  field('ipv6_src NXM_NX_IPV6_SRC OXM_OF_IPV6_SRC', '{ip6m}'),
  field('ipv6_dst NXM_NX_IPV6_DST OXM_OF_IPV6_DST', '{ip6m}'),
  field('ipv6_label NXM_NX_IPV6_LABEL OXM_OF_IPV6_FLABEL', '{u20m}'),
];

const MPLS: readonly FieldText[] = [
  field('mpls_label OXM_OF_MPLS_LABEL', '{#20}'),
  field('mpls_tc OXM_OF_MPLS_TC', '{#3}'),
  field('mpls_bos OXM_OF_MPLS_BOS', '{#1}'),
  field('mpls_ttl NXM_NX_MPLS_TTL', '{#8}'),
];

const ARP: readonly FieldText[] = [
  field('arp_op NXM_OF_ARP_OP OXM_OF_ARP_OP', '{arp_op}'),
  field('arp_spa NXM_OF_ARP_SPA OXM_OF_ARP_SPA', '{ip4m}'),
  field('arp_tpa NXM_OF_ARP_TPA OXM_OF_ARP_TPA', '{ip4m}'),
  field('arp_sha NXM_NX_ARP_SHA OXM_OF_ARP_SHA', '{macm}'),
  field('arp_tha NXM_NX_ARP_THA OXM_OF_ARP_THA', '{macm}'),
];

const TCP: readonly FieldText[] = [
  field('tcp_src tp_src NXM_OF_TCP_SRC OXM_OF_TCP_SRC', '{u16m}'),
  field('tcp_dst tp_dst NXM_OF_TCP_DST OXM_OF_TCP_DST', '{u16m}'),
  field('tcp_flags NXM_NX_TCP_FLAGS ONFOXM_ET_TCP_FLAGS OXM_OF_TCP_FLAGS', '{tcp_flags}'),
];

const UDP: readonly FieldText[] = [
  field('udp_src tp_src NXM_OF_UDP_SRC OXM_OF_UDP_SRC', '{u16m}'),
  field('udp_dst tp_dst NXM_OF_UDP_DST OXM_OF_UDP_DST', '{u16m}'),
];

const SCTP: readonly FieldText[] = [
  field('sctp_src tp_src OXM_OF_SCTP_SRC', '{u16m}'),
  field('sctp_dst tp_dst OXM_OF_SCTP_DST', '{u16m}'),
];

const ICMP: readonly FieldText[] = [
  field('icmp_type NXM_OF_ICMP_TYPE OXM_OF_ICMPV4_TYPE', '{#8}'),
  field('icmp_code NXM_OF_ICMP_CODE OXM_OF_ICMPV4_CODE', '{#8}'),
];

const ICMPV6: readonly FieldText[] = [
  field('icmpv6_type icmp_type NXM_NX_ICMPV6_TYPE OXM_OF_ICMPV6_TYPE', '{icmpv6_type}'),
  field('icmpv6_code icmp_code NXM_NX_ICMPV6_CODE OXM_OF_ICMPV6_CODE', '{icmpv6_code}'),
];

const ND: readonly FieldText[] = [
  field('nd_target NXM_NX_ND_TARGET OXM_OF_IPV6_ND_TARGET', '{ip6m}'),
  field('nd_sll NXM_NX_ND_SLL OXM_OF_IPV6_ND_SLL', '{macm}'),
  field('nd_tll NXM_NX_ND_TLL OXM_OF_IPV6_ND_TLL', '{macm}'),
];

const NSH: readonly FieldText[] = [
  field('nsh_flags NXOXM_NSH_FLAGS', '{u8m}'),
  field('nsh_mdtype NXOXM_NSH_MDTYPE', '{#8}'),
  field('nsh_np NXOXM_NSH_NP', '{#8}'),
  field('nsh_spi nsp NXOXM_NSH_SPI', '{#24}'),
  field('nsh_si nsi NXOXM_NSH_SI', '{#8}'),
  field('nsh_c1 nshc1 NXOXM_NSH_C1', '{u32m}'),
  field('nsh_c2 nshc2 NXOXM_NSH_C2', '{u32m}'),
  field('nsh_c3 nshc3 NXOXM_NSH_C3', '{u32m}'),
  field('nsh_c4 nshc4 NXOXM_NSH_C4', '{u32m}'),
  field('nsh_ttl NXOXM_NSH_TTL', '{#6}'),
];

const GROUPS: Readonly<Record<string, readonly FieldText[]>> = {
  always: ALWAYS,
  register: REGISTERS,
  ip: IP,
  proto: PROTOCOL,
  ipv4: IPV4,
  ipv6: IPV6,
  mpls: MPLS,
  arp: ARP,
  tcp: TCP,
  udp: UDP,
  sctp: SCTP,
  icmp: ICMP,
  icmpv6: ICMPV6,
  nd: ND,
  nsh: NSH,
};

const ALL = Object.values(GROUPS).flat();

const isOxm = (name: string): boolean => /XM_/.test(name);

/** `{tcp_term}`: a term of a match by one of the names that flows use; `{any_term}`: any field by any of its names. */
const terms = Object.entries(GROUPS).map(
  ([group, fields]) =>
    [
      `${group}_term`,
      fields.flatMap(({ names, value }) => names.filter((name) => !isOxm(name)).map((name) => `${name}=${value}`)),
    ] as const,
);

export const FIELD_RULES: Rules = {
  ...Object.fromEntries(terms),
  any_term: ALL.flatMap(({ names, value }) => names.map((name) => `${name}=${value}`)),
  any_name: ALL.flatMap(({ names }) => names),
  /** As set_field has it. */
  assignment: ALL.flatMap(({ names, value }) => names.map((name) => `${value}->${name}`)),
};
