/**
 * Sets of frames that workloads send. Each frame begins at a cache line, as a network card's buffers do, and
 * consecutive frames of a set are of unrelated flows (a seeded permutation, or seeded draws), so that no cache of the
 * machine is helped by their order.
 */
import { VXLAN_PORT } from '#datapath/packet/vxlan.js';
import { type FrameArena, type FrameBatch, makeFrameArena } from '#datapath/packet-buffer.js';
import { SeededRng } from '#src/sim/rng.js';
import { FRAME_SIZES, type PlainFrameKind, type UdpFlow, writeFrame } from './frame-bytes.js';

export const FRAME_KINDS = ['udp', 'vlan', 'ipv6', 'vxlan', 'mix'] as const;
export type FrameKind = (typeof FRAME_KINDS)[number];

/** How often flows are seen: all alike, or the n-th most frequent one 1/n as often as the first (Zipf, s = 1). */
export const SKEWS = ['uniform', 'zipf'] as const;
export type Skew = (typeof SKEWS)[number];

const CACHE_LINE_SIZE = 64;
/** A set of fewer flows repeats them up to this many frames, the length of a long receive ring. */
export const MIN_FRAME_COUNT = 4096;
/** So many draws at least show a skewed set's distribution. */
const MIN_DRAW_COUNT = 131_072;

/** Frames that lie one after another in an arena. */
export interface FrameSet {
  readonly arena: FrameArena;
  readonly batch: FrameBatch;
  readonly count: number;
}

export const SOURCE_MAC = 0x02_00_00_00_00_01;
export const DESTINATION_MAC = 0x02_00_00_00_00_02;

/** Of ten flows of a mix six are UDP as it is, two tagged, one over IPv6, one inside VXLAN. */
const MIX: readonly PlainFrameKind[] = ['udp', 'vlan', 'udp', 'ipv6', 'udp', 'udp', 'vlan', 'udp', 'vxlan', 'udp'];

/** What flow number `index` of a set of this kind is. */
export function plainKind(kind: FrameKind, index: number): PlainFrameKind {
  return kind === 'mix' ? MIX[index % MIX.length]! : kind;
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

/** What a switch sees of flow i: the addresses of the frame, or of the outer packet of one inside VXLAN. */
export function numbered(i: number, kind: PlainFrameKind): UdpFlow {
  return kind === 'vxlan' ? numberedTunnel(i) : numberedFlow(i);
}

export interface FrameSetOptions {
  readonly kind: FrameKind;
  readonly flowCount: number;
  /** The datapath port that all come in by. */
  readonly port: number;
  /** The addresses that a switch sees of a flow. */
  readonly flowOf?: (index: number, kind: PlainFrameKind) => UdpFlow;
  readonly skew?: Skew;
}

/** The frames of flows [0, flowCount): each at least once, or drawn by Zipf's law. */
export function makeFrames(options: FrameSetOptions): FrameSet {
  const { kind, flowCount, port, flowOf = numbered, skew = 'uniform' } = options;
  const order = skew === 'zipf' ? zipfDraws(flowCount) : repeated(shuffledNumbers(flowCount));
  const count = order.length;
  const slotSize = kind === 'mix' || FRAME_SIZES[kind] > CACHE_LINE_SIZE ? 2 * CACHE_LINE_SIZE : CACHE_LINE_SIZE;
  const arena = makeFrameArena(count * slotSize);
  const batch = {
    starts: new Int32Array(count),
    lengths: new Int32Array(count),
    ports: new Int32Array(count).fill(port),
  };
  let at = 0;
  for (let slot = 0; slot < count; slot++) {
    const index = order[slot]!;
    const plain = plainKind(kind, index);
    const end = writeFrame(arena.bytes, at, plain, flowOf(index, plain), numberedFlow(index));
    batch.starts[slot] = at;
    batch.lengths[slot] = end - at;
    at = Math.ceil(end / CACHE_LINE_SIZE) * CACHE_LINE_SIZE;
  }
  return { arena, batch, count };
}

/** A permutation over and over, until there are frames enough. */
function repeated(numbers: Int32Array): Int32Array {
  const times = Math.max(1, Math.ceil(MIN_FRAME_COUNT / numbers.length));
  const all = new Int32Array(numbers.length * times);
  for (let i = 0; i < times; i++) all.set(numbers, i * numbers.length);
  return all;
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

/** Draws of which the n-th most frequent number comes 1/n as often as the first; which one that is, is shuffled. */
function zipfDraws(count: number): Int32Array {
  const cumulated = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    sum += 1 / (rank + 1);
    cumulated[rank] = sum;
  }
  const byRank = shuffledNumbers(count);
  const rng = new SeededRng(2);
  return Int32Array.from({ length: Math.max(count, MIN_DRAW_COUNT) }, () => {
    const wanted = rng.nextFloat() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulated[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return byRank[low]!;
  });
}
