/**
 * Frames that workloads send: minimum-size UDP/IPv4 as it is, with an 802.1Q tag, or inside VXLAN (RFC 7348).
 *
 * Mirrors what packet generators send at a switch: 60 bytes in memory for a frame of 64 on the wire, 64 with a tag, 110
 * inside VXLAN. Each frame begins at a cache line, as a network card's buffers do, and consecutive frames of a set are of
 * unrelated flows (a seeded permutation), so that no cache of the machine is helped by their order.
 */

import { writeU32 } from '#datapath/packet/byte-order.js';
import { buildEthernet, ETH_HEADER_SIZE, ETH_TYPE_IP, ETH_TYPE_VLAN_8021Q } from '#datapath/packet/ethernet.js';
import { buildIpv4, IP_PROTO_UDP, IPV4_HEADER_SIZE } from '#datapath/packet/ipv4.js';
import { buildUdp, UDP_HEADER_SIZE } from '#datapath/packet/udp.js';
import { buildVlan, VLAN_HEADER_SIZE } from '#datapath/packet/vlan.js';
import { buildVxlan, VXLAN_HEADER_SIZE, VXLAN_PORT } from '#datapath/packet/vxlan.js';
import { type FrameArena, type FrameBatch, makeFrameArena } from '#datapath/packet-buffer.js';
import { SeededRng } from '#src/sim/rng.js';

export const FRAME_KINDS = ['udp', 'vlan', 'vxlan'] as const;
export type FrameKind = (typeof FRAME_KINDS)[number];

/** The VLAN of tagged frames. */
export const BENCH_VLAN = 100;
const BENCH_VNI = 42;
const CACHE_LINE_SIZE = 64;
const IP_PACKET_SIZE = 46;
const LARGEST_FRAME_SIZE = 128;
/** A set of fewer flows repeats them up to this many frames, the length of a long receive ring. */
export const MIN_FRAME_COUNT = 4096;

/** What one UDP packet says; addresses are 32-bit numbers, MAC addresses numbers of 48 bits. */
export interface UdpFlow {
  readonly sourceMac: number;
  readonly destinationMac: number;
  readonly source: number;
  readonly destination: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** Frames that lie one after another in an arena. */
export interface FrameSet {
  readonly arena: FrameArena;
  readonly batch: FrameBatch;
  readonly count: number;
}

export const SOURCE_MAC = 0x02_00_00_00_00_01;
export const DESTINATION_MAC = 0x02_00_00_00_00_02;

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

/** Writes the frame of a flow and returns where it ends. */
function writeUdpFrame(bytes: Uint8Array, at: number, flow: UdpFlow, isTagged: boolean): number {
  const macs = { source: macBytes(flow.sourceMac), destination: macBytes(flow.destinationMac) };
  let end = buildEthernet(bytes, at, { ...macs, type: ETH_TYPE_IP });
  if (isTagged) {
    end = buildVlan(bytes, end - 2, { tpid: ETH_TYPE_VLAN_8021Q, pcp: 0, dei: false, vid: BENCH_VLAN });
    bytes[end] = ETH_TYPE_IP >>> 8;
    bytes[end + 1] = ETH_TYPE_IP & 0xff;
    end += 2;
  }
  writeIpUdp(bytes, end, flow, IP_PACKET_SIZE - IPV4_HEADER_SIZE - UDP_HEADER_SIZE);
  return end + IP_PACKET_SIZE;
}

/** The tunnel packet of a flow: `inner` rides in it. */
function writeVxlanFrame(bytes: Uint8Array, at: number, outer: UdpFlow, inner: UdpFlow): number {
  const innerSize = ETH_HEADER_SIZE + IP_PACKET_SIZE;
  const macs = { source: macBytes(outer.sourceMac), destination: macBytes(outer.destinationMac) };
  const ip = buildEthernet(bytes, at, { ...macs, type: ETH_TYPE_IP });
  const vxlan = writeIpUdp(bytes, ip, outer, VXLAN_HEADER_SIZE + innerSize);
  return writeUdpFrame(bytes, buildVxlan(bytes, vxlan, { vni: BENCH_VNI, gbp: null }), inner, false);
}

/** Flow number i of many that differ in addresses and ports, all to 10.0.0.0/8. */
export function numberedFlow(i: number): UdpFlow {
  return {
    sourceMac: SOURCE_MAC,
    destinationMac: DESTINATION_MAC,
    source: 0x0a_01_00_00 + (i & 0xffff),
    destination: 0x0a_02_00_00 + (Math.imul(i, 0x9e37_79b1) >>> 20),
    sourcePort: 1024 + (Math.imul(i, 40503) & 0x3fff),
    destinationPort: 53 + (i >>> 16),
  };
}

/** The outer packet of tunnelled flow i: to 192.168.77.2, the source port by the flow as RFC 7348 §5 wants it. */
export function numberedTunnel(i: number): UdpFlow {
  return {
    sourceMac: SOURCE_MAC,
    destinationMac: DESTINATION_MAC,
    source: 0xc0_a8_80_01 + ((i >>> 14) << 8),
    destination: 0xc0_a8_4d_02,
    sourcePort: 32768 + (i & 0x3fff),
    destinationPort: VXLAN_PORT,
  };
}

/**
 * The frames of flows [0, flowCount), each at least once, all coming in by a port. `flowOf` gives the addresses that a
 * switch sees: those of the frame, or with VXLAN those of the outer packet.
 */
export function makeFrames(
  kind: FrameKind,
  flowCount: number,
  port: number,
  flowOf: (index: number) => UdpFlow,
): FrameSet {
  const count = flowCount * Math.max(1, Math.ceil(MIN_FRAME_COUNT / flowCount));
  const arena = makeFrameArena(count * LARGEST_FRAME_SIZE);
  const batch = {
    starts: new Int32Array(count),
    lengths: new Int32Array(count),
    ports: new Int32Array(count).fill(port),
  };
  const order = shuffledNumbers(flowCount);
  let at = 0;
  for (let slot = 0; slot < count; slot++) {
    const index = order[slot % flowCount]!;
    const flow = flowOf(index);
    const end =
      kind === 'vxlan'
        ? writeVxlanFrame(arena.bytes, at, flow, numberedFlow(index))
        : writeUdpFrame(arena.bytes, at, flow, kind === 'vlan');
    batch.starts[slot] = at;
    batch.lengths[slot] = end - at;
    at = Math.ceil(end / CACHE_LINE_SIZE) * CACHE_LINE_SIZE;
  }
  return { arena, batch, count };
}

/** Numbers [0, count) in an order that is the same in every run. */
function shuffledNumbers(count: number): Int32Array {
  const rng = new SeededRng(1);
  const numbers = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const other = rng.nextBelow(i + 1);
    const kept = numbers[i]!;
    numbers[i] = numbers[other]!;
    numbers[other] = kept;
  }
  return numbers;
}

/** The size of a tagged minimum frame, for those who check what was built. */
export const TAGGED_FRAME_SIZE = ETH_HEADER_SIZE + VLAN_HEADER_SIZE + IP_PACKET_SIZE;
