/** A timer of STP: counts up in ticks of 1/256 s while it runs. Mirrors struct stp_timer of lib/stp.c. */

const TICKS_PER_SEC = 256;

export const ticksOf = (ms: number): number => Math.floor((ms * TICKS_PER_SEC) / 1000);
export const msOf = (ticks: number): number => Math.floor((ticks * 1000) / TICKS_PER_SEC);

export class StpTimer {
  isRunning = false;
  /** Kept when it stops: the age of what a root port was last told goes into messages. */
  value = 0;

  start(value = 0): void {
    this.value = value;
    this.isRunning = true;
  }

  stop(): void {
    this.isRunning = false;
  }

  /** Time passes; true when the timer has run out, which stops it. */
  expires(elapsed: number, timeout: number): boolean {
    if (!this.isRunning) return false;
    this.value += elapsed;
    if (this.value < timeout) return false;
    this.isRunning = false;
    return true;
  }
}
