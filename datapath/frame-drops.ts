/**
 * Where a datapath's dead frames are counted and told of: at the port that a frame came in by, or, where there is no
 * such port, at the datapath itself. // hot path
 */
import { DropCounts } from './drop-counts.js';
import type { FrameObserver } from './dpif.js';
import type { DropReason } from './drop-reason.js';
import type { RX_DROPPED, RX_ERRORS, Vport } from './vport/vport.js';
import type { VportTable } from './vport-table.js';

export class FrameDrops {
  /** Who hears of each frame that dies. */
  observer: FrameObserver | null = null;
  private readonly vports: VportTable;
  private readonly portless = new DropCounts();

  constructor(vports: VportTable) {
    this.vports = vports;
  }

  /** Counts the frame that came in by a port, and tells of it. */
  add(reason: DropReason, inPort: number, bytes: Uint8Array, start: number, length: number): void {
    const vport = this.vports.ports[inPort];
    if (vport === undefined) this.portless.add(reason);
    else vport.countDrop(reason);
    this.observer?.dropped(reason, inPort, bytes.subarray(start, start + length));
  }

  /** As add(), for a frame that its port does not take in: the port's own counter shows it, too. */
  refuse(
    vport: Vport,
    reason: DropReason,
    counter: typeof RX_DROPPED | typeof RX_ERRORS,
    bytes: Uint8Array,
    start: number,
    length: number,
  ): void {
    vport.dropOnReceive(reason, counter);
    this.observer?.dropped(reason, vport.port, bytes.subarray(start, start + length));
  }

  /** Counts a frame that nobody can be told of. */
  countPortless(reason: DropReason): void {
    this.portless.add(reason);
  }

  /** Drops that belong to no port. */
  toMap(): ReadonlyMap<DropReason, number> {
    return this.portless.toMap();
  }
}
