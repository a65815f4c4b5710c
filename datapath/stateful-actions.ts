/**
 * The actions that remember packets: connection tracking, meters, and outputs to bonds. // hot path
 *
 * One tracker serves a network namespace; a datapath that is given none makes its own when the first packet needs it,
 * so that the random numbers of a datapath without connection tracking stay the same.
 */
import { BondTable } from './bond-table.js';
import { ConnectionTracker } from './conntrack/connection-tracker.js';
import { clearCtMetadata } from './conntrack/ct-metadata.js';
import { type FragmentRelease, FragmentTracker } from './conntrack/fragment-tracker.js';
import type { CtRequest } from './conntrack/ct-request.js';
import type { DropReason } from './drop-reason.js';
import type { DatapathEnvironment } from './environment.js';
import { MeterTable, remarkDscp } from './meter.js';
import type { Packet, PacketPool } from './packet-buffer.js';

export class StatefulActions {
  readonly meters = new MeterTable();
  readonly bonds = new BondTable();
  private readonly environment: DatapathEnvironment;
  private readonly pool: PacketPool;
  private tracker: ConnectionTracker | null;
  private fragmentTracker: FragmentTracker | null = null;

  constructor(environment: DatapathEnvironment, pool: PacketPool) {
    this.environment = environment;
    this.pool = pool;
    this.tracker = environment.conntrack ?? null;
  }

  conntrack(): ConnectionTracker {
    if (this.tracker === null) {
      const { clock, rng } = this.environment;
      this.tracker = new ConnectionTracker({ clock, rng });
    }
    return this.tracker;
  }

  fragments(): FragmentTracker {
    this.fragmentTracker ??= new FragmentTracker(this.conntrack(), this.environment.clock);
    return this.fragmentTracker;
  }

  /** Why the packet dies, or null: it is in its own slot then. Of packets for which `isPlain` holds. */
  track(packet: Packet, request: CtRequest): DropReason | null {
    if (!this.pool.own(packet)) return 'frame-too-long';
    this.conntrack().execute(packet, packet, request);
    return null;
  }

  /** Is the packet no fragment, and none held whose time may be over? */
  isPlain(packet: Packet): boolean {
    return this.fragments().isPlain(packet);
  }

  /**
   * Tracks a packet that may be a fragment; false when it is held. `goOn` is called for each fragment that goes on, in
   * a packet of its own that holds it for the time of the call.
   */
  gather(packet: Packet, request: CtRequest, goOn: (packet: Packet) => void): boolean {
    const release: FragmentRelease = (frame, row) => {
      const fragment = this.pool.acquire();
      if (fragment === null) return;
      try {
        if (!this.pool.load(fragment, frame)) return;
        fragment.words.set(row, fragment.row);
        fragment.inPort = packet.inPort;
        goOn(fragment);
      } finally {
        this.pool.release(fragment);
      }
    };
    return this.fragments().execute(packet, request, release);
  }

  forget(packet: Packet): void {
    if (this.tracker === null) clearCtMetadata(packet.words, packet.row);
    else this.tracker.clear(packet, packet);
  }

  /** A copy of the packet, or null when no buffer is free. */
  copy(packet: Packet): Packet | null {
    const copy = this.pool.clone(packet);
    if (copy !== null && this.tracker !== null) this.tracker.cloned(packet, copy);
    return copy;
  }

  random32(): number {
    return this.environment.rng.next32();
  }

  /** Why the packet dies, or null. */
  meter(packet: Packet, id: number, nowNs: number): DropReason | null {
    const band = this.meters.run(id, packet.length, nowNs);
    if (band === null) return null;
    if (band.type === 'drop') return 'meter';
    if (!this.pool.own(packet)) return 'frame-too-long';
    remarkDscp(packet, band.precedence);
    return null;
  }
}
