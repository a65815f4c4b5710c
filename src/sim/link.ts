/**
 * A full-duplex cable between two devices: latency, bandwidth with a finite transmit queue, and random loss from the
 * seeded source. Plays the parts of a wire and of Linux's netem and tbf queueing disciplines.
 *
 * Invariant: every frame given to send() is either handed to the other end or counted here under a reason.
 * Deliberately simple: a frame's size on the wire is the frame itself, without preamble, FCS and gap, as tc counts it.
 */
import type { Rng } from '#datapath/environment.js';
import type { DropReason } from '#datapath/drop-reason.js';
import { FrameQueue } from './frame-queue.js';
import type { Scheduler } from './scheduler.js';

/** A device that a cable can be plugged into. */
export interface LinkEnd {
  readonly name: string;
  /** A frame arrives; the bytes belong to the receiver. */
  linkReceive(frame: Uint8Array): void;
  /** The cable comes up or goes down. */
  linkChanged(up: boolean): void;
  /** A frame that this end sent died in the cable. */
  linkDropped(reason: DropReason, frame: Uint8Array): void;
}

export interface LinkSettings {
  /** Time from the last bit leaving to the last bit arriving. */
  readonly latencyNs: number;
  /** Bits per second; null: serialising takes no time. */
  readonly bandwidthBps: number | null;
  /** Probability that a frame is lost, from 0 to 1. */
  readonly lossRate: number;
  /** Frames that may wait for a busy wire, in each direction (Linux: txqueuelen). */
  readonly queueFrames: number;
}

export const DEFAULT_LINK_SETTINGS: LinkSettings = {
  latencyNs: 0,
  bandwidthBps: null,
  lossRate: 0,
  queueFrames: 1000,
};

/** Frames under way in one direction, whatever the latency: bounds memory. */
const MAX_IN_FLIGHT = 65_536;

export interface LinkDirectionStats {
  readonly frames: number;
  readonly bytes: number;
  /** Frames lost by reason; reasons that never happened are absent. */
  readonly drops: ReadonlyMap<DropReason, number>;
}

/** One direction of a link. */
class Direction {
  readonly from: LinkEnd;
  readonly inFlight: FrameQueue;
  readonly drops = new Map<DropReason, number>();
  frames = 0;
  bytes = 0;
  /** When the wire has serialised all that was accepted. */
  busyUntilNs = 0;
  /** When each accepted frame begins to leave: the frames still waiting are those in the future. */
  starts: number[] = [];

  constructor(scheduler: Scheduler, from: LinkEnd, to: LinkEnd) {
    this.from = from;
    this.inFlight = new FrameQueue(scheduler, (frame) => to.linkReceive(frame), MAX_IN_FLIGHT);
  }

  drop(reason: DropReason, frame: Uint8Array): void {
    this.drops.set(reason, (this.drops.get(reason) ?? 0) + 1);
    this.from.linkDropped(reason, frame);
  }
}

export class Link {
  readonly name: string;
  readonly settings: LinkSettings;
  private readonly scheduler: Scheduler;
  private readonly rng: Rng;
  private readonly directions: readonly [Direction, Direction];
  private isUp = true;

  constructor(
    name: string,
    surroundings: { readonly scheduler: Scheduler; readonly rng: Rng },
    a: LinkEnd,
    b: LinkEnd,
    settings: Partial<LinkSettings> = {},
  ) {
    this.name = name;
    this.scheduler = surroundings.scheduler;
    this.rng = surroundings.rng;
    this.settings = { ...DEFAULT_LINK_SETTINGS, ...settings };
    this.directions = [new Direction(this.scheduler, a, b), new Direction(this.scheduler, b, a)];
  }

  get up(): boolean {
    return this.isUp;
  }

  /** Takes a frame that one end sends. The bytes are copied. */
  send(from: LinkEnd, frame: Uint8Array): void {
    const direction = this.direction(from);
    const now = this.scheduler.nowNs();
    if (!this.isUp) {
      direction.drop('link-down', frame);
      return;
    }
    let departedNs = now;
    const bandwidth = this.settings.bandwidthBps;
    if (bandwidth !== null) {
      direction.starts = direction.starts.filter((startNs) => startNs > now);
      if (direction.starts.length >= this.settings.queueFrames) {
        direction.drop('link-queue-full', frame);
        return;
      }
      const startNs = Math.max(now, direction.busyUntilNs);
      departedNs = startNs + Math.ceil((frame.length * 8 * 1e9) / bandwidth);
      direction.busyUntilNs = departedNs;
      if (startNs > now) direction.starts.push(startNs);
    }
    // The random word is drawn for each frame of a lossy link, so that a rate changes no other frame's fate.
    if (this.settings.lossRate > 0 && this.rng.next32() < this.settings.lossRate * 0x1_0000_0000) {
      direction.drop('link-loss', frame);
      return;
    }
    if (!direction.inFlight.push(frame, departedNs + this.settings.latencyNs)) {
      direction.drop('link-queue-full', frame);
      return;
    }
    direction.frames++;
    direction.bytes += frame.length;
  }

  /** Plugs the cable in or pulls it out; what was under way is lost. */
  setUp(up: boolean): void {
    if (up === this.isUp) return;
    this.isUp = up;
    for (const direction of this.directions) {
      if (!up) for (const frame of direction.inFlight.clear()) direction.drop('link-down', frame);
      direction.starts = [];
      direction.busyUntilNs = 0;
    }
    for (const direction of this.directions) direction.from.linkChanged(up);
  }

  stats(from: LinkEnd): LinkDirectionStats {
    const { frames, bytes, drops } = this.direction(from);
    return { frames, bytes, drops };
  }

  otherEnd(end: LinkEnd): LinkEnd {
    return this.direction(end) === this.directions[0] ? this.directions[1].from : this.directions[0].from;
  }

  private direction(from: LinkEnd): Direction {
    const [a, b] = this.directions;
    if (a.from === from) return a;
    if (b.from === from) return b;
    throw new Error(`${from.name} is not an end of link ${this.name}`);
  }
}
