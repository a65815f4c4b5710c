/**
 * Meters: token buckets that packets run through, each band with one of its own. // hot path
 *
 * Mirrors dpif_netdev_meter_set() and dp_netdev_run_meter() of lib/dpif-netdev.c (OpenFlow 1.5.1 §5.7): a bucket holds
 * bits (kbps) or thousandths of packets (pktps), is full when the meter is made, and fills with whole milliseconds; a
 * packet takes its volume from every band that has it, and of the bands that lack it the one with the highest rate acts.
 * A packet for a meter that does not exist passes.
 *
 * Deliberately different: dscp_remark bands work (OpenFlow 1.5.1 §5.7.1: the drop precedence of RFC 2597's classes is
 * raised), which OVS's userspace datapath refuses and the kernel's ignores.
 */
import type { MeterBand, MeterSetResult, MeterSpec, MeterStats } from './dpif.js';
import { updateChecksum16 } from './packet/checksum.js';
import type { Packet } from './packet-buffer.js';
import { L3_WORD } from './flow-extract.js';

export const MAX_METERS = 1 << 18;
export const MAX_METER_BANDS = 8;

const NS_PER_MS = 1_000_000;
const LE_IPV4 = 0x0008;
const LE_IPV6 = 0xdd86;

/** No band acts on the packet. */
const METER_PASS = -1;

class Meter {
  readonly bands: readonly MeterBand[];
  private readonly countsPackets: boolean;
  private readonly bucketSizes: Float64Array;
  private readonly buckets: Float64Array;
  /** The longest time that matters: what fills the slowest bucket. */
  private readonly maxDeltaMs: number;
  private usedMs: number;
  private packets = 0;
  private bytes = 0;
  private readonly bandPackets: Float64Array;
  private readonly bandBytes: Float64Array;

  constructor(spec: MeterSpec, nowNs: number) {
    // A band without a burst may take what comes in one second.
    this.bands = spec.bands.map((band) => ({ ...band, burst: band.burst === 0 ? band.rate : band.burst }));
    this.countsPackets = spec.unit === 'pktps';
    this.bucketSizes = Float64Array.from(this.bands, (band) => band.burst * 1000);
    this.buckets = this.bucketSizes.slice();
    this.maxDeltaMs = this.bands.reduce((max, band) => Math.max(max, Math.floor((band.burst * 1000) / band.rate)), 0);
    this.usedMs = Math.floor(nowNs / NS_PER_MS);
    this.bandPackets = new Float64Array(this.bands.length);
    this.bandBytes = new Float64Array(this.bands.length);
  }

  /** Counts a packet; returns the band that acts on it, or METER_PASS. */
  take(length: number, nowNs: number): number {
    const nowMs = Math.floor(nowNs / NS_PER_MS);
    const deltaMs = Math.min(Math.max(nowMs - this.usedMs, 0), this.maxDeltaMs);
    this.usedMs = nowMs;
    this.packets++;
    this.bytes += length;
    const volume = this.countsPackets ? 1000 : length * 8;
    let hit = METER_PASS;
    let hitRate = 0;
    for (let i = 0; i < this.bands.length; i++) {
      const { rate } = this.bands[i]!;
      const filled = Math.min(this.buckets[i]! + deltaMs * rate, this.bucketSizes[i]!);
      if (filled >= volume) this.buckets[i] = filled - volume;
      else {
        this.buckets[i] = filled;
        if (rate > hitRate) {
          hit = i;
          hitRate = rate;
        }
      }
    }
    if (hit !== METER_PASS) {
      this.bandPackets[hit] = this.bandPackets[hit]! + 1;
      this.bandBytes[hit] = this.bandBytes[hit]! + length;
    }
    return hit;
  }

  stats(): MeterStats {
    return {
      packets: this.packets,
      bytes: this.bytes,
      bands: this.bands.map((_, i) => ({ packets: this.bandPackets[i]!, bytes: this.bandBytes[i]! })),
    };
  }
}

export class MeterTable {
  /** Undefined for a number that is free. */
  private readonly meters: (Meter | undefined)[] = [];

  set(spec: MeterSpec, nowNs: number): MeterSetResult {
    if (!Number.isInteger(spec.id) || spec.id < 0 || spec.id >= MAX_METERS) return 'bad-id';
    if (spec.bands.length > MAX_METER_BANDS) return 'too-many-bands';
    if (spec.bands.some((band) => !(band.rate > 0))) return 'bad-rate';
    // Holes are filled, so that the array stays one that is fast to read.
    while (this.meters.length <= spec.id) this.meters.push(undefined);
    this.meters[spec.id] = new Meter(spec, nowNs);
    return 'ok';
  }

  stats(id: number): MeterStats | null {
    return this.meters[id]?.stats() ?? null;
  }

  /** Removes the meter and returns its last counters, or null when there is none. */
  delete(id: number): MeterStats | null {
    const stats = this.stats(id);
    if (stats !== null) this.meters[id] = undefined;
    return stats;
  }

  /** The band that acts on a packet, or null. */
  run(id: number, length: number, nowNs: number): MeterBand | null {
    const meter = this.meters[id];
    if (meter === undefined) return null;
    const band = meter.take(length, nowNs);
    return band === METER_PASS ? null : meter.bands[band]!;
  }
}

/** Raises the drop precedence of an assured forwarding class (RFC 2597 §6); other packets stay as they are. */
export function remarkDscp(packet: Packet, levels: number): void {
  const { view, words, row } = packet;
  const ip = packet.layer(L3_WORD);
  const type = words[row + 6]! & 0xffff;
  if (ip < 0 || (type !== LE_IPV4 && type !== LE_IPV6)) return;
  if (ip + (type === LE_IPV4 ? 20 : 40) > packet.start + packet.length) return;
  const first = view.getUint16(ip);
  // The traffic class begins in the middle of IPv6's first byte.
  const shift = type === LE_IPV4 ? 2 : 6;
  const dscp = (first >>> shift) & 0x3f;
  const precedence = (dscp >>> 1) & 3;
  const isAssured = dscp >>> 3 >= 1 && dscp >>> 3 <= 4 && precedence !== 0 && (dscp & 1) === 0;
  if (!isAssured) return;
  const marked = (dscp & 0x38) | (Math.min(3, precedence + levels) << 1);
  const second = (first & ~(0x3f << shift)) | (marked << shift);
  view.setUint16(ip, second);
  if (type === LE_IPV4) view.setUint16(ip + 10, updateChecksum16(view.getUint16(ip + 10), first, second));
  packet.isChanged = true;
}
