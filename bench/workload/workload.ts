/**
 * A workload: a switch, the frames that it is sent, and what must be true of it for the name to be deserved.
 *
 * Invariant: a figure is given only for a round whose counters agree with the workload's name (so many masks, so many
 * hits, nothing dropped); one that does not is an error, never a number.
 */
import type { BenchSwitch, SwitchCounts } from '../bench-switch.js';
import type { FrameKind, FrameSet } from '../frames.js';

/** What happened in one round: differences of counters, and the sizes of the tables at its end. */
export interface RoundCounts {
  readonly packets: number;
  readonly hits: number;
  readonly microflowHits: number;
  readonly megaflowHits: number;
  readonly missed: number;
  readonly lost: number;
  readonly sent: number;
  readonly dropped: number;
  /** Masks probed by the lookups of the megaflow table. */
  readonly probes: number;
  readonly flows: number;
  readonly masks: number;
}

/** The number that a counter must have, or the range that it must be in. */
export type Expected = number | { readonly least?: number; readonly most?: number };
export type Expectations = { readonly [name in keyof RoundCounts]?: Expected };

export interface WorkloadSettings {
  readonly frames: FrameKind;
  /** The file for the workload `capture`, or null for the one that comes with the program. */
  readonly capture: string | null;
}

/** How one workload is made. */
export interface WorkloadKind {
  readonly name: string;
  /** What it sends and what is measured by it, in one line. */
  readonly summary: string;
  prepare(settings: WorkloadSettings): Promise<Workload> | Workload;
}

export interface WorkloadOptions {
  readonly name: string;
  readonly target: BenchSwitch;
  readonly frames: FrameSet;
  /** What the workload is made of, for the report. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** What must be true of a round of so many packets. */
  readonly expect: (packets: number) => Expectations;
  /** The most packets of a round, where one cannot go on for ever. */
  readonly roundLimit?: number;
  /** Done before each round, outside the timed part. */
  readonly reset?: () => void;
}

export class SelfCheckError extends Error {
  constructor(workload: string, problems: readonly string[]) {
    super(`${workload} does not do what its name says: ${problems.join('; ')}`);
    this.name = 'SelfCheckError';
  }
}

export class Workload {
  readonly name: string;
  readonly settings: WorkloadOptions['settings'];
  readonly roundLimit: number;
  private readonly options: WorkloadOptions;

  constructor(options: WorkloadOptions) {
    this.options = options;
    this.name = options.name;
    this.settings = options.settings;
    this.roundLimit = options.roundLimit ?? Number.MAX_SAFE_INTEGER;
  }

  /** Frames of the whole set, so that each flow is seen. */
  get setSize(): number {
    return this.options.frames.count;
  }

  /** Sends `packets` frames that no figure is made of; returns the nanoseconds. */
  warmUp(packets: number): number {
    this.options.reset?.();
    return this.options.target.send(this.options.frames, packets);
  }

  /** Sends `packets` frames, and checks what the switch did with them. */
  round(packets: number): { readonly ns: number; readonly counts: RoundCounts } {
    const { target, frames } = this.options;
    this.options.reset?.();
    const before = target.counts();
    const ns = target.send(frames, packets);
    const counts = difference(packets, before, target.counts());
    const problems = problemsOf(counts, this.options.expect(packets));
    if (problems.length > 0) throw new SelfCheckError(this.name, problems);
    return { ns, counts };
  }
}

function difference(packets: number, before: SwitchCounts, after: SwitchCounts): RoundCounts {
  return {
    packets,
    hits: after.stats.hits - before.stats.hits,
    microflowHits: after.stats.microflowHits - before.stats.microflowHits,
    megaflowHits: after.stats.megaflowHits - before.stats.megaflowHits,
    missed: after.stats.missed - before.stats.missed,
    lost: after.stats.lost - before.stats.lost,
    sent: after.sentFrames - before.sentFrames,
    dropped: after.droppedFrames - before.droppedFrames,
    probes: after.stats.maskHits - before.stats.maskHits,
    flows: after.stats.flows,
    masks: after.stats.masks,
  };
}

/** A sentence for each counter that is not as it should be. */
export function problemsOf(counts: RoundCounts, expectations: Expectations): readonly string[] {
  const problems: string[] = [];
  for (const [name, expected] of Object.entries(expectations) as [keyof RoundCounts, Expected][]) {
    const count = counts[name];
    const { least, most } = typeof expected === 'number' ? { least: expected, most: expected } : expected;
    if ((least === undefined || count >= least) && (most === undefined || count <= most)) continue;
    const wanted =
      least === most
        ? `${least}`
        : [least === undefined ? '' : `at least ${least}`, most === undefined ? '' : `at most ${most}`]
            .filter(Boolean)
            .join(' and ');
    problems.push(`${name} is ${count}, not ${wanted}`);
  }
  return problems;
}
