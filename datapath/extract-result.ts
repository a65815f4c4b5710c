/**
 * What key extraction says of a frame. All but EXTRACT_TOO_SHORT leave a key that can be looked up; the fields of the
 * bad layer and those above it are zero. Numbers, so that counters can be an array.
 */

export const EXTRACT_OK = 0;
/** Shorter than an Ethernet header: no key. */
export const EXTRACT_TOO_SHORT = 1;
export const EXTRACT_BAD_ARP = 2;
export const EXTRACT_BAD_IPV4 = 3;
export const EXTRACT_BAD_IPV6 = 4;
/** The transport header is short or says it is longer than the packet. */
export const EXTRACT_BAD_TRANSPORT = 5;
export const EXTRACT_BAD_NSH = 6;
export const EXTRACT_RESULT_COUNT = 7;
