/**
 * Wires between dummy devices: one listens at a path (options:pstream=punix:PATH), others connect to it
 * (options:stream=unix:PATH), and what one sends the other receives. Mirrors the packet streams of lib/netdev-dummy.c,
 * within one switch: there is no socket, and no time passes.
 */
import type { Scheduler } from '#src/sim/scheduler.js';

/** Frames of one instant, before the others have to wait: a loop of wires must not keep time from moving. */
const MAX_FRAMES_AT_ONCE = 10_000;
const WAIT_NS = 1000;

export interface WireEnd {
  receive(frame: Uint8Array): void;
}

interface Wire {
  readonly listeners: Set<WireEnd>;
  readonly callers: Set<WireEnd>;
}

/** null: unknown, for a device that connects to nothing. */
export type WireState = 'connected' | 'disconnected' | null;

export class DummyWires {
  private readonly scheduler: Scheduler;
  private readonly wires = new Map<string, Wire>();
  private lastNs = -1;
  private framesAtOnce = 0;

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  /** Joins an end to the wire that its options name; returns the path, or null where they name none. */
  join(end: WireEnd, options: ReadonlyMap<string, string>): string | null {
    const [passive, active] = [options.get('pstream'), options.get('stream')];
    // OVS opens neither of both.
    if ((passive === undefined) === (active === undefined)) return null;
    const path = (passive?.replace(/^p/, '') ?? active)!;
    let wire = this.wires.get(path);
    if (wire === undefined) {
      wire = { listeners: new Set(), callers: new Set() };
      this.wires.set(path, wire);
    }
    (passive === undefined ? wire.callers : wire.listeners).add(end);
    return path;
  }

  leave(end: WireEnd, path: string): void {
    const wire = this.wires.get(path);
    wire?.listeners.delete(end);
    wire?.callers.delete(end);
    if (wire !== undefined && wire.listeners.size + wire.callers.size === 0) this.wires.delete(path);
  }

  /** As a device that connects sees it. */
  stateOf(end: WireEnd, path: string | null): WireState {
    const wire = path === null ? undefined : this.wires.get(path);
    if (wire === undefined || !wire.callers.has(end)) return null;
    return wire.listeners.size > 0 ? 'connected' : 'disconnected';
  }

  send(end: WireEnd, path: string, frame: Uint8Array): void {
    const wire = this.wires.get(path);
    const others = wire?.listeners.has(end) === true ? wire.callers : wire?.listeners;
    for (const other of others ?? []) this.deliver(other, frame.slice());
  }

  private deliver(end: WireEnd, frame: Uint8Array): void {
    const nowNs = this.scheduler.nowNs();
    this.framesAtOnce = nowNs === this.lastNs ? this.framesAtOnce + 1 : 1;
    this.lastNs = nowNs;
    const waitNs = this.framesAtOnce > MAX_FRAMES_AT_ONCE ? WAIT_NS : 0;
    this.scheduler.at(nowNs + waitNs, () => end.receive(frame));
  }
}
