/**
 * A workload: something that a switch does, many times, and what must be true of it for the name to be deserved.
 *
 * Invariant: a figure is given only for a round whose counters agree with the workload's name (so many masks, so many
 * hits, nothing dropped); one that does not is an error, never a number.
 */
import type { BenchSwitch, SwitchCounts, SwitchPlan } from '../bench-switch.js';
import { FRAME_KINDS, type FrameKind, type FrameSet, type Skew } from '../frames.js';
import type { Timing } from '../stopwatch.js';

/** What happened in one round of packets: differences of counters, and the sizes of the tables at its end. */
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

/** What one operation is. */
export type Unit = 'packet' | 'flow' | 'lookup';

export type Settings = Readonly<Record<string, string | number | boolean>>;

/** Counters of one round; those whose name is in SIZE_COUNTS are sizes, the others add up over rounds. */
export type Counts = Readonly<Record<string, number>>;
export const SIZE_COUNTS: ReadonlySet<string> = new Set(['flows', 'masks', 'rules', 'subtables']);

export interface Round extends Timing {
  readonly counts: Counts;
}

export interface Workload {
  readonly name: string;
  readonly unit: Unit;
  /** What it is made of, for the report. */
  readonly settings: Settings;
  /** Operations that must be done at least, so that each thing is seen. */
  readonly setSize: number;
  /** The most operations of a round, where one cannot go on for ever. */
  readonly roundLimit: number;
  /** Rounds are multiples of it. */
  readonly step: number;
  /** What else was found out while it was prepared, such as bytes per rule. */
  readonly figures: Readonly<Record<string, number>>;
  /** The same for another switch: null where there is none that could do it. */
  readonly peer: PeerWork | null;
  /** Does so many operations that no figure is made of. */
  warmUp(count: number): Timing | Promise<Timing>;
  /** Does so many operations, and checks what came of them. */
  round(count: number): Round | Promise<Round>;
}

/** What another switch is given to do the same. */
export interface PeerWork {
  readonly plan: SwitchPlan;
  readonly frames: FrameSet;
  /** The port, by name, that all frames come in by. */
  readonly inPort: string;
  readonly outPort: string;
  /** What its caches and tables must say: the share of packets that miss, and the masks of its megaflows. */
  readonly masks?: number;
  /** Every packet misses: what is done with it then. */
  readonly misses?: 'execute' | 'install';
}

export interface WorkloadOptions {
  readonly frames: FrameKind;
  readonly skew: Skew;
  /** The file for the workload `capture`, or null for the one that comes with the program. */
  readonly capture: string | null;
}

/** How one workload is made. */
export interface WorkloadKind {
  readonly name: string;
  /** What it sends and what is measured by it, in one line. */
  readonly summary: string;
  /** Kinds of frames that it can be made of; with its first one where the user does not say. */
  readonly frames: readonly FrameKind[];
  /** True where --skew changes it. */
  readonly takesSkew?: boolean;
  /** It takes long or much memory: done only when it is named. */
  readonly isLong?: boolean;
  /** Why it cannot be measured, where it cannot. */
  readonly missing?: string;
  prepare(options: WorkloadOptions): Promise<readonly Workload[]> | readonly Workload[];
}

export const ALL_FRAMES: readonly FrameKind[] = FRAME_KINDS;
/** For workloads that have frames of their own. */
export const OWN_FRAMES: readonly FrameKind[] = [];

export interface PacketWorkloadOptions {
  readonly name: string;
  readonly target: BenchSwitch;
  readonly frames: FrameSet;
  readonly settings: Settings;
  /** What must be true of a round of so many packets. */
  readonly expect: (packets: number) => Expectations;
  /** The most packets of a round, where one cannot go on for ever. */
  readonly roundLimit?: number;
  /** Done before each round, outside the timed part. */
  readonly reset?: () => void;
  readonly peer?: PeerWork;
}

export class SelfCheckError extends Error {
  constructor(workload: string, problems: readonly string[]) {
    super(`${workload} does not do what its name says: ${problems.join('; ')}`);
    this.name = 'SelfCheckError';
  }
}

/** Frames through a switch. */
export class PacketWorkload implements Workload {
  readonly name: string;
  readonly unit = 'packet';
  readonly settings: Settings;
  readonly roundLimit: number;
  readonly step = 1;
  readonly figures = {};
  readonly peer: PeerWork | null;
  readonly target: BenchSwitch;
  readonly frames: FrameSet;
  private readonly options: PacketWorkloadOptions;

  constructor(options: PacketWorkloadOptions) {
    this.options = options;
    this.name = options.name;
    this.settings = options.settings;
    this.roundLimit = options.roundLimit ?? Number.MAX_SAFE_INTEGER;
    this.peer = options.peer ?? null;
    this.target = options.target;
    this.frames = options.frames;
  }

  /** Frames of the whole set, so that each flow is seen. */
  get setSize(): number {
    return this.frames.count;
  }

  warmUp(packets: number): Timing {
    this.options.reset?.();
    return this.target.send(this.frames, packets);
  }

  /** Sends `packets` frames, and checks what the switch did with them. */
  round(packets: number): Timing & { readonly counts: RoundCounts & Counts } {
    const { target, frames } = this;
    this.options.reset?.();
    const before = target.counts();
    const timing = target.send(frames, packets);
    const counts = difference(packets, before, target.counts());
    const problems = problemsOf(counts, this.options.expect(packets));
    if (problems.length > 0) throw new SelfCheckError(this.name, problems);
    return { ...timing, counts };
  }
}

function difference(packets: number, before: SwitchCounts, after: SwitchCounts): RoundCounts & Counts {
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
