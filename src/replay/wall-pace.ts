/**
 * The pace of a replay in real time: as fast as it goes, or as fast as the capture was times a factor. Real time is
 * handed in by the command line.
 */
import type { ReplayPace } from './replay-loop.js';

/** max, or how many times faster than the capture: 1 is the capture's own speed. */
export type ReplaySpeed = { readonly kind: 'max' } | { readonly kind: 'times'; readonly factor: number };

export interface RealTime {
  nowNs(): number;
  sleepMs(ms: number): Promise<void>;
}

/** Shorter waits are not waited for: timers are no finer, and the next wait makes up for it. */
const LEAST_WAIT_NS = 1e6;
/** Longer waits are broken up, so that an interrupt is heard. */
const MOST_WAIT_MS = 200;

export class WallPace implements ReplayPace {
  private readonly speed: ReplaySpeed;
  private readonly time: RealTime;
  private readonly startedNs: number;
  private readonly onBreath: (sent: number) => Promise<boolean>;
  private readonly isStopped: () => boolean;

  constructor(
    speed: ReplaySpeed,
    time: RealTime,
    onBreath: (sent: number) => Promise<boolean>,
    isStopped: () => boolean,
  ) {
    this.speed = speed;
    this.time = time;
    this.startedNs = time.nowNs();
    this.onBreath = onBreath;
    this.isStopped = isStopped;
  }

  wallNs(): number {
    return this.time.nowNs();
  }

  until(elapsedNs: number): Promise<void> | null {
    if (this.speed.kind === 'max') return null;
    const dueNs = this.startedNs + elapsedNs / this.speed.factor;
    return dueNs - this.time.nowNs() < LEAST_WAIT_NS ? null : this.wait(dueNs);
  }

  breathe(sent: number): Promise<boolean> {
    return this.onBreath(sent);
  }

  private async wait(dueNs: number): Promise<void> {
    for (;;) {
      const restMs = (dueNs - this.time.nowNs()) / 1e6;
      if (restMs <= 0 || this.isStopped()) return;
      await this.time.sleepMs(Math.min(restMs, MOST_WAIT_MS));
    }
  }
}

/** `max`, `real`, `x10`, `x0.5`; null when it is none of these. */
export const parseSpeed = (text: string): ReplaySpeed | null => {
  if (text === 'max') return { kind: 'max' };
  if (text === 'real') return { kind: 'times', factor: 1 };
  const match = /^x(\d+(?:\.\d+)?|\.\d+)$/.exec(text);
  const factor = match === null ? 0 : Number(match[1]);
  return factor > 0 && Number.isFinite(factor) ? { kind: 'times', factor } : null;
};
