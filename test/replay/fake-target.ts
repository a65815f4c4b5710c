/** A switch for tests of the replay itself: a hub that counts, and drops what is shorter than an Ethernet header. */
import type { DatapathStats, FrameObserver, VportInfo } from '../../datapath/dpif.js';
import type { DropReason } from '../../datapath/drop-reason.js';
import type { FrameArena, FrameBatch } from '../../datapath/packet-buffer.js';
import type { ReplayTarget } from '../../src/replay/replay-target.js';

export class FakeTarget implements ReplayTarget {
  readonly description = 'a hub';
  readonly inPorts: readonly number[];
  readonly portLabels: ReadonlyMap<number, string>;
  readonly received: { readonly port: number; readonly atNs: number; readonly frame: Uint8Array }[] = [];
  private observer: FrameObserver | null = null;
  private timeNs = 1000;
  private readonly counts: { rx: number; rxBytes: number; tx: number; txBytes: number; dropped: number }[];

  constructor(labels: readonly string[]) {
    this.inPorts = labels.map((_, i) => i + 1);
    this.portLabels = new Map(labels.map((label, i) => [i + 1, label]));
    this.counts = labels.map(() => ({ rx: 0, rxBytes: 0, tx: 0, txBytes: 0, dropped: 0 }));
  }

  ports(): readonly VportInfo[] {
    return this.counts.map(({ rx, rxBytes, tx, txBytes, dropped }, i) => ({
      port: i + 1,
      name: `p${i + 1}`,
      type: 'dummy',
      mtu: 1500,
      up: true,
      stats: {
        rxPackets: rx,
        rxBytes,
        txPackets: tx,
        txBytes,
        rxDropped: dropped,
        txDropped: 0,
        rxErrors: 0,
        txErrors: 0,
      },
      drops: new Map<DropReason, number>(dropped === 0 ? [] : [['frame-too-short', dropped]]),
    }));
  }

  stats(): DatapathStats {
    const missed = Math.min(2, this.received.length);
    return {
      hits: this.received.length - missed,
      microflowHits: this.received.length - missed,
      megaflowHits: 0,
      missed,
      lost: 0,
      flows: missed,
      masks: 1,
      maskHits: missed,
      cacheHits: 0,
      recirculations: 0,
    };
  }

  nowNs(): number {
    return this.timeNs;
  }

  advanceTo(timeNs: number): void {
    this.timeNs = timeNs;
  }

  drops(): ReadonlyMap<DropReason, number> {
    const dropped = this.counts.reduce((sum, count) => sum + count.dropped, 0);
    return new Map(dropped === 0 ? [] : [['frame-too-short', dropped]]);
  }

  receive(arena: FrameArena, batch: FrameBatch, index: number): void {
    const start = batch.starts[index]!;
    const port = batch.ports[index]!;
    const frame = arena.bytes.subarray(start, start + batch.lengths[index]!);
    this.received.push({ port, atNs: this.timeNs, frame: frame.slice() });
    const from = this.counts[port - 1]!;
    from.rx++;
    from.rxBytes += frame.length;
    if (frame.length < 14) {
      from.dropped++;
      this.observer?.dropped('frame-too-short', port, frame);
      return;
    }
    this.counts.forEach((count, i) => {
      if (i + 1 === port) return;
      count.tx++;
      count.txBytes += frame.length;
      this.observer?.transmitted(i + 1, frame);
    });
  }

  observe(observer: FrameObserver | null): boolean {
    this.observer = observer;
    return true;
  }

  async finish(): Promise<readonly string[]> {
    return [];
  }
}
