/**
 * The record of what happened to frames, on all machines, in the order in which it happened: what expectations look at
 * and explanations are made of.
 *
 * Invariant: it holds the newest events, bounded in count and bytes; what it had to forget is counted.
 */
import type { FrameEvent, HostObserver } from '../linux/observe.js';
import { dissect, type FrameParts } from './frame/dissect.js';

export interface Sighting extends FrameEvent {
  /** Counts up from the beginning of the scenario. */
  readonly index: number;
  /** The frame taken apart; done when first asked for. */
  readonly parts: FrameParts;
}

export type SightingListener = (sighting: Sighting) => void;

const MAX_EVENTS = 200_000;
const MAX_SIZE = 128 << 20;

class Recorded implements Sighting {
  readonly index: number;
  readonly atNs: FrameEvent['atNs'];
  readonly place: FrameEvent['place'];
  readonly kind: FrameEvent['kind'];
  readonly reason: FrameEvent['reason'];
  readonly detail: FrameEvent['detail'];
  readonly frame: Uint8Array;
  private dissected: FrameParts | null = null;

  constructor(index: number, event: FrameEvent) {
    this.index = index;
    this.atNs = event.atNs;
    this.place = event.place;
    this.kind = event.kind;
    this.reason = event.reason;
    this.detail = event.detail;
    this.frame = event.frame.slice();
  }

  get parts(): FrameParts {
    this.dissected ??= dissect(this.frame);
    return this.dissected;
  }
}

export class Witness {
  private events: Recorded[] = [];
  private head = 0;
  private nextIndex = 0;
  private size = 0;
  private readonly listeners = new Set<SightingListener>();

  watch(observer: HostObserver): void {
    observer.observe((event) => this.record(event));
  }

  record(event: FrameEvent): void {
    const sighting = new Recorded(this.nextIndex++, event);
    this.events.push(sighting);
    this.size += sighting.frame.length;
    while (this.events.length - this.head > MAX_EVENTS || this.size > MAX_SIZE) {
      this.size -= this.events[this.head]!.frame.length;
      this.head++;
    }
    if (this.head > 4096 && this.head * 2 > this.events.length) {
      this.events.splice(0, this.head);
      this.head = 0;
    }
    for (const listener of this.listeners) listener(sighting);
  }

  onSighting(listener: SightingListener): void {
    this.listeners.add(listener);
  }

  /** A place in the record, to look from later. */
  mark(): number {
    return this.nextIndex;
  }

  /** What happened from a mark on. */
  since(mark: number): readonly Sighting[] {
    const first = this.nextIndex - (this.events.length - this.head);
    return this.events.slice(this.head + Math.max(0, mark - first));
  }

  /** How many events from the mark on are forgotten. */
  forgottenSince(mark: number): number {
    return Math.max(0, this.nextIndex - (this.events.length - this.head) - mark);
  }
}
