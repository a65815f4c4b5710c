/**
 * Packet types (OpenFlow 1.5.1 §7.2.3.12): (namespace << 16) | type. Namespace 1 numbers are Ethernet types; packets
 * of it have no Ethernet header.
 */
export { ethTypeOf, NAMESPACE_ETHERTYPE } from '#flowtable/match.js';

export const PT_ETH = 0;
/** decap's packet type where it names none: what the header that goes says. */
export const PT_USE_NEXT_PROTO = 0x0000fffe;
export const PT_IPV4 = 0x10800;
export const PT_IPV6 = 0x186dd;
export const PT_NSH = 0x1894f;
export const PT_MPLS = 0x18847;
export const PT_MPLS_MC = 0x18848;
export const PT_UNKNOWN = 0xffffffff;

export const isMplsType = (ethType: number): boolean => ethType === 0x8847 || ethType === 0x8848;
export const isIpType = (ethType: number): boolean => ethType === 0x0800 || ethType === 0x86dd;
