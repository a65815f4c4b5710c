/**
 * The virtual time of captured frames: nanoseconds since the first of them, never running backwards.
 *
 * Captures' clocks do odd things: frames of two processors change places, files are joined whose times have nothing to
 * do with each other, damaged ones claim the year 586524. A small step back becomes no step. A large step in either
 * direction is taken as a clock that was set: time goes on from where it was. Such jumps are counted.
 */

/** Beyond it everything in a switch has timed out anyway, save what was told to stay longer. */
const MAX_GAP_NS = 3600e9;
/** Frames that change places do so within this. */
const MAX_STEP_BACK_NS = 1e9;

export class CaptureTime {
  /** The time that counts as zero. */
  private baseSeconds = 0;
  private baseNanoseconds = 0;
  private begun = false;
  private lastNs = 0;
  /** The time of the first record, as the capture gives it. */
  originSeconds = 0;
  originNanoseconds = 0;
  /** Records earlier than the one before them. */
  stepsBack = 0;
  /** Steps so large that the clock must have been set. */
  jumps = 0;

  /** Nanoseconds since the first record; not less than the answer before. */
  next(seconds: number, nanoseconds: number): number {
    if (!this.begun) {
      this.begun = true;
      this.originSeconds = seconds;
      this.originNanoseconds = nanoseconds;
      this.rebase(seconds, nanoseconds);
      return 0;
    }
    const sinceBase = (seconds - this.baseSeconds) * 1e9 + (nanoseconds - this.baseNanoseconds);
    const step = sinceBase - this.lastNs;
    if (step > MAX_GAP_NS || step < -MAX_STEP_BACK_NS) {
      this.jumps++;
      this.rebase(seconds, nanoseconds);
    } else if (step < 0) {
      this.stepsBack++;
    } else {
      this.lastNs = sinceBase;
    }
    return this.lastNs;
  }

  private rebase(seconds: number, nanoseconds: number): void {
    const wholeSeconds = Math.floor(this.lastNs / 1e9);
    this.baseSeconds = seconds - wholeSeconds;
    this.baseNanoseconds = nanoseconds - (this.lastNs - wholeSeconds * 1e9);
  }
}
