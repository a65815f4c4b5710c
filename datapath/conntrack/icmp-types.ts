/**
 * The ICMP messages that ask and answer, and so make a connection of their own (RFC 792, RFC 4443 §4).
 *
 * Mirrors reverse_icmp_type() and reverse_icmp6_type() of lib/conntrack.c.
 */

const ICMP_ECHO_REPLY = 0;
const ICMP_ECHO_REQUEST = 8;
const ICMP_TIMESTAMP = 13;
const ICMP_TIMESTAMP_REPLY = 14;
const ICMP_INFO_REQUEST = 15;
const ICMP_INFO_REPLY = 16;
const ICMPV6_ECHO_REQUEST = 128;
const ICMPV6_ECHO_REPLY = 129;

/** The type that answers (or asks for) a message of this one, -1 for a type that has no counterpart. */
export function reverseIcmpType(type: number): number {
  switch (type) {
    case ICMP_ECHO_REQUEST:
      return ICMP_ECHO_REPLY;
    case ICMP_ECHO_REPLY:
      return ICMP_ECHO_REQUEST;
    case ICMP_TIMESTAMP:
      return ICMP_TIMESTAMP_REPLY;
    case ICMP_TIMESTAMP_REPLY:
      return ICMP_TIMESTAMP;
    case ICMP_INFO_REQUEST:
      return ICMP_INFO_REPLY;
    case ICMP_INFO_REPLY:
      return ICMP_INFO_REQUEST;
    default:
      return -1;
  }
}

export function reverseIcmpv6Type(type: number): number {
  if (type === ICMPV6_ECHO_REQUEST) return ICMPV6_ECHO_REPLY;
  return type === ICMPV6_ECHO_REPLY ? ICMPV6_ECHO_REQUEST : -1;
}

/** Only a question may begin a connection. */
export function isIcmpRequest(type: number): boolean {
  return type === ICMP_ECHO_REQUEST || type === ICMP_INFO_REQUEST || type === ICMP_TIMESTAMP;
}

export function isIcmpv6Request(type: number): boolean {
  return type === ICMPV6_ECHO_REQUEST;
}
