/**
 * The frame that asks who has an address: an ARP request (RFC 826) or a neighbour solicitation (RFC 4861 §4.3).
 * Mirrors compose_arp() and compose_nd_ns() of lib/packets.c.
 */
import { ARP_OP_REQUEST, ARP_SIZE, buildArp } from '#datapath/packet/arp.js';
import { buildEthernet, ETH_HEADER_SIZE, ETH_TYPE_ARP, ETH_TYPE_IPV6 } from '#datapath/packet/ethernet.js';
import {
  buildNeighbor,
  ICMPV6_NEIGHBOR_SOLICIT,
  ND_MESSAGE_SIZE,
  ND_OPTION_SIZE,
  writeIcmpv6Checksum,
} from '#datapath/packet/icmpv6.js';
import { IP_PROTO_ICMPV6 } from '#datapath/packet/ipv4.js';
import { buildIpv6, IPV6_HEADER_SIZE } from '#datapath/packet/ipv6.js';
import { ipv4Of } from './address.js';

const BROADCAST = new Uint8Array(6).fill(0xff);

/** ff02::1:ff00:0/104 with the last 24 bits of the address. */
const SOLICITED_NODE = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff);

export function arpRequest(mac: Uint8Array, source: Uint8Array, target: Uint8Array): Uint8Array {
  const frame = new Uint8Array(ETH_HEADER_SIZE + ARP_SIZE);
  const at = buildEthernet(frame, 0, { destination: BROADCAST, source: mac, type: ETH_TYPE_ARP });
  buildArp(frame, at, {
    opcode: ARP_OP_REQUEST,
    senderMac: mac,
    senderIp: ipv4Of(source),
    targetMac: new Uint8Array(6),
    targetIp: ipv4Of(target),
  });
  return frame;
}

export function neighbourSolicitation(mac: Uint8Array, source: Uint8Array, target: Uint8Array): Uint8Array {
  const size = ND_MESSAGE_SIZE + ND_OPTION_SIZE;
  const frame = new Uint8Array(ETH_HEADER_SIZE + IPV6_HEADER_SIZE + size);
  const group = Uint8Array.of(...SOLICITED_NODE, ...target.subarray(SOLICITED_NODE.length));
  const ip = buildEthernet(frame, 0, {
    destination: Uint8Array.of(0x33, 0x33, ...group.subarray(12)),
    source: mac,
    type: ETH_TYPE_IPV6,
  });
  const at = buildIpv6(frame, ip, {
    trafficClass: 0,
    flowLabel: 0,
    payloadSize: size,
    nextHeader: IP_PROTO_ICMPV6,
    hopLimit: 255,
    source,
    destination: group,
  });
  buildNeighbor(frame, at, { type: ICMPV6_NEIGHBOR_SOLICIT, flags: 0, target, sourceLink: mac, targetLink: null });
  writeIcmpv6Checksum(frame, ip, at, size);
  return frame;
}
