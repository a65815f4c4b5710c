/**
 * Frames on their way: a first-in-first-out queue that hands each frame over at its time. Links and the receive
 * queues of net devices are made of it (Linux: the backlog of a softirq, net/core/dev.c enqueue_to_backlog()).
 *
 * Invariants: frames of one queue never overtake each other; a hand-over is an event of its own, so that no device
 * calls into another one from within its own work; at one instant only so many frames are handed over, so that a
 * loop of devices without latency cannot stop the clock for ever.
 */
import type { Scheduler } from './scheduler.js';

/** Frames that one queue hands over at one instant before it lets time pass; Linux: net.core.netdev_budget. */
const FRAMES_PER_INSTANT = 1000;
/** How long a queue that has used up its budget waits. */
const BUDGET_PAUSE_NS = 10_000;

export class FrameQueue {
  private readonly scheduler: Scheduler;
  private readonly deliver: (frame: Uint8Array) => void;
  private readonly capacity: number;
  private frames: Uint8Array[] = [];
  private times: number[] = [];
  private head = 0;
  private armed = false;
  private instantNs = -1;
  private instantCount = 0;

  /** `capacity` is a count of frames (Linux: net.core.netdev_max_backlog, 1000). */
  constructor(scheduler: Scheduler, deliver: (frame: Uint8Array) => void, capacity = 1000) {
    this.scheduler = scheduler;
    this.deliver = deliver;
    this.capacity = capacity;
  }

  get count(): number {
    return this.frames.length - this.head;
  }

  /** Queues a copy of the frame for a time; false when the queue is full. Times must not decrease. */
  push(frame: Uint8Array, atNs: number = this.scheduler.nowNs()): boolean {
    if (this.count >= this.capacity) return false;
    this.frames.push(frame.slice());
    this.times.push(atNs);
    this.arm();
    return true;
  }

  /** Empties the queue and returns what was in it. */
  clear(): readonly Uint8Array[] {
    const rest = this.frames.slice(this.head);
    this.frames = [];
    this.times = [];
    this.head = 0;
    return rest;
  }

  private arm(): void {
    if (this.armed || this.count === 0) return;
    this.armed = true;
    const now = this.scheduler.nowNs();
    let atNs = Math.max(this.times[this.head]!, now);
    if (atNs === now && this.instantNs === now && this.instantCount >= FRAMES_PER_INSTANT) {
      atNs = now + BUDGET_PAUSE_NS;
    }
    this.scheduler.at(atNs, () => this.drain());
  }

  /** Hands over what is due and was queued before this event began. */
  private drain(): void {
    this.armed = false;
    const now = this.scheduler.nowNs();
    if (this.instantNs !== now) {
      this.instantNs = now;
      this.instantCount = 0;
    }
    let batch = this.count;
    while (batch-- > 0 && this.count > 0 && this.times[this.head]! <= now && this.instantCount < FRAMES_PER_INSTANT) {
      const frame = this.frames[this.head++]!;
      this.instantCount++;
      this.deliver(frame);
    }
    if (this.head > 256 && this.head * 2 > this.frames.length) {
      this.frames.splice(0, this.head);
      this.times.splice(0, this.head);
      this.head = 0;
    }
    this.arm();
  }
}
