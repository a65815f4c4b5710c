/**
 * The sections of a flow key that the bits of SHAPE announce, as words: section n is SHAPE's bit n. A comparison of
 * two keys of equal SHAPE needs to look at no others.
 */

/** First word of each section: vlan[1], MPLS, IPv6, ARP, IGMP, connection and hash, tunnel. */
export const SECTION_FIRST: Int32Array = Int32Array.of(16, 17, 20, 33, 36, 37, 55);
export const SECTION_LAST: Int32Array = Int32Array.of(16, 19, 32, 35, 36, 54, 69);
export const SECTION_COUNT = 7;
