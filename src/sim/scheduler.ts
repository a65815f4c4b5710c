/**
 * The virtual clock and its event queue: time moves only from event to event, and events of one instant run in the
 * order in which they were asked for. The whole simulation hangs from one of these, which makes it deterministic.
 */
import type { Clock } from '#datapath/environment.js';

export interface Timer {
  cancel(): void;
}

interface Event {
  readonly timeNs: number;
  readonly sequence: number;
  /** Set null when cancelled or run. */
  run: (() => void) | null;
  /** Housekeeping that recurs for ever (revalidation, aging): does not keep runUntilIdle() going. */
  readonly background: boolean;
}

const before = (a: Event, b: Event): boolean =>
  a.timeNs < b.timeNs || (a.timeNs === b.timeNs && a.sequence < b.sequence);

export class Scheduler implements Clock {
  private readonly heap: Event[] = [];
  private timeNs = 0;
  private sequence = 0;
  /** Events run so far: a report's measure of work. */
  eventCount = 0;

  nowNs(): number {
    return this.timeNs;
  }

  /** Runs `run` at a time (not before now). Background events recur for ever and are not waited for. */
  at(timeNs: number, run: () => void, options: { background?: boolean } = {}): Timer {
    const event: Event = {
      timeNs: Math.max(timeNs, this.timeNs),
      sequence: this.sequence++,
      run,
      background: options.background ?? false,
    };
    this.push(event);
    return {
      cancel: () => {
        event.run = null;
      },
    };
  }

  after(delayNs: number, run: () => void, options: { background?: boolean } = {}): Timer {
    return this.at(this.timeNs + delayNs, run, options);
  }

  /** Time of the next event that is not background, or null. */
  nextForegroundNs(): number | null {
    let next: number | null = null;
    for (const event of this.heap) {
      if (event.run !== null && !event.background && (next === null || event.timeNs < next)) next = event.timeNs;
    }
    return next;
  }

  /** Runs all that is due now, time standing still. */
  runDue(): void {
    this.runUntil(this.timeNs);
  }

  /** Runs all events up to and including timeNs, and lets the clock end there. */
  runUntil(timeNs: number): void {
    for (;;) {
      const next = this.heap[0];
      if (next === undefined || next.timeNs > timeNs) break;
      this.pop();
      this.step(next);
    }
    if (timeNs > this.timeNs) this.timeNs = timeNs;
  }

  /**
   * Runs until `done` holds or the time is up; true when `done` held. Used by commands that wait for an answer.
   */
  runWhile(waiting: () => boolean, deadlineNs: number): boolean {
    while (waiting()) {
      const next = this.heap[0];
      if (next === undefined || next.timeNs > deadlineNs) {
        if (deadlineNs > this.timeNs) this.timeNs = deadlineNs;
        return !waiting();
      }
      this.pop();
      this.step(next);
    }
    return true;
  }

  private step(event: Event): void {
    this.timeNs = event.timeNs;
    const run = event.run;
    if (run === null) return;
    event.run = null;
    this.eventCount++;
    run();
  }

  private push(event: Event): void {
    const heap = this.heap;
    let child = heap.length;
    heap.push(event);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!before(event, heap[parent]!)) break;
      heap[child] = heap[parent]!;
      child = parent;
    }
    heap[child] = event;
  }

  private pop(): void {
    const heap = this.heap;
    const last = heap.pop()!;
    const size = heap.length;
    if (size === 0) return;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= size) break;
      if (child + 1 < size && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[parent] = heap[child]!;
      parent = child;
    }
    heap[parent] = last;
  }
}
