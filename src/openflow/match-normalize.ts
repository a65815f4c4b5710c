/**
 * Drops from a match what packets of its protocol do not have: `tp_src=80` without tcp, udp, sctp or icmp says
 * nothing. Mirrors ofputil_normalize_match() (lib/ofp-match.c) and what the wire leaves out besides (nx_put_raw() in
 * lib/nx-match.c): OpenFlow 1.5.1 §7.2.3.6, prerequisites.
 */
import {
  OFF_ARP_SHA,
  OFF_ARP_THA,
  OFF_CT_NW_PROTO,
  OFF_CT_TP_DST,
  OFF_CT_TP_SRC,
  OFF_ETH_TYPE,
  OFF_IGMP_GROUP,
  OFF_IPV6_DST,
  OFF_IPV6_LABEL,
  OFF_IPV6_SRC,
  OFF_MPLS,
  OFF_ND_TARGET,
  OFF_NW_DST,
  OFF_NW_FRAG,
  OFF_NW_PROTO,
  OFF_NW_SRC,
  OFF_NW_TOS,
  OFF_NW_TTL,
  OFF_PACKET_TYPE,
  OFF_TCP_FLAGS,
  OFF_TP_DST,
  OFF_TP_SRC,
} from '#flowtable/flow-key.js';
import type { Match } from '#flowtable/match.js';

/** Packets of namespace 1 are named by Ethernet type (OFPHTN_ETHERTYPE). */
const NAMESPACE_ETHERTYPE = 1;

const TCP = 6;
const PORT_PROTOCOLS: readonly number[] = [TCP, 17, 132];

/** What may be matched, given the protocol. */
interface Allowed {
  nwAddress: boolean;
  nwProto: boolean;
  ip: boolean;
  ports: boolean;
  tcp: boolean;
  arpSha: boolean;
  arpTha: boolean;
  ipv6: boolean;
  ndTarget: boolean;
  mpls: boolean;
}

function allowedBy(match: Match): Allowed {
  const { key, mask } = match;
  const allowed: Allowed = {
    nwAddress: false,
    nwProto: false,
    ip: false,
    ports: false,
    tcp: false,
    arpSha: false,
    arpTha: false,
    ipv6: false,
    ndTarget: false,
    mpls: false,
  };
  const typeMask = mask.u32(OFF_PACKET_TYPE);
  const packetType = key.u32(OFF_PACKET_TYPE);
  let ethType = 0;
  if (typeMask === 0 || (typeMask === 0xffffffff && packetType === 0)) {
    ethType = key.u16(OFF_ETH_TYPE);
  } else if (typeMask === 0xffffffff && packetType >>> 16 === NAMESPACE_ETHERTYPE) {
    ethType = packetType & 0xffff;
  }
  const proto = key.u8(OFF_NW_PROTO);
  switch (ethType) {
    case 0x0800:
      allowed.nwProto = allowed.ip = allowed.nwAddress = true;
      allowed.ports = PORT_PROTOCOLS.includes(proto) || proto === 1;
      allowed.tcp = proto === TCP;
      break;
    case 0x86dd:
      allowed.nwProto = allowed.ip = allowed.ipv6 = true;
      allowed.ports = PORT_PROTOCOLS.includes(proto) || proto === 58;
      allowed.tcp = proto === TCP;
      if (proto === 58) {
        // Neighbour discovery has the code 0.
        const type = key.u16(OFF_TP_DST) === 0 ? key.u16(OFF_TP_SRC) : 0;
        allowed.ndTarget = type === 135 || type === 136;
        allowed.arpSha = type === 135;
        allowed.arpTha = type === 136;
      }
      break;
    case 0x0806:
    case 0x8035:
      allowed.nwProto = allowed.nwAddress = allowed.arpSha = allowed.arpTha = true;
      break;
    case 0x8847:
    case 0x8848:
      allowed.mpls = true;
      break;
    default:
      break;
  }
  return allowed;
}

/** Wildcards what the match's packets cannot have. */
export function normalizeMatch(match: Match): void {
  const allowed = allowedBy(match);
  const forgetUnless = (keep: boolean, offset: number, size: number): void => {
    if (!keep) match.mask.bytes.fill(0, offset, offset + size);
  };
  forgetUnless(allowed.nwAddress, OFF_NW_SRC, 4);
  forgetUnless(allowed.nwAddress, OFF_NW_DST, 4);
  forgetUnless(allowed.ports, OFF_TP_SRC, 2);
  forgetUnless(allowed.ports, OFF_TP_DST, 2);
  forgetUnless(allowed.nwProto, OFF_NW_PROTO, 1);
  forgetUnless(allowed.ip, OFF_NW_TOS, 1);
  forgetUnless(allowed.ip, OFF_NW_TTL, 1);
  forgetUnless(allowed.ip, OFF_NW_FRAG, 1);
  // Neighbour discovery has the type of its first option and its reserved word in these two.
  forgetUnless(allowed.tcp || allowed.ndTarget, OFF_TCP_FLAGS, 2);
  forgetUnless(allowed.ndTarget, OFF_IGMP_GROUP, 4);
  forgetUnless(allowed.arpSha, OFF_ARP_SHA, 6);
  forgetUnless(allowed.arpTha, OFF_ARP_THA, 6);
  forgetUnless(allowed.ipv6, OFF_IPV6_SRC, 16);
  forgetUnless(allowed.ipv6, OFF_IPV6_DST, 16);
  // OVS tells the label of any IP packet, so that the switch refuses it in a match on IPv4.
  forgetUnless(allowed.ip, OFF_IPV6_LABEL, 4);
  forgetUnless(allowed.ndTarget, OFF_ND_TARGET, 16);
  forgetUnless(allowed.mpls, OFF_MPLS, 12);
  const hasCtProto = match.key.u8(OFF_CT_NW_PROTO) !== 0;
  forgetUnless(hasCtProto, OFF_CT_TP_SRC, 2);
  forgetUnless(hasCtProto, OFF_CT_TP_DST, 2);
  match.normalize();
}
