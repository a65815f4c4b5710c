/**
 * The sections of a flow key that the bits of SHAPE announce, as words: section n is SHAPE's bit n. A comparison of
 * two keys of equal SHAPE needs to look at no others.
 */

import {
  OFF_ARP_SHA,
  OFF_DP_HASH,
  OFF_IGMP_GROUP,
  OFF_IPV6_SRC,
  OFF_MPLS,
  OFF_NSH_FLAGS,
  OFF_TUN_ID,
  OFF_TUN_OPTIONS_PRESENT,
  OFF_USERSPACE,
  OFF_VLAN1_TPID,
} from './flow-key.js';

/** First byte of each section, and the byte behind it: vlan[1], MPLS, IPv6, ARP, IGMP, connection and hash, tunnel… */
const SECTIONS: readonly (readonly [number, number])[] = [
  [OFF_VLAN1_TPID, OFF_MPLS],
  [OFF_MPLS, OFF_IPV6_SRC],
  [OFF_IPV6_SRC, OFF_ARP_SHA],
  [OFF_ARP_SHA, OFF_IGMP_GROUP],
  [OFF_IGMP_GROUP, OFF_NSH_FLAGS],
  [OFF_DP_HASH, OFF_TUN_ID],
  [OFF_TUN_ID, OFF_TUN_OPTIONS_PRESENT],
  [OFF_NSH_FLAGS, OFF_DP_HASH],
  [OFF_TUN_OPTIONS_PRESENT, OFF_USERSPACE],
];

export const SECTION_FIRST: Int32Array = Int32Array.from(SECTIONS, ([first]) => first / 4);
export const SECTION_LAST: Int32Array = Int32Array.from(SECTIONS, ([, end]) => end / 4 - 1);
export const SECTION_COUNT = SECTIONS.length;
