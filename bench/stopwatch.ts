/**
 * How long something took: by the wall, and on a processor.
 *
 * On a machine that others use too, a process waits for a processor between its turns. Linux says for how long
 * (/proc/self/schedstat); without that time a figure is of the work alone. What it cannot take out: memory and caches
 * that are shared, and what a hypervisor takes.
 */
import { readFileSync } from 'node:fs';

export interface Timing {
  readonly ns: number;
  /** The time on a processor; the same as `ns` where the system does not say. */
  readonly onCpuNs: number;
}

/** Nanoseconds that the main thread has waited for a processor since it began; 0 where the system does not say. */
function waitedNs(): number {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ')[1]);
  } catch {
    return 0;
  }
}

export class Stopwatch {
  private readonly waitedBefore = waitedNs();
  private readonly began = performance.now();

  /** Since it was made. */
  stop(): Timing {
    const ns = (performance.now() - this.began) * 1e6;
    return { ns, onCpuNs: Math.max(0, ns - (waitedNs() - this.waitedBefore)) };
  }
}
