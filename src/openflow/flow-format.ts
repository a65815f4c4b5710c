/**
 * A packet's key as text: the `Flow:` line of a trace. Mirrors flow_format() and flow_wildcards_init_for_packet()
 * (lib/flow.c): every field that a packet of its kind has, and of its context only what is not zero.
 */
import { type Field, fieldNamed, readField } from '#flowtable/fields.js';
import {
  FRAG_LATER,
  FlowKey,
  OFF_CT_NW_PROTO,
  OFF_ETH_TYPE,
  OFF_MPLS,
  OFF_NW_FRAG,
  OFF_NW_PROTO,
  OFF_PACKET_TYPE,
  OFF_TP_DST,
  OFF_TP_SRC,
  OFF_TUN_FLAGS,
  OFF_TUN_OPTIONS,
  OFF_TUN_OPTIONS_PRESENT,
  OFF_VLAN_TCI,
  OFF_VLAN1_TCI,
  TUN_F_KEY,
  TUN_OPTIONS_SIZE,
} from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import { hasField } from './field-value.js';
import { formatMatch } from './match-format.js';
import { ethTypeOf } from './packet-type.js';
import { NO_PORT_NAMES, type PortNames } from './ports.js';

const row = (names: string): readonly Field[] => names.split(' ').map(fieldNamed);

/** Shown where not zero: a missing one means zero. */
const CONTEXT = [
  ...row('in_port skb_priority pkt_mark recirc_id dp_hash ct_state ct_zone ct_mark ct_label metadata'),
  ...Array.from({ length: 16 }, (_, i) => fieldNamed(`reg${i}`)),
];
const TUNNEL = row(
  'tun_src tun_dst tun_ipv6_src tun_ipv6_dst tun_tos tun_ttl tun_gbp_id tun_gbp_flags tun_erspan_idx tun_erspan_ver ' +
    'tun_erspan_dir tun_erspan_hwid tun_gtpu_flags tun_gtpu_msgtype',
);
const ETHERNET = row('packet_type eth_dst eth_src eth_type');
const IPV4 = row('ip_src ip_dst');
const IPV6 = row('ipv6_src ipv6_dst ipv6_label');
const ND = row('arp_sha arp_tha nd_target');
const ARP = row('arp_spa arp_tpa arp_op arp_sha arp_tha');
const NSH = row('nsh_flags nsh_ttl nsh_mdtype nsh_np nsh_spi nsh_si nsh_c1 nsh_c2 nsh_c3 nsh_c4');
const IP = row('ip_frag nw_tos nw_ecn nw_ttl nw_proto');
const CT_TUPLE = row('ct_nw_proto ct_tp_src ct_tp_dst');
const CT_IPV4 = row('ct_nw_src ct_nw_dst');
const CT_IPV6 = row('ct_ipv6_src ct_ipv6_dst');
const TUN_ID = fieldNamed('tun_id');
const CT_PROTO = fieldNamed('ct_nw_proto');
const ND_TARGET = fieldNamed('nd_target');

const ETH_TYPE_NSH = 0x894f;
const MPLS_BOS = 0x100;
const PROTOCOLS_WITH_PORTS: readonly number[] = [1, 2, 6, 17, 58, 132];

export interface FlowFormatOptions {
  readonly ports?: PortNames;
  readonly names?: boolean;
}

export function formatFlow(key: FlowKey, options: FlowFormatOptions = {}): string {
  return formatMatch(new Match(key, shownBits(key)), {
    ports: options.ports ?? NO_PORT_NAMES,
    names: options.names ?? false,
  });
}

/** Which bits of the key to show. */
function shownBits(key: FlowKey): FlowKey {
  const mask = new FlowKey();
  mask.optionPlaces = key.optionPlaces;
  const show = (field: Field): void => mask.bytes.fill(0xff, field.offset, field.offset + field.size) && undefined;
  const showAll = (fields: readonly Field[]): void => fields.forEach(show);
  for (const field of CONTEXT) if (readField(key, field) !== 0n) show(field);
  showTunnel(key, mask, show, showAll);

  let ethType: number;
  if (key.u32(OFF_PACKET_TYPE) === 0) {
    showAll(ETHERNET);
    ethType = key.u16(OFF_ETH_TYPE);
    mask.setU16(OFF_VLAN_TCI, 0xffff);
    if (key.u16(OFF_VLAN_TCI) !== 0) mask.setU16(OFF_VLAN1_TCI, 0xffff);
  } else {
    show(ETHERNET[0]!);
    ethType = key.u32(OFF_PACKET_TYPE) & 0xffff;
  }
  switch (ethType) {
    case 0x0800:
      showAll(IPV4);
      showConnection(key, showAll, CT_IPV4);
      break;
    case 0x86dd:
      showAll(IPV6);
      if (hasField(ND_TARGET, key)) showAll(ND);
      else showConnection(key, showAll, CT_IPV6);
      break;
    case 0x0806:
    case 0x8035:
      showAll(ARP);
      return mask;
    case 0x8847:
    case 0x8848:
      for (let entry = 0; entry < 3; entry++) {
        mask.setU32(OFF_MPLS + 4 * entry, 0xffffffff);
        if ((key.u32(OFF_MPLS + 4 * entry) & MPLS_BOS) !== 0) break;
      }
      return mask;
    default:
      if (key.u16(OFF_ETH_TYPE) !== ETH_TYPE_NSH) return mask;
      // OVS goes on to show the fields of IP, which such a packet does not have.
      showAll(NSH);
  }
  showAll(IP);
  const proto = key.u8(OFF_NW_PROTO);
  if ((key.u8(OFF_NW_FRAG) & FRAG_LATER) === 0 && PROTOCOLS_WITH_PORTS.includes(proto)) {
    mask.setU16(OFF_TP_SRC, 0xffff);
    mask.setU16(OFF_TP_DST, 0xffff);
    if (proto === 6) show(fieldNamed('tcp_flags'));
  }
  return mask;
}

/** A packet came by a tunnel where its outer destination is known; else at most the tunnel's key is. */
function showTunnel(
  key: FlowKey,
  mask: FlowKey,
  show: (field: Field) => void,
  showAll: (fields: readonly Field[]) => void,
): void {
  const hasTunnel = readField(key, TUNNEL[1]!) !== 0n || readField(key, TUNNEL[3]!) !== 0n;
  if (hasTunnel) {
    if ((key.u16(OFF_TUN_FLAGS) & TUN_F_KEY) !== 0) show(TUN_ID);
    showAll(TUNNEL);
    mask.setU16(OFF_TUN_FLAGS, 0xffff);
    mask.bytes.set(key.bytes.subarray(OFF_TUN_OPTIONS_PRESENT, OFF_TUN_OPTIONS), OFF_TUN_OPTIONS_PRESENT);
    mask.bytes.fill(0xff, OFF_TUN_OPTIONS, OFF_TUN_OPTIONS + TUN_OPTIONS_SIZE);
  } else if (readField(key, TUN_ID) !== 0n) {
    show(TUN_ID);
  }
}

/**
 * The original tuple of a valid connection. As in OVS the addresses of a packet without an Ethernet type are shown even
 * where there is none.
 */
function showConnection(key: FlowKey, showAll: (fields: readonly Field[]) => void, addresses: readonly Field[]): void {
  const isValid = hasField(CT_PROTO, key) && key.u8(OFF_CT_NW_PROTO) !== 0;
  if (isValid) showAll(CT_TUPLE);
  if (isValid || key.u16(OFF_ETH_TYPE) !== ethTypeOf(key)) showAll(addresses);
}
