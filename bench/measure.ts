/**
 * Measures workloads side by side: after a warm-up of each, rounds go round all of them, so that whatever else the
 * machine does in the meantime falls on all alike. A figure is the median of the rounds.
 *
 * Invariant: every packet of a timed round was checked by the workload's own counters.
 */
import { BURST_SIZE } from './bench-switch.js';
import { type Spread, summarize } from './statistics.js';
import type { RoundCounts, Workload } from './workload/workload.js';

export interface MeasureOptions {
  /** Time that is measured for each workload, over all rounds. */
  readonly seconds: number;
  readonly rounds: number;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Measurement {
  readonly name: string;
  readonly nsPerPacket: number;
  readonly spread: Spread;
  /** What the packets of all rounds met. */
  readonly counts: RoundCounts;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
}

/** Packets of a warm-up between two looks at the clock. */
const WARM_UP_STEP = 4096;

interface Running {
  readonly workload: Workload;
  readonly packetsPerRound: number;
  readonly samples: number[];
  counts: RoundCounts | null;
}

export function measure(workloads: readonly Workload[], options: MeasureOptions): readonly Measurement[] {
  const total = workloads.length * (options.rounds + 1);
  let done = 0;
  const progress = (): void => options.onProgress?.(++done, total);
  const running: Running[] = workloads.map((workload) => {
    const packetsPerRound = warmUp(workload, options);
    progress();
    return { workload, packetsPerRound, samples: [], counts: null };
  });
  for (let round = 0; round < options.rounds; round++) {
    for (const one of running) {
      const { ns, counts } = one.workload.round(one.packetsPerRound);
      one.samples.push(ns / one.packetsPerRound);
      one.counts = one.counts === null ? counts : added(one.counts, counts);
      progress();
    }
  }
  return running.map(({ workload, packetsPerRound, samples, counts }) => {
    const { median, spread } = summarize(samples);
    const settings = { ...workload.settings, burst: BURST_SIZE, rounds: options.rounds, packetsPerRound };
    return { name: workload.name, nsPerPacket: median, spread, counts: counts!, settings };
  });
}

/** Sends each frame at least once, and goes on for half the measured time; returns how many packets fill a round. */
function warmUp(workload: Workload, options: MeasureOptions): number {
  const timeNs = (options.seconds * 1e9) / 2;
  const roundNs = (options.seconds * 1e9) / options.rounds;
  const step = Math.min(WARM_UP_STEP, workload.roundLimit);
  let spentNs = 0;
  let packets = 0;
  let nsPerPacket = 1;
  while (spentNs < timeNs || packets < Math.min(workload.setSize, workload.roundLimit)) {
    const ns = workload.warmUp(step);
    nsPerPacket = ns / step;
    spentNs += ns;
    packets += step;
  }
  return Math.min(workload.roundLimit, Math.max(BURST_SIZE, Math.round(roundNs / nsPerPacket)));
}

/** Counters add up; the sizes of tables are those of the last round. */
function added(a: RoundCounts, b: RoundCounts): RoundCounts {
  return {
    packets: a.packets + b.packets,
    hits: a.hits + b.hits,
    microflowHits: a.microflowHits + b.microflowHits,
    megaflowHits: a.megaflowHits + b.megaflowHits,
    missed: a.missed + b.missed,
    lost: a.lost + b.lost,
    sent: a.sent + b.sent,
    dropped: a.dropped + b.dropped,
    probes: a.probes + b.probes,
    flows: b.flows,
    masks: b.masks,
  };
}
