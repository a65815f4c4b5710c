/** Drops by reason at one place: a port, or the datapath itself. Counting makes no garbage. // hot path */
import { DROP_REASON_CODES, type DropReason, dropReasonIndex } from './drop-reason.js';

export class DropCounts {
  private readonly counts = new Float64Array(DROP_REASON_CODES.length);

  add(reason: DropReason): void {
    const index = dropReasonIndex[reason];
    this.counts[index] = this.counts[index]! + 1;
  }

  /** Reasons that happened, and how often. */
  toMap(): ReadonlyMap<DropReason, number> {
    const drops = new Map<DropReason, number>();
    DROP_REASON_CODES.forEach((code, index) => {
      const count = this.counts[index]!;
      if (count > 0) drops.set(code, count);
    });
    return drops;
  }
}
