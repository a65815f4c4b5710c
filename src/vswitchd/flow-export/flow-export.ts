/**
 * What a bridge tells of its packets and flows, and to whom: sFlow, IPFIX, NetFlow. Each is there while the bridge's
 * record names it. This one says when each is to run, and hands it the packets that the datapath has sampled for it.
 */
import type { DatapathStats, DpAction, SampleCookie } from '#datapath/dpif.js';
import type { Rng } from '#datapath/environment.js';
import type { FlowKey } from '#flowtable/flow-key.js';
import type { Scheduler, Timer } from '#src/sim/scheduler.js';
import type { Bridge } from '../bridge.js';
import type { ExportHost } from './collectors.js';
import { type BridgeExporterSettings, type FlowExporterSettings, Ipfix } from './ipfix.js';
import { Netflow, type NetflowSettings } from './netflow.js';
import { Sflow, type SflowSettings } from './sflow.js';

/** What the exporters of all bridges have in common. */
export interface FlowExportSurroundings {
  readonly scheduler: Scheduler;
  readonly rng: Rng;
  readonly host: ExportHost | null;
  readonly exporters: { count: number };
  readonly datapathTeller: { subAgent: number | null };
  datapathStats(): readonly DatapathStats[];
}

export interface FlowExportSettings {
  readonly sflow: SflowSettings | null;
  readonly netflow: NetflowSettings | null;
  readonly bridgeIpfix: BridgeExporterSettings | null;
  readonly collectorSets: readonly FlowExporterSettings[];
}

export class FlowExport {
  sflow: Sflow | null = null;
  ipfix: Ipfix | null = null;
  netflow: Netflow | null = null;
  private readonly bridge: Bridge;
  private timer: { readonly timer: Timer; readonly atNs: number } | null = null;

  constructor(bridge: Bridge) {
    this.bridge = bridge;
  }

  configure(settings: FlowExportSettings, surroundings: FlowExportSurroundings): void {
    const { scheduler } = surroundings;
    const env = {
      ...surroundings,
      nowNs: () => scheduler.nowNs(),
      wake: () => this.schedule(scheduler),
    };
    if (settings.netflow === null) {
      this.netflow?.close();
      this.netflow = null;
    } else (this.netflow ??= new Netflow(env)).configure(settings.netflow);
    if (settings.sflow === null) {
      this.sflow?.clear();
      this.sflow = null;
    } else (this.sflow ??= new Sflow(this.bridge, env)).configure(settings.sflow);
    if (settings.bridgeIpfix === null && settings.collectorSets.length === 0) {
      this.ipfix?.close();
      this.ipfix = null;
    } else (this.ipfix ??= new Ipfix(this.bridge, env)).configure(settings.bridgeIpfix, settings.collectorSets);
  }

  /** The bridge goes: what is cached is told of. */
  close(): void {
    this.sflow?.clear();
    this.ipfix?.close();
    this.netflow?.close();
    this.sflow = null;
    this.ipfix = null;
    this.netflow = null;
    this.timer?.timer.cancel();
    this.timer = null;
  }

  /** A sampled packet came up. actions: those of its flow, null where they are not known. */
  sampled(packet: Uint8Array, key: FlowKey, cookie: SampleCookie, actions: readonly DpAction[] | null): void {
    const sampled = { packet, key, actions, tellsEgressTunnel: !this.bridge.backer.name.startsWith('dummy@') };
    switch (cookie.kind) {
      case 'sflow':
        this.sflow?.received(packet, key, cookie, actions);
        break;
      case 'ipfix':
        this.ipfix?.sampledByBridge(sampled, cookie);
        break;
      case 'flow-sample':
        this.ipfix?.sampledByAction(sampled, cookie);
        break;
    }
  }

  /** Sees to it that what is due next is done when it is due. */
  private schedule(scheduler: Scheduler): void {
    const times = [this.sflow, this.ipfix, this.netflow].flatMap((exporter) => exporter?.nextRunNs() ?? []);
    if (times.length === 0) return;
    const atNs = Math.max(scheduler.nowNs(), Math.min(...times));
    if (this.timer !== null && this.timer.atNs <= atNs) return;
    this.timer?.timer.cancel();
    const timer = scheduler.at(
      atNs,
      () => {
        this.timer = null;
        this.netflow?.run();
        this.sflow?.run();
        this.ipfix?.run();
        this.schedule(scheduler);
      },
      { background: true },
    );
    this.timer = { timer, atNs };
  }
}
