/**
 * What replay asks of the switch that captured frames go through. `learning-switch.ts` and `setup-machine.ts` implement
 * it; tests bring their own.
 */
import type { DatapathStats, FrameObserver, VportInfo } from '#datapath/dpif.js';
import type { DropReason } from '#datapath/drop-reason.js';
import type { FrameArena, FrameBatch } from '#datapath/packet-buffer.js';

export interface ReplayTarget {
  /** For the report: what the frames went through. */
  readonly description: string;
  /** The datapath ports that frames come in by; a frame's index is taken round and round where they are fewer. */
  readonly inPorts: readonly number[];
  /** Which frames come in by a datapath port: a MAC address, a VLAN. */
  readonly portLabels: ReadonlyMap<number, string>;
  /** All ports of the datapath, with their counters. */
  ports(): readonly VportInfo[];
  stats(): DatapathStats;
  /** All drops so far, at whatever port and at none. */
  drops(): ReadonlyMap<DropReason, number>;
  /** Virtual time, which begins where setting up left it. */
  nowNs(): number;
  /** Lets virtual time pass, and all that is due happen. */
  advanceTo(timeNs: number): void;
  /** One frame of a batch comes in by its port. The misses it causes have been handled when this returns. */
  receive(arena: FrameArena, batch: FrameBatch, index: number): void;
  /** Null to stop observing; false when the datapath cannot be observed. */
  observe(observer: FrameObserver | null): boolean;
  /** After the last frame: what went wrong beside the frames, one sentence each (files that could not be written). */
  finish(): Promise<readonly string[]>;
}
