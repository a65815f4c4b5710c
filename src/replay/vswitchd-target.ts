/**
 * A running vswitchd as the target of a replay: frames go in by its datapath's ports, time is its scheduler's.
 */
import type { Datapath } from '#datapath/datapath.js';
import type { DatapathStats, Dpif, FrameObserver, VportInfo } from '#datapath/dpif.js';
import type { DropReason } from '#datapath/drop-reason.js';
import { DEFAULT_BUFFER_SIZE, type FrameArena, type FrameBatch, HEADROOM } from '#datapath/packet-buffer.js';
import type { Scheduler } from '../sim/scheduler.js';
import type { ReplayTarget } from './replay-target.js';

/** Room for a frame of this length and what actions may put before it, for DatapathSettings. */
export const bufferSizeFor = (longestFrame: number): number =>
  Math.max(DEFAULT_BUFFER_SIZE, Math.ceil((longestFrame + HEADROOM) / 64) * 64);

export interface VswitchdTargetOptions {
  readonly description: string;
  readonly datapath: Datapath;
  readonly scheduler: Scheduler;
  readonly inPorts: readonly number[];
  /** What comes in by each, in the order of `inPorts`; where there are more they go round. */
  readonly labels: readonly string[];
  readonly finish?: () => Promise<readonly string[]>;
}

export class VswitchdTarget implements ReplayTarget {
  readonly description: string;
  readonly inPorts: readonly number[];
  readonly portLabels: ReadonlyMap<number, string>;
  private readonly datapath: Datapath;
  private readonly scheduler: Scheduler;
  readonly finish: () => Promise<readonly string[]>;

  constructor(options: VswitchdTargetOptions) {
    const { inPorts, labels } = options;
    this.description = options.description;
    this.datapath = options.datapath;
    this.scheduler = options.scheduler;
    this.finish = options.finish ?? (async () => []);
    this.inPorts = inPorts;
    this.portLabels = new Map(
      inPorts.map((port, i) => [port, summarize(labels.filter((_, at) => at % inPorts.length === i))]),
    );
  }

  ports(): readonly VportInfo[] {
    // Port 0 is the datapath's own, which carries nothing.
    return this.datapath.portDump().filter(({ port }) => port !== 0);
  }

  stats(): DatapathStats {
    return this.datapath.stats();
  }

  nowNs(): number {
    return this.scheduler.nowNs();
  }

  advanceTo(timeNs: number): void {
    this.scheduler.runUntil(timeNs);
  }

  drops(): ReadonlyMap<DropReason, number> {
    const total = new Map(this.datapath.drops());
    for (const { drops } of this.datapath.portDump()) {
      for (const [reason, count] of drops) total.set(reason, (total.get(reason) ?? 0) + count);
    }
    return total;
  }

  receive(arena: FrameArena, batch: FrameBatch, index: number): void {
    this.datapath.receiveFrames(arena, batch, index, 1);
    // Upcalls are handled by an event of this instant.
    this.scheduler.runDue();
  }

  observe(observer: FrameObserver | null): boolean {
    const datapath: Dpif = this.datapath;
    if (datapath.observe === undefined) return false;
    datapath.observe(observer);
    return true;
  }
}

const summarize = (labels: readonly string[]): string =>
  labels.length <= 1 ? (labels[0] ?? '') : `${labels[0]} and ${labels.length - 1} more`;
