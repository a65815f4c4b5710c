/**
 * Which protocol tracks which connections: TCP and ICMP have machines of their own, all others share one.
 *
 * Mirrors the table l4_protos of lib/conntrack.c.
 */
import { IP_PROTO_ICMP, IP_PROTO_ICMPV6, IP_PROTO_TCP } from '../packet/ipv4.js';
import type { ProtocolState } from './connection.js';
import { type ConnectionKey, KEY_PROTOCOL } from './connection-key.js';
import { isIcmpRequest, isIcmpv6Request } from './icmp-types.js';
import type { ProtocolVerdict, TransportView } from './protocol.js';
import { beginIcmp, updateIcmp } from './protocol-icmp.js';
import { beginOther, updateOther } from './protocol-other.js';
import { beginTcp, mayBeginTcp, updateTcp } from './protocol-tcp.js';
import type { CtTimeout } from './timeout-policy.js';

/** May the packet begin a connection? */
export function mayBegin(key: ConnectionKey, packet: TransportView): boolean {
  switch (key[KEY_PROTOCOL]) {
    case IP_PROTO_TCP:
      return mayBeginTcp(packet);
    case IP_PROTO_ICMP:
      return isIcmpRequest(packet.bytes[packet.at]!);
    case IP_PROTO_ICMPV6:
      return isIcmpv6Request(packet.bytes[packet.at]!);
    default:
      return true;
  }
}

export function beginProtocol(key: ConnectionKey, packet: TransportView): ProtocolState {
  switch (key[KEY_PROTOCOL]) {
    case IP_PROTO_TCP:
      return beginTcp(packet);
    case IP_PROTO_ICMP:
    case IP_PROTO_ICMPV6:
      return beginIcmp();
    default:
      return beginOther();
  }
}

/** The timeout of a connection that has just begun. */
export function firstTimeout(state: ProtocolState): CtTimeout {
  switch (state.kind) {
    case 'tcp':
      return 'tcpSynSent';
    case 'icmp':
      return 'icmpFirst';
    case 'other':
      return 'udpFirst';
  }
}

export function updateProtocol(
  state: ProtocolState,
  packet: TransportView,
  isReply: boolean,
  isTcpSequenceChecked: boolean,
): ProtocolVerdict {
  switch (state.kind) {
    case 'tcp':
      return updateTcp(state, packet, isReply, isTcpSequenceChecked);
    case 'icmp':
      return updateIcmp(state, isReply);
    case 'other':
      return updateOther(state, isReply);
  }
}
