/**
 * One IPFIX exporter: a cache of flows, which are told of when they have been active for so long, when there are too
 * many, or when the exporter ends. Mirrors struct dpif_ipfix_exporter of ofproto-dpif-ipfix.c (RFC 7011 over UDP).
 *
 * The invariant: flows lie in the cache in the order in which they began, and no record is sent before the templates.
 */
import type { IpfixStats } from '#src/openflow/switch-connection.js';
import { Collectors, type ExportHost, sameTargets } from './collectors.js';
import {
  aggregate,
  ExporterTotals,
  flowOfSample,
  type IpfixFlow,
  type Sample,
  shapeOf,
  writeRecord,
} from './ipfix-record.js';
import { exporterDataMessage, exporterTemplateMessage, message, templateMessages } from './ipfix-template.js';

const COLLECTOR_PORT = 4739;
const MAX_VIRTUAL_ID_SIZE = 254;
/** Templates get lost over UDP: they are sent again so often. */
const TEMPLATE_INTERVAL_SEC = 600;

/** flowEndReason. */
const ACTIVE_TIMEOUT = 2;
const FORCED_END = 4;
const LACK_OF_RESOURCES = 5;

export interface ExporterSettings {
  readonly targets: readonly string[];
  readonly activeTimeoutSec: number;
  readonly maxFlows: number;
  readonly virtualId: string | null;
  readonly samplesTunnels: boolean;
}

export interface ExporterSurroundings {
  nowNs(): number;
  readonly host: ExportHost | null;
  /** Exporters that there have been: each is known by its number. */
  readonly exporters: { count: number };
  wake(): void;
}

/** Counters of ovs-ofctl dump-ipfix-bridge and dump-ipfix-flow. */
type Counts = { -readonly [K in keyof IpfixStats]: IpfixStats[K] };
export const sameExporter = (a: ExporterSettings, b: ExporterSettings): boolean =>
  sameTargets(a.targets, b.targets) &&
  a.activeTimeoutSec === b.activeTimeoutSec &&
  a.maxFlows === b.maxFlows &&
  a.virtualId === b.virtualId &&
  a.samplesTunnels === b.samplesTunnels;

export class IpfixExporter {
  private readonly env: ExporterSurroundings;
  private id: number;
  private collectors: Collectors | null = null;
  private sequence = 1;
  private lastTemplateSec: number | null = null;
  private activeTimeoutSec = 0;
  private maxFlows = 0;
  private virtualId: string | null = null;
  private totals = new ExporterTotals();
  private readonly cache = new Map<string, IpfixFlow>();
  readonly stats: Counts = {
    flows: 0,
    currentFlows: 0,
    packets: 0,
    ipv4Packets: 0,
    ipv6Packets: 0,
    errorPackets: 0,
    ipv4ErrorPackets: 0,
    ipv6ErrorPackets: 0,
    sent: 0,
    sendErrors: 0,
  };

  constructor(env: ExporterSurroundings) {
    this.env = env;
    this.id = ++env.exporters.count;
  }

  get collectorCount(): number {
    return this.collectors?.count ?? 0;
  }

  /** False when no collector can be had, or the virtual observation ID is too long: then the exporter is cleared. */
  configure({ targets, activeTimeoutSec, maxFlows, virtualId }: ExporterSettings): boolean {
    this.collectors?.close();
    this.collectors = Collectors.open(this.env.host, targets, COLLECTOR_PORT);
    const isTooLong = virtualId !== null && new TextEncoder().encode(virtualId).length > MAX_VIRTUAL_ID_SIZE;
    if (this.collectors !== null) {
      this.activeTimeoutSec = activeTimeoutSec;
      this.maxFlows = maxFlows;
    }
    if (this.collectors === null || isTooLong) {
      this.clear();
      return false;
    }
    this.virtualId = virtualId;
    return true;
  }

  /** Tells of all flows, and begins anew. */
  clear(): void {
    this.expire(true);
    this.collectors?.close();
    this.collectors = null;
    this.id = 0;
    this.sequence = 1;
    this.lastTemplateSec = null;
    this.activeTimeoutSec = 0;
    this.maxFlows = 0;
    this.virtualId = null;
    this.totals = new ExporterTotals();
  }

  sample(sample: Sample): void {
    const shape = shapeOf(sample);
    const flow = flowOfSample(sample, shape, this.totals);
    const known = this.cache.get(flow.id);
    if (known === undefined) {
      this.cache.set(flow.id, flow);
      this.stats.flows++;
      this.stats.currentFlows = this.cache.size;
    } else aggregate(known, flow);
    this.stats.packets++;
    if (shape.kind === 'ipv4') this.stats.ipv4Packets++;
    else if (shape.kind === 'ipv6') this.stats.ipv6Packets++;
    else if (shape.kind !== 'other') {
      this.stats.errorPackets++;
      if (shape.kind === 'ipv4-error') this.stats.ipv4ErrorPackets++;
      else this.stats.ipv6ErrorPackets++;
    }
    if (known === undefined && this.cache.size > this.maxFlows) this.expire(false);
    this.env.wake();
  }

  /** Tells of flows whose time has come; all: of every one. */
  expire(all: boolean): void {
    const nowUs = this.nowUs();
    const exportSec = Math.ceil(nowUs / 1e6);
    const oldestUs = nowUs - 1e6 * this.activeTimeoutSec;
    let areTemplatesSent = false;
    for (const flow of this.cache.values()) {
      const reason = all
        ? FORCED_END
        : flow.startUs <= oldestUs
          ? ACTIVE_TIMEOUT
          : this.cache.size > this.maxFlows
            ? LACK_OF_RESOURCES
            : null;
      if (reason === null) return;
      this.cache.delete(flow.id);
      const areTemplatesDue =
        this.lastTemplateSec === null || this.lastTemplateSec + TEMPLATE_INTERVAL_SEC <= exportSec;
      if (!areTemplatesSent && areTemplatesDue) {
        this.sendTemplates(exportSec, flow.domainId);
        areTemplatesSent = true;
      }
      const header = { exportSec, sequence: this.sequence++, domainId: flow.domainId };
      const end = { reason, exportSec };
      this.stats.currentFlows--;
      this.send(message(header, flow.template, (writer) => writeRecord(writer, flow, end, this.virtualId)));
    }
  }

  /** When the oldest flow has been active for long enough; null without flows. */
  nextRunNs(): number | null {
    for (const { startUs } of this.cache.values()) return 1e3 * (startUs + 1e6 * this.activeTimeoutSec);
    return null;
  }

  nowUs(): number {
    return 1e3 * Math.floor(this.env.nowNs() / 1e6);
  }

  private sendTemplates(exportSec: number, domainId: number): void {
    const header = { exportSec, sequence: this.sequence, domainId };
    for (const template of templateMessages(header, this.virtualId !== null)) this.send(template);
    this.send(exporterTemplateMessage(header));
    this.lastTemplateSec = exportSec;
    this.send(exporterDataMessage({ ...header, sequence: this.sequence++ }, this.id, this.stats.sendErrors));
  }

  private send(bytes: Uint8Array): void {
    const errors = this.collectors?.send(bytes) ?? 0;
    this.stats.sent += this.collectorCount - errors;
    this.stats.sendErrors += errors;
  }
}
