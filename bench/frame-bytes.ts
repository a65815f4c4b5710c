/**
 * The bytes of the frames that workloads send: minimum-size UDP over IPv4 as it is or with an 802.1Q tag, over IPv6, or
 * inside VXLAN (RFC 7348).
 *
 * Mirrors what packet generators send at a switch: 60 bytes in memory for a frame of 64 on the wire, 64 with a tag, 62
 * over IPv6 (its headers leave no room for fewer), 110 inside VXLAN.
 */
import { writeU16, writeU32 } from '#datapath/packet/byte-order.js';
import { addToSum, finishSum, pseudoHeaderSum6, udpWireChecksum } from '#datapath/packet/checksum.js';
import { buildEthernet, ETH_HEADER_SIZE, ETH_TYPE_IP, ETH_TYPE_VLAN_8021Q } from '#datapath/packet/ethernet.js';
import { buildIpv4, IP_PROTO_UDP, IPV4_HEADER_SIZE } from '#datapath/packet/ipv4.js';
import {
  IPV6_HEADER_SIZE,
  IPV6_OFF_DST,
  IPV6_OFF_HOP_LIMIT,
  IPV6_OFF_NEXT_HEADER,
  IPV6_OFF_PAYLOAD_LENGTH,
  IPV6_OFF_SRC,
} from '#datapath/packet/ipv6.js';
import { buildUdp, UDP_HEADER_SIZE } from '#datapath/packet/udp.js';
import { buildVlan, VLAN_HEADER_SIZE } from '#datapath/packet/vlan.js';
import { buildVxlan, VXLAN_HEADER_SIZE } from '#datapath/packet/vxlan.js';

/** One kind of frame; the kind `mix` of a set is several of them. */
export type PlainFrameKind = 'udp' | 'vlan' | 'ipv6' | 'vxlan';

/** The VLAN of tagged frames, and the network of VXLAN frames. */
export const BENCH_VLAN = 100;
export const BENCH_VNI = 42;
const IP_PACKET_SIZE = 46;
const ETH_TYPE_IPV6 = 0x86dd;

/** Bytes of a frame of each kind, without the checksum of the wire. */
export const FRAME_SIZES: Readonly<Record<PlainFrameKind, number>> = {
  udp: ETH_HEADER_SIZE + IP_PACKET_SIZE,
  vlan: ETH_HEADER_SIZE + VLAN_HEADER_SIZE + IP_PACKET_SIZE,
  ipv6: ETH_HEADER_SIZE + IPV6_HEADER_SIZE + UDP_HEADER_SIZE,
  vxlan: 2 * ETH_HEADER_SIZE + IPV4_HEADER_SIZE + UDP_HEADER_SIZE + VXLAN_HEADER_SIZE + IP_PACKET_SIZE,
};

/**
 * What one UDP packet says; addresses are 32-bit numbers (of IPv6 the last 32 bits), MAC addresses numbers of 48 bits.
 */
export interface UdpFlow {
  readonly sourceMac: number;
  readonly destinationMac: number;
  readonly source: number;
  readonly destination: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** Writes the frame of a flow; `inner` rides in a VXLAN frame. Returns where it ends. */
export function writeFrame(bytes: Uint8Array, at: number, kind: PlainFrameKind, flow: UdpFlow, inner: UdpFlow): number {
  switch (kind) {
    case 'udp':
    case 'vlan':
      return writeUdpFrame(bytes, at, flow, kind === 'vlan');
    case 'ipv6':
      return writeIpv6Frame(bytes, at, flow);
    case 'vxlan':
      return writeVxlanFrame(bytes, at, flow, inner);
  }
}

function macBytes(mac: number): Uint8Array {
  return Uint8Array.from({ length: 6 }, (_, i) => Math.floor(mac / 2 ** (8 * (5 - i))) & 0xff);
}

function ipBytes(address: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeU32(bytes, 0, address);
  return bytes;
}

/** Writes an IPv4 packet with a UDP header and `size` bytes of payload; returns where the payload begins. */
function writeIpUdp(bytes: Uint8Array, at: number, flow: UdpFlow, size: number): number {
  const udpSize = UDP_HEADER_SIZE + size;
  const udp = buildIpv4(bytes, at, {
    tos: 0,
    totalSize: IPV4_HEADER_SIZE + udpSize,
    id: 1,
    dontFragment: false,
    moreFragments: false,
    fragmentOffset: 0,
    ttl: 64,
    protocol: IP_PROTO_UDP,
    source: ipBytes(flow.source),
    destination: ipBytes(flow.destination),
    options: new Uint8Array(),
  });
  const { sourcePort, destinationPort } = flow;
  return buildUdp(bytes, udp, { sourcePort, destinationPort, size: udpSize, checksum: 0 });
}

function writeUdpFrame(bytes: Uint8Array, at: number, flow: UdpFlow, isTagged: boolean): number {
  const macs = { source: macBytes(flow.sourceMac), destination: macBytes(flow.destinationMac) };
  let end = buildEthernet(bytes, at, { ...macs, type: ETH_TYPE_IP });
  if (isTagged) {
    end = buildVlan(bytes, end - 2, { tpid: ETH_TYPE_VLAN_8021Q, pcp: 0, dei: false, vid: BENCH_VLAN });
    writeU16(bytes, end, ETH_TYPE_IP);
    end += 2;
  }
  writeIpUdp(bytes, end, flow, IP_PACKET_SIZE - IPV4_HEADER_SIZE - UDP_HEADER_SIZE);
  return end + IP_PACKET_SIZE;
}

/** From fd00:1:: to fd00:2::, each with the flow's number at its end; without payload. */
function writeIpv6Frame(bytes: Uint8Array, at: number, flow: UdpFlow): number {
  const macs = { source: macBytes(flow.sourceMac), destination: macBytes(flow.destinationMac) };
  const ip = buildEthernet(bytes, at, { ...macs, type: ETH_TYPE_IPV6 });
  bytes.fill(0, ip, ip + IPV6_HEADER_SIZE);
  bytes[ip] = 0x60;
  writeU16(bytes, ip + IPV6_OFF_PAYLOAD_LENGTH, UDP_HEADER_SIZE);
  bytes[ip + IPV6_OFF_NEXT_HEADER] = IP_PROTO_UDP;
  bytes[ip + IPV6_OFF_HOP_LIMIT] = 64;
  writeU32(bytes, ip + IPV6_OFF_SRC, 0xfd00_0001);
  writeU32(bytes, ip + IPV6_OFF_SRC + 12, flow.source);
  writeU32(bytes, ip + IPV6_OFF_DST, 0xfd00_0002);
  writeU32(bytes, ip + IPV6_OFF_DST + 12, flow.destination);
  const udp = ip + IPV6_HEADER_SIZE;
  const { sourcePort, destinationPort } = flow;
  const end = buildUdp(bytes, udp, { sourcePort, destinationPort, size: UDP_HEADER_SIZE, checksum: 0 });
  const sum = addToSum(pseudoHeaderSum6(bytes, ip, IP_PROTO_UDP, UDP_HEADER_SIZE), bytes, udp, UDP_HEADER_SIZE);
  writeU16(bytes, udp + 6, udpWireChecksum(finishSum(sum)));
  return end;
}

function writeVxlanFrame(bytes: Uint8Array, at: number, outer: UdpFlow, inner: UdpFlow): number {
  const macs = { source: macBytes(outer.sourceMac), destination: macBytes(outer.destinationMac) };
  const ip = buildEthernet(bytes, at, { ...macs, type: ETH_TYPE_IP });
  const vxlan = writeIpUdp(bytes, ip, outer, VXLAN_HEADER_SIZE + FRAME_SIZES.udp);
  return writeUdpFrame(bytes, buildVxlan(bytes, vxlan, { vni: BENCH_VNI, gbp: null }), inner, false);
}
