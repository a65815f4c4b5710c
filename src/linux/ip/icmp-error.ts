/**
 * ICMP errors of both families on their way to the socket whose packet caused them (RFC 792, RFC 4443 §2.4,
 * RFC 1122 §3.2.2; Linux: icmp_socket_deliver()).
 */
import { IP_PROTO_ICMP, IP_PROTO_ICMPV6, IP_PROTO_TCP, IP_PROTO_UDP } from '#datapath/packet/ipv4.js';
import { readU16 } from '#datapath/packet/byte-order.js';
import type { IpAddress } from './address.js';
import type { IpStack } from './stack.js';

export interface IcmpError {
  readonly kind: 'unreachable' | 'time-exceeded' | 'too-big' | 'parameter-problem';
  /** The ICMP code, of the family of `from`. */
  readonly code: number;
  readonly from: IpAddress;
  /** too-big: the MTU of the next link, 0 when not said. */
  readonly mtu: number;
  /** Addresses of the packet that caused it. */
  readonly source: IpAddress;
  readonly destination: IpAddress;
}

/** `quoted` is what the error quotes of the packet's transport header: eight bytes are enough. */
export function reportIcmpError(stack: IpStack, error: IcmpError, protocol: number, quoted: Uint8Array): void {
  if (quoted.length < 8) return;
  switch (protocol) {
    case IP_PROTO_UDP:
      stack.udp.error(error, readU16(quoted, 0), readU16(quoted, 2));
      break;
    case IP_PROTO_TCP:
      stack.tcp.error(error, readU16(quoted, 0), readU16(quoted, 2));
      break;
    case IP_PROTO_ICMP:
      stack.icmp.echoes.error(error, readU16(quoted, 4), readU16(quoted, 6));
      break;
    case IP_PROTO_ICMPV6:
      stack.icmpv6.echoes.error(error, readU16(quoted, 4), readU16(quoted, 6));
      break;
    default:
      break;
  }
}
