/**
 * Measures workloads side by side: after a warm-up of each, rounds go round all of them, so that whatever else the
 * machine does in the meantime falls on all alike. A figure is the median of the rounds.
 *
 * Invariant: every operation of a timed round was checked by the workload's own counters.
 */
import { BURST_SIZE } from './bench-switch.js';
import { type Spread, summarize } from './statistics.js';
import { type Counts, type Settings, SIZE_COUNTS, type Unit, type Workload } from './workload/workload.js';

export interface MeasureOptions {
  /** Time that is measured for each workload, over all rounds. */
  readonly seconds: number;
  readonly rounds: number;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Measurement {
  readonly name: string;
  /** What one operation is, of which the times are. */
  readonly unit: Unit;
  /** By the wall: the median, and the spread of the rounds. */
  readonly ns: number;
  readonly spread: Spread;
  /** On a processor, without the time that others had it: the median. */
  readonly onCpuNs: number;
  /** What the operations of all rounds met. */
  readonly counts: Counts;
  /** What else was found out of the workload. */
  readonly figures: Readonly<Record<string, number>>;
  readonly settings: Settings;
}

/** Operations of a warm-up between two looks at the clock. */
const WARM_UP_STEP = 4096;

interface Running {
  readonly workload: Workload;
  readonly perRound: number;
  readonly samples: number[];
  readonly onCpuSamples: number[];
  counts: Counts;
}

export async function measure(
  workloads: readonly Workload[],
  options: MeasureOptions,
): Promise<readonly Measurement[]> {
  const total = workloads.length * (options.rounds + 1);
  let done = 0;
  const progress = (): void => options.onProgress?.(++done, total);
  const running: Running[] = [];
  for (const workload of workloads) {
    const perRound = await warmUp(workload, options);
    running.push({ workload, perRound, samples: [], onCpuSamples: [], counts: {} });
    progress();
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const one of running) {
      const { ns, onCpuNs, counts } = await one.workload.round(one.perRound);
      one.samples.push(ns / one.perRound);
      one.onCpuSamples.push(onCpuNs / one.perRound);
      one.counts = added(one.counts, counts);
      progress();
    }
  }
  return running.map(({ workload, perRound, samples, onCpuSamples, counts }) => {
    const { name, unit, figures } = workload;
    const { median, spread } = summarize(samples);
    const burst = unit === 'packet' ? { burst: BURST_SIZE } : {};
    const settings = { ...workload.settings, ...burst, rounds: options.rounds, perRound };
    return { name, unit, ns: median, spread, onCpuNs: summarize(onCpuSamples).median, counts, figures, settings };
  });
}

/** Does each thing at least once, and goes on for half the measured time; returns how many operations fill a round. */
async function warmUp(workload: Workload, options: MeasureOptions): Promise<number> {
  const timeNs = (options.seconds * 1e9) / 2;
  const roundNs = (options.seconds * 1e9) / options.rounds;
  const { step, setSize, roundLimit } = workload;
  const stepCount = Math.min(Math.max(step, WARM_UP_STEP - (WARM_UP_STEP % step)), roundLimit);
  let spentNs = 0;
  let count = 0;
  let nsPerOperation = 1;
  while (spentNs < timeNs || count < Math.min(setSize, roundLimit)) {
    const { onCpuNs } = await workload.warmUp(stepCount);
    nsPerOperation = onCpuNs / stepCount;
    spentNs += onCpuNs;
    count += stepCount;
  }
  const wanted = Math.max(BURST_SIZE, step, Math.round(roundNs / nsPerOperation));
  return Math.min(roundLimit, wanted - (wanted % step));
}

/** Counters add up; the sizes of tables are those of the last round. */
function added(before: Counts, after: Counts): Counts {
  const entries = Object.entries(after).map(([name, count]): [string, number] => [
    name,
    SIZE_COUNTS.has(name) ? count : count + (before[name] ?? 0),
  ]);
  return Object.fromEntries(entries);
}
