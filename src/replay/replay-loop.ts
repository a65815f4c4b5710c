/**
 * The loop that sends a scanned capture through a switch: virtual time follows the frames' times, real time follows
 * virtual time where a pacer is given.
 *
 * Invariant: every replayable frame is received once for each loop, in the capture's order. All figures are the
 * switch's own counters, taken before and after.
 */

import type { FrameBatch } from '#datapath/packet-buffer.js';
import type { DatapathStats, VportInfo } from '#datapath/dpif.js';
import type { DropReason } from '#datapath/drop-reason.js';
import type { CapturedFrames } from '../capture/capture-arena.js';
import type { ScannedCapture } from './capture-scan.js';
import type { ReplayTarget } from './replay-target.js';

/** Real time and patience, which the command line has and this room has not. */
export interface ReplayPace {
  /** Real time, for the rate. */
  wallNs(): number;
  /**
   * Waits until a frame of this virtual time (since the replay's beginning) is due; null when it is due already. A pace
   * at full speed always gives null.
   */
  until(elapsedNs: number): Promise<void> | null;
  /** Called every few thousand frames: draws progress, lets signals in. True when the replay must stop. */
  breathe(sent: number): Promise<boolean>;
}

export interface FlowSample {
  /** Since the replay's beginning, virtual. */
  readonly timeNs: number;
  readonly flows: number;
  readonly masks: number;
  readonly packets: number;
  readonly missed: number;
}

export interface PortResult {
  readonly name: string;
  readonly port: number;
  /** Which frames come in by it; empty where none do. */
  readonly takes: string;
  readonly rxPackets: number;
  readonly rxBytes: number;
  readonly txPackets: number;
  readonly txBytes: number;
  readonly dropped: number;
}

export interface ReplayResult {
  readonly description: string;
  readonly loops: number;
  /** Frames received by the switch, and their bytes. */
  readonly packets: number;
  readonly bytes: number;
  readonly ports: readonly PortResult[];
  readonly stats: DatapathStats;
  readonly peakFlows: number;
  readonly peakMasks: number;
  readonly drops: ReadonlyMap<DropReason, number>;
  readonly samples: readonly FlowSample[];
  readonly virtualNs: number;
  readonly wallNs: number;
  /** True when it was stopped before its end. */
  readonly stopped: boolean;
}

const SAMPLE_COUNT = 60;
const FRAMES_PER_BREATH = 4096;

export const replayCapture = async (
  capture: ScannedCapture,
  target: ReplayTarget,
  loops: number,
  pace: ReplayPace,
): Promise<ReplayResult> => {
  const { counts } = capture;
  const startNs = target.nowNs();
  const before = target.stats();
  const dropsBefore = target.drops();
  const portsBefore = new Map(target.ports().map((info) => [info.port, info]));
  // One mean gap between the last frame of a loop and the first of the next.
  const loopNs = counts.durationNs + Math.ceil(counts.durationNs / Math.max(1, counts.replayable - 1));
  const sampleNs = Math.max(1, (loops * loopNs) / SAMPLE_COUNT);
  const samples: FlowSample[] = [];
  let nextSampleNs = sampleNs;
  let packets = 0;
  let bytes = 0;
  let nowNs = 0;
  let wallNs = 0;
  let stopped = false;
  let peakFlows = before.flows;
  let peakMasks = before.masks;

  const sample = (timeNs: number): void => {
    const { flows, masks, missed } = target.stats();
    samples.push({ timeNs, flows, masks, packets, missed: missed - before.missed });
    if (flows > peakFlows) peakFlows = flows;
    if (masks > peakMasks) peakMasks = masks;
  };

  sample(0);
  for (let loop = 0; loop < loops && !stopped; loop++) {
    for await (const window of capture.windows()) {
      const batch = batchOf(window, target.inPorts);
      let lapNs = pace.wallNs();
      for (let i = 0; i < window.count; i++) {
        const timeNs = loop * loopNs + window.timesNs[i]!;
        if (timeNs >= nextSampleNs) {
          // One sample however long the gap was; the switch is looked at as the last frame left it.
          sample(nowNs);
          nextSampleNs = (Math.floor(timeNs / sampleNs) + 1) * sampleNs;
        }
        const wait = pace.until(timeNs);
        if (wait !== null) {
          await wait;
          stopped = await pace.breathe(packets);
          if (stopped) break;
        }
        if (timeNs > nowNs) {
          nowNs = timeNs;
          target.advanceTo(startNs + nowNs);
        }
        target.receive(window, batch, i);
        packets++;
        bytes += window.lengths[i]!;
        if (packets % FRAMES_PER_BREATH === 0) {
          wallNs += pace.wallNs() - lapNs;
          stopped = await pace.breathe(packets);
          lapNs = pace.wallNs();
          if (stopped) break;
        }
      }
      wallNs += pace.wallNs() - lapNs;
      if (stopped) break;
    }
  }
  sample(nowNs);

  const drops = new Map<DropReason, number>();
  for (const [reason, count] of target.drops()) {
    const during = count - (dropsBefore.get(reason) ?? 0);
    if (during > 0) drops.set(reason, during);
  }
  return {
    description: target.description,
    loops,
    packets,
    bytes,
    ports: target
      .ports()
      .map((info) => portResult(info, portsBefore.get(info.port), target.portLabels.get(info.port) ?? '')),
    stats: difference(target.stats(), before),
    peakFlows,
    peakMasks,
    drops,
    samples,
    virtualNs: nowNs,
    wallNs,
    stopped,
  };
};

/** The frames of a window with the port that each comes in by. */
const batchOf = (window: CapturedFrames, inPorts: readonly number[]): FrameBatch => {
  const ports = new Int32Array(window.count);
  for (let i = 0; i < ports.length; i++) ports[i] = inPorts[window.tags[i]! % inPorts.length]!;
  return { starts: window.offsets, lengths: window.lengths, ports };
};

const sum = (drops: ReadonlyMap<DropReason, number> | undefined): number => {
  let total = 0;
  for (const count of drops?.values() ?? []) total += count;
  return total;
};

const portResult = (info: VportInfo, before: VportInfo | undefined, takes: string): PortResult => ({
  name: info.name,
  port: info.port,
  takes,
  rxPackets: info.stats.rxPackets - (before?.stats.rxPackets ?? 0),
  rxBytes: info.stats.rxBytes - (before?.stats.rxBytes ?? 0),
  txPackets: info.stats.txPackets - (before?.stats.txPackets ?? 0),
  txBytes: info.stats.txBytes - (before?.stats.txBytes ?? 0),
  dropped: sum(info.drops) - sum(before?.drops),
});

/** Counters as the replay moved them; flows and masks are what there is now. */
const difference = (after: DatapathStats, before: DatapathStats): DatapathStats => ({
  hits: after.hits - before.hits,
  microflowHits: after.microflowHits - before.microflowHits,
  megaflowHits: after.megaflowHits - before.megaflowHits,
  missed: after.missed - before.missed,
  lost: after.lost - before.lost,
  flows: after.flows,
  masks: after.masks,
  maskHits: after.maskHits - before.maskHits,
  cacheHits: after.cacheHits - before.cacheHits,
  recirculations: after.recirculations - before.recirculations,
});
