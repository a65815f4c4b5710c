/**
 * A frame taken apart: its flow key, and what a flow key does not hold, down to the frame that VXLAN carries.
 *
 * Any bytes give a result; a layer that is short or malformed is absent. What OVS's own extraction says of a frame is
 * taken over as it is.
 */
import { extractFlow } from '#datapath/flow-extract.js';
import { ETH_HEADER_SIZE, ETH_TYPE_IP, ETH_TYPE_IPV6 } from '#datapath/packet/ethernet.js';
import {
  type Ipv4Header,
  IP_PROTO_ICMP,
  IP_PROTO_ICMPV6,
  IP_PROTO_TCP,
  IP_PROTO_UDP,
  parseIpv4,
} from '#datapath/packet/ipv4.js';
import { findIpv6Transport, parseIpv6 } from '#datapath/packet/ipv6.js';
import { parseTcp } from '#datapath/packet/tcp.js';
import { parseUdp } from '#datapath/packet/udp.js';
import { parseVxlan, VXLAN_PORT, type VxlanHeader } from '#datapath/packet/vxlan.js';
import { readU16 } from '#datapath/packet/byte-order.js';
import { type FlowKey, OFF_ETH_TYPE, OFF_VLAN1_TCI, OFF_VLAN_TCI, VLAN_CFI } from '#flowtable/flow-key.js';

export interface FrameParts {
  readonly bytes: Uint8Array;
  readonly key: FlowKey;
  readonly ipv4: Ipv4Header | null;
  /** What the transport header carries: of UDP, TCP and ICMP echo; null where there is no such header. */
  readonly payload: Uint8Array | null;
  /** Identifier and sequence number of an ICMP or ICMPv6 message, as one number. */
  readonly echo: number | null;
  readonly vxlan: VxlanHeader | null;
  /** The frame that VXLAN carries. */
  readonly inner: FrameParts | null;
}

const ICMP_HEADER_SIZE = 8;

interface Transport {
  readonly protocol: number;
  readonly offset: number;
  readonly end: number;
}

export function dissect(bytes: Uint8Array, mayHoldTunnel = true): FrameParts {
  const key = extractFlow(bytes);
  const tagCount = [OFF_VLAN_TCI, OFF_VLAN1_TCI].filter((offset) => (key.u16(offset) & VLAN_CFI) !== 0).length;
  const ipOffset = ETH_HEADER_SIZE + 4 * tagCount;
  let ipv4: Ipv4Header | null = null;
  let transport: Transport | null = null;
  if (key.u16(OFF_ETH_TYPE) === ETH_TYPE_IP) {
    const parsed = parseIpv4(bytes, ipOffset);
    if (parsed.ok) {
      ipv4 = parsed.header;
      if (ipv4.fragmentOffset === 0) {
        transport = { protocol: ipv4.protocol, offset: parsed.payloadOffset, end: ipOffset + ipv4.totalSize };
      }
    }
  } else if (key.u16(OFF_ETH_TYPE) === ETH_TYPE_IPV6) {
    transport = ipv6Transport(bytes, ipOffset);
  }
  const { payload, echo, isVxlan } = openTransport(bytes, transport);
  const vxlan = mayHoldTunnel && isVxlan && payload !== null ? parseVxlan(payload, 0) : null;
  const tunnel = vxlan?.ok === true ? vxlan : null;
  return {
    bytes,
    key,
    ipv4,
    payload,
    echo,
    vxlan: tunnel?.header ?? null,
    inner: tunnel === null ? null : dissect(payload!.subarray(tunnel.payloadOffset), false),
  };
}

/** The frame that a host sent, without the tunnel around it. */
export const innermost = (frame: FrameParts): FrameParts => frame.inner ?? frame;

function ipv6Transport(bytes: Uint8Array, ipOffset: number): Transport | null {
  const parsed = parseIpv6(bytes, ipOffset);
  if (!parsed.ok) return null;
  const end = parsed.payloadOffset + parsed.header.payloadSize;
  const found = findIpv6Transport(bytes, ipOffset, end);
  return found.ok ? { protocol: found.header.protocol, offset: found.header.offset, end } : null;
}

function openTransport(
  bytes: Uint8Array,
  transport: Transport | null,
): { readonly payload: Uint8Array | null; readonly echo: number | null; readonly isVxlan: boolean } {
  const nothing = { payload: null, echo: null, isVxlan: false };
  if (transport === null) return nothing;
  const { protocol, offset, end } = transport;
  switch (protocol) {
    case IP_PROTO_UDP: {
      const udp = parseUdp(bytes, offset, end);
      if (!udp.ok) return nothing;
      const payload = bytes.subarray(udp.payloadOffset, offset + udp.header.size);
      return { payload, echo: null, isVxlan: udp.header.destinationPort === VXLAN_PORT };
    }
    case IP_PROTO_TCP: {
      const tcp = parseTcp(bytes, offset, end);
      return tcp.ok ? { ...nothing, payload: bytes.subarray(tcp.payloadOffset, end) } : nothing;
    }
    case IP_PROTO_ICMP:
    case IP_PROTO_ICMPV6:
      if (end - offset < ICMP_HEADER_SIZE) return nothing;
      return {
        payload: bytes.subarray(offset + ICMP_HEADER_SIZE, end),
        echo: readU16(bytes, offset + 4) * 0x10000 + readU16(bytes, offset + 6),
        isVxlan: false,
      };
    default:
      return nothing;
  }
}
