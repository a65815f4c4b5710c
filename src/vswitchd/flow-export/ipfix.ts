/**
 * IPFIX of a bridge: the exporter of the bridge itself, which samples all packets, and those of its collector sets,
 * which sample actions name. Mirrors struct dpif_ipfix of ofproto-dpif-ipfix.c.
 */
import { type DpAction, NO_PORT, type SampleCookie } from '#datapath/dpif.js';
import { type FlowKey, OFF_ETH_TYPE, OFF_IN_PORT, OFF_NW_PROTO, OFF_TP_DST, OFF_TUN_DST } from '#flowtable/flow-key.js';
import type { IpfixStats } from '#src/openflow/switch-connection.js';
import type { Bridge } from '../bridge.js';
import type { SwitchPort } from '../bundle.js';
import { hashInteger, OvsHmap } from '../ovs-hmap.js';
import { portByOdp, tunnelProtocolOf } from './exported-ports.js';
import { type ExporterSettings, type ExporterSurroundings, IpfixExporter, sameExporter } from './ipfix-exporter.js';
import type { Sample } from './ipfix-record.js';
import { tunnelOf } from './sflow-actions.js';

const MAX_PROBABILITY = 0xffff_ffff;
const MAX_FLOW_PROBABILITY = 0xffff;
const IP_PROTO_UDP = 17;
/** BFD's control and echo packets (RFC 5881 §4), which are of no concern to collectors. */
const BFD_PORTS: ReadonlySet<number> = new Set([3784, 3785]);

export interface BridgeExporterSettings extends ExporterSettings {
  readonly samplingRate: number;
  readonly domainId: number;
  readonly pointId: number;
  readonly samplesInput: boolean;
  readonly samplesOutput: boolean;
}

export interface FlowExporterSettings extends ExporterSettings {
  readonly collectorSetId: number;
}

interface FlowExporter {
  readonly exporter: IpfixExporter;
  settings: FlowExporterSettings;
}

/** A packet that was sampled, and what is known of where it goes. */
export interface SampledPacket {
  readonly packet: Uint8Array;
  readonly key: FlowKey;
  /** The actions of its flow; null where they are not known. */
  readonly actions: readonly DpAction[] | null;
  /** Does the key hold the tunnel header that the packet leaves with? (The dummy datapath does not tell.) */
  readonly tellsEgressTunnel: boolean;
}

export class Ipfix {
  private readonly bridge: Bridge;
  private readonly env: ExporterSurroundings;
  private readonly bridgeExporter: IpfixExporter;
  private settings: BridgeExporterSettings | null = null;
  private readonly flowExporters = new OvsHmap<number, FlowExporter>(hashInteger);

  constructor(bridge: Bridge, env: ExporterSurroundings) {
    this.bridge = bridge;
    this.env = env;
    this.bridgeExporter = new IpfixExporter(env);
  }

  /** Of 2^32 - 1 packets of the bridge so many are sampled. */
  get probability(): number {
    return this.settings === null ? 0 : Math.max(1, Math.floor(MAX_PROBABILITY / this.settings.samplingRate));
  }
  get samplesInput(): boolean {
    return this.settings?.samplesInput ?? false;
  }
  get samplesOutput(): boolean {
    return this.settings?.samplesOutput ?? false;
  }
  get samplesTunnels(): boolean {
    return this.settings?.samplesTunnels ?? false;
  }

  /** Does the collector set want to know tunnels? */
  setSamplesTunnels(collectorSetId: number): boolean {
    return this.flowExporters.get(collectorSetId)?.settings.samplesTunnels ?? false;
  }

  isTunnelPort(odpPort: number): boolean {
    return this.tunnelPort(odpPort) !== null;
  }

  configure(bridge: BridgeExporterSettings | null, sets: readonly FlowExporterSettings[]): void {
    this.configureBridge(bridge);
    for (const settings of sets) this.configureSet(settings);
    const wanted = new Set(sets.map(({ collectorSetId }) => collectorSetId));
    for (const id of [...this.flowExporters.keys()]) if (!wanted.has(id)) this.removeSet(id);
    this.env.wake();
  }

  /** Tells of all that is cached. */
  close(): void {
    this.bridgeExporter.clear();
    for (const id of [...this.flowExporters.keys()]) this.removeSet(id);
    this.settings = null;
  }

  sampledByBridge(sampled: SampledPacket, cookie: Extract<SampleCookie, { kind: 'ipfix' }>): void {
    const { settings } = this;
    if (settings === null || isBfd(sampled.key)) return;
    const { domainId, pointId } = settings;
    this.bridgeExporter.sample({
      ...this.sampleOf(sampled, cookie.outputPort, settings),
      weight: Math.floor(MAX_PROBABILITY / this.probability),
      domainId,
      pointId,
      direction: 'default',
    });
  }

  sampledByAction(sampled: SampledPacket, cookie: Extract<SampleCookie, { kind: 'flow-sample' }>): void {
    const set = this.flowExporters.get(cookie.collectorSetId);
    if (set === undefined) return;
    set.exporter.sample({
      ...this.sampleOf(sampled, cookie.outputPort, set.settings),
      weight: Math.floor(MAX_FLOW_PROBABILITY / cookie.probability),
      domainId: cookie.observationDomainId,
      pointId: cookie.observationPointId,
      direction: cookie.direction,
    });
  }

  /** Null where the bridge itself has no exporter. */
  bridgeStats(): IpfixStats | null {
    return this.settings === null ? null : this.bridgeExporter.stats;
  }

  setStats(): readonly (IpfixStats & { readonly collectorSetId: number })[] {
    return [...this.flowExporters.values()].map(({ exporter, settings }) => ({
      ...exporter.stats,
      collectorSetId: settings.collectorSetId,
    }));
  }

  run(): void {
    if (this.settings !== null) this.bridgeExporter.expire(false);
    for (const { exporter } of this.flowExporters.values()) exporter.expire(false);
  }

  nextRunNs(): number | null {
    const times = [this.bridgeExporter, ...[...this.flowExporters.values()].map(({ exporter }) => exporter)].flatMap(
      (exporter) => exporter.nextRunNs() ?? [],
    );
    return times.length === 0 ? null : Math.min(...times);
  }

  private configureBridge(settings: BridgeExporterSettings | null): void {
    const old = this.settings;
    if (settings === null) {
      if (old !== null) this.bridgeExporter.clear();
      this.settings = null;
      return;
    }
    const isChanged = old === null || !sameBridgeExporter(old, settings);
    const isShort = this.bridgeExporter.collectorCount < new Set(settings.targets).size;
    if ((isChanged || isShort) && !this.bridgeExporter.configure(settings)) return;
    if (!isChanged) return;
    this.settings = settings;
    this.bridgeExporter.expire(false);
  }

  private configureSet(settings: FlowExporterSettings): void {
    let set = this.flowExporters.get(settings.collectorSetId);
    const isNew = set === undefined;
    set ??= { exporter: new IpfixExporter(this.env), settings };
    const isChanged = isNew || !sameExporter(set.settings, settings);
    const isShort = set.exporter.collectorCount < new Set(settings.targets).size;
    if (isChanged || isShort) {
      if (!set.exporter.configure(settings)) {
        this.flowExporters.delete(settings.collectorSetId);
        return;
      }
    }
    set.settings = settings;
    this.flowExporters.set(settings.collectorSetId, set);
    if (isChanged) set.exporter.expire(false);
  }

  private removeSet(id: number): void {
    this.flowExporters.get(id)?.exporter.clear();
    this.flowExporters.delete(id);
  }

  private tunnelPort(odpPort: number): SwitchPort | null {
    const port = portByOdp(this.bridge, odpPort);
    return tunnelProtocolOf(port) === 0 ? null : port;
  }

  private sampleOf(
    { packet, key, actions, tellsEgressTunnel }: SampledPacket,
    outputPort: number,
    { samplesTunnels }: ExporterSettings,
  ): Pick<Sample, 'packet' | 'key' | 'outputPort' | 'tunnel' | 'isForwarded' | 'nowUs' | 'portOf'> {
    const isOutput = outputPort !== NO_PORT;
    const isTold = samplesTunnels && key.u32(OFF_TUN_DST) !== 0 && (!isOutput || tellsEgressTunnel);
    const port = isTold ? this.tunnelPort(isOutput ? outputPort : key.u32(OFF_IN_PORT)) : null;
    return {
      packet,
      key,
      outputPort: isOutput ? outputPort : null,
      tunnel: port === null ? null : { port, header: tunnelOf(key) },
      isForwarded: actions !== null && hasOutput(actions),
      nowUs: this.bridgeExporter.nowUs(),
      portOf: (odpPort) => portByOdp(this.bridge, odpPort),
    };
  }
}

const sameBridgeExporter = (a: BridgeExporterSettings, b: BridgeExporterSettings): boolean =>
  sameExporter(a, b) &&
  a.samplingRate === b.samplingRate &&
  a.domainId === b.domainId &&
  a.pointId === b.pointId &&
  a.samplesInput === b.samplesInput &&
  a.samplesOutput === b.samplesOutput;

function isBfd(key: FlowKey): boolean {
  const type = key.u16(OFF_ETH_TYPE);
  return (
    (type === 0x0800 || type === 0x86dd) && key.u8(OFF_NW_PROTO) === IP_PROTO_UDP && BFD_PORTS.has(key.u16(OFF_TP_DST))
  );
}

/** Does the packet certainly go out somewhere? */
const hasOutput = (actions: readonly DpAction[]): boolean =>
  actions.some((action) => {
    if (action.kind === 'sample') return action.probability === MAX_PROBABILITY && hasOutput(action.actions);
    return (
      action.kind === 'output' || action.kind === 'lb_output' || (action.kind === 'clone' && hasOutput(action.actions))
    );
  });
