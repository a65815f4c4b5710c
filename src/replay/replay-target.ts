/**
 * What replay asks of the switch that captured frames go through. `learning-switch.ts` and `setup-machine.ts` implement
 * it; tests bring their own.
 */
import type { DatapathStats, FrameObserver, VportInfo } from '#datapath/dpif.js';

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
  /** Virtual time, which begins where setting up left it. */
  nowNs(): number;
  /** Lets virtual time pass, and all that is due happen. */
  advanceTo(timeNs: number): void;
  /** A frame comes in by a datapath port. Misses it causes have been handled when it returns. */
  receive(port: number, frame: Uint8Array): void;
  /** Null to stop observing; false when the datapath cannot be observed. */
  observe(observer: FrameObserver | null): boolean;
}
