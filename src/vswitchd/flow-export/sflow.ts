/**
 * The sFlow agent of a bridge: one sampler for all its packets, a poller for the counters of the datapaths and one for
 * each port that has an interface index. Mirrors ofproto-dpif-sflow.c, lib/sflow_agent.c, sflow_sampler.c and
 * sflow_poller.c.
 *
 * Deliberately different: the times and the memory of the process, which a simulation does not have, are 0.
 */
import type { DatapathStats, DpAction, SampleCookie } from '#datapath/dpif.js';
import type { Rng } from '#datapath/environment.js';
import { type FlowKey, OFF_IN_PORT, OFF_VLAN_TCI, VLAN_VID_MASK } from '#flowtable/flow-key.js';
import type { Bridge } from '../bridge.js';
import { Collectors, type ExportHost, parseAddress, parseTarget, sameTargets } from './collectors.js';
import { portByOdp, tunnelProtocolOf } from './exported-ports.js';
import { ActionsRead, type TunnelHeader, tunnelOf } from './sflow-actions.js';
import { datapathCounters, portCounters } from './sflow-counters.js';
import {
  FLOW_HEADER,
  FLOW_IPV4_TUNNEL_EGRESS,
  FLOW_IPV4_TUNNEL_INGRESS,
  FLOW_MPLS,
  FLOW_SWITCH,
  FLOW_VNI_EGRESS,
  FLOW_VNI_INGRESS,
  SflowReceiver,
  type SflowRecord,
  writeOpaque,
} from './sflow-datagram.js';

const COLLECTOR_PORT = 6343;
const MAX_PROBABILITY = 0xffff_ffff;
const NS_PER_SEC = 1e9;
/** Classes of data sources, in the highest byte of a source's number: interfaces are 0. */
const PHYSICAL_ENTITY = 2 << 24;
/** The sampler of the sub-agent 0. */
const FIRST_SAMPLER = 1000;
const ETHERNET = 1;
/** Length of the frame check sequence, which is gone already. */
const FCS_SIZE = 4;
const OUTPUT_FORMAT = 0xc000_0000;
const MULTIPLE_OUTPUTS = 0x8000_0000;

export interface SflowSettings {
  readonly targets: readonly string[];
  readonly samplingRate: number;
  readonly pollingIntervalSec: number;
  readonly headerSize: number;
  /** Tells the bridges of an agent apart. */
  readonly subAgent: number;
  /** A device or an address to be known by. */
  readonly agent: string | null;
  /** The address by which controllers are spoken to. */
  readonly controlAddress: string | null;
}

export interface SflowSurroundings {
  nowNs(): number;
  readonly host: ExportHost | null;
  readonly rng: Rng;
  datapathStats(): readonly DatapathStats[];
  /** One sub-agent tells the counters of the datapaths: the first that asks for it, until it gives it up. */
  readonly datapathTeller: { subAgent: number | null };
  wake(): void;
}

interface Poller {
  readonly sourceId: number;
  countdown: number;
  sequence: number;
  /** Null: the datapaths'. */
  readonly odpPort: number | null;
}

/** What there is between settings that work. */
interface Agent {
  readonly settings: SflowSettings;
  readonly receiver: SflowReceiver;
  readonly bootNs: number;
  readonly pollers: Map<number, Poller>;
  sequence: number;
  samplePool: number;
}

export class Sflow {
  private readonly bridge: Bridge;
  private readonly env: SflowSurroundings;
  private collectors: Collectors | null = null;
  private agent: Agent | null = null;
  private nextTickNs: number;

  constructor(bridge: Bridge, env: SflowSurroundings) {
    this.bridge = bridge;
    this.env = env;
    this.nextTickNs = this.secondAfterNow();
  }

  /** Of 2^32 - 1 packets so many are sampled. */
  get probability(): number {
    const rate = this.agent?.settings.samplingRate;
    return rate === undefined ? 0 : Math.max(1, Math.floor(MAX_PROBABILITY / rate));
  }

  configure(settings: SflowSettings): void {
    if (settings.targets.length === 0 || settings.samplingRate === 0) {
      this.clear();
      return;
    }
    const old = this.agent?.settings ?? null;
    const isChanged = old === null || !sameSettings(old, settings);
    if (isChanged || (this.collectors?.count ?? 0) < new Set(settings.targets).size) {
      this.collectors?.close();
      this.collectors = Collectors.open(this.env.host, settings.targets, COLLECTOR_PORT);
    }
    const address = this.collectors === null ? null : this.chooseAddress(settings);
    if (address === null) {
      this.clear();
      return;
    }
    if (!isChanged) return;
    this.giveUpTelling();
    this.agent = {
      settings,
      receiver: new SflowReceiver(address, settings.subAgent, (datagram) => this.collectors?.send(datagram)),
      bootNs: this.env.nowNs(),
      pollers: new Map(),
      sequence: 0,
      samplePool: 0,
    };
    this.addPoller(this.agent, PHYSICAL_ENTITY + FIRST_SAMPLER + settings.subAgent, null);
    this.env.wake();
  }

  clear(): void {
    this.giveUpTelling();
    this.collectors?.close();
    this.collectors = null;
    this.agent = null;
  }

  /** The interface index of a port of this bridge; 0 where it has none. */
  interfaceOf(odpPort: number): number {
    return Math.max(0, portByOdp(this.bridge, odpPort)?.netdev.ifindex ?? 0);
  }

  /** A packet was sampled. key: as it was then; actions: those of its flow, null where they are not known. */
  received(
    packet: Uint8Array,
    key: FlowKey,
    cookie: Extract<SampleCookie, { kind: 'sflow' }>,
    actions: readonly DpAction[] | null,
  ): void {
    const { agent } = this;
    if (agent === null) return;
    const inPort = key.u32(OFF_IN_PORT);
    const { samplingRate, headerSize, subAgent } = agent.settings;
    agent.samplePool += samplingRate;
    const records = [switchRecord(key.u16(OFF_VLAN_TCI), cookie.vlanTci), headerRecord(packet, headerSize)];
    const read = actions === null || outputsOf(cookie.output) !== 1 ? null : new ActionsRead(key, actions);
    if (read?.labelStack != null) records.push(mplsRecord(read.labelStack));
    if (read?.tunnel != null) {
      const protocol = read.tunnelProtocol || this.tunnelProtocol(read.outPort);
      records.push(...tunnelRecords(read.tunnel, protocol, FLOW_IPV4_TUNNEL_EGRESS, FLOW_VNI_EGRESS).reverse());
    }
    const inTunnel = tunnelOf(key);
    if (inTunnel.destination !== 0) {
      const protocol = this.tunnelProtocol(inPort);
      records.push(...tunnelRecords(inTunnel, protocol, FLOW_IPV4_TUNNEL_INGRESS, FLOW_VNI_INGRESS).reverse());
    }
    agent.receiver.flowSample({
      sequence: ++agent.sequence,
      sourceId: PHYSICAL_ENTITY + FIRST_SAMPLER + subAgent,
      samplingRate,
      samplePool: agent.samplePool,
      input: this.interfaceOf(inPort),
      output: cookie.output,
      records,
    });
    this.env.wake();
  }

  /** Once a second: counters whose turn it is, and what waits to be sent. */
  run(): void {
    const { agent } = this;
    const nowNs = this.env.nowNs();
    if (agent === null || nowNs < this.nextTickNs) return;
    this.nextTickNs = this.secondAfterNow();
    const { receiver } = agent;
    receiver.uptimeSec = Math.floor(nowNs / NS_PER_SEC) - Math.floor(agent.bootNs / NS_PER_SEC);
    for (const poller of this.pollersInOrder(agent)) this.poll(agent, poller);
    receiver.flush();
  }

  nextRunNs(): number | null {
    return this.agent === null ? null : this.nextTickNs;
  }

  private secondAfterNow(): number {
    return (Math.floor(this.env.nowNs() / NS_PER_SEC) + 1) * NS_PER_SEC;
  }

  private tunnelProtocol(odpPort: number): number {
    return tunnelProtocolOf(portByOdp(this.bridge, odpPort));
  }

  /** Ports come and go: a poller for each interface index, the highest first. */
  private pollersInOrder(agent: Agent): readonly Poller[] {
    const present = new Set([PHYSICAL_ENTITY + FIRST_SAMPLER + agent.settings.subAgent]);
    for (const port of this.bridge.portsByAge) {
      const { ifindex } = port.netdev;
      if (port.odpPort === null || ifindex <= 0) continue;
      present.add(ifindex);
      if (!agent.pollers.has(ifindex)) this.addPoller(agent, ifindex, port.odpPort);
    }
    for (const sourceId of agent.pollers.keys()) if (!present.has(sourceId)) agent.pollers.delete(sourceId);
    return [...agent.pollers.values()].sort((a, b) => b.sourceId - a.sourceId);
  }

  /** The first time comes at random, so that not all counters are told in one second. */
  private addPoller(agent: Agent, sourceId: number, odpPort: number | null): void {
    const interval = agent.settings.pollingIntervalSec;
    const countdown = interval === 0 ? 0 : 1 + (this.env.rng.next32() % interval);
    agent.pollers.set(sourceId, { sourceId, countdown, sequence: 0, odpPort });
  }

  private poll(agent: Agent, poller: Poller): void {
    if (poller.countdown === 0 || --poller.countdown > 0) return;
    poller.countdown = agent.settings.pollingIntervalSec;
    const { sourceId, odpPort } = poller;
    if (odpPort === null) {
      this.env.datapathTeller.subAgent ??= agent.settings.subAgent;
      if (this.env.datapathTeller.subAgent !== agent.settings.subAgent) return;
      agent.receiver.countersSample(++poller.sequence, sourceId, datapathCounters(this.env.datapathStats()));
      return;
    }
    const port = portByOdp(this.bridge, odpPort);
    if (port === null) return;
    agent.receiver.countersSample(++poller.sequence, sourceId, portCounters(port, sourceId, this.env.nowNs()));
  }

  private giveUpTelling(): void {
    const { datapathTeller } = this.env;
    if (this.agent !== null && datapathTeller.subAgent === this.agent.settings.subAgent) datapathTeller.subAgent = null;
  }

  /** By the device, or as the address, that is named; else that by which a collector is reached, or a controller. */
  private chooseAddress({ agent, targets, controlAddress }: SflowSettings): Uint8Array | null {
    const { host } = this.env;
    const named = agent === null ? null : (host?.addressOf(agent) ?? parseAddress(agent));
    if (named !== null) return named;
    for (const text of targets) {
      const target = parseTarget(text, COLLECTOR_PORT);
      const source = target === null ? null : (host?.sourceFor(target.address) ?? null);
      if (source !== null) return source;
    }
    return controlAddress === null ? null : parseAddress(controlAddress);
  }
}

const sameSettings = (a: SflowSettings, b: SflowSettings): boolean =>
  sameTargets(a.targets, b.targets) &&
  a.samplingRate === b.samplingRate &&
  a.pollingIntervalSec === b.pollingIntervalSec &&
  a.headerSize === b.headerSize &&
  a.subAgent === b.subAgent &&
  a.agent === b.agent &&
  a.controlAddress === b.controlAddress;

/** How many ports the packet goes to, as far as sFlow's number of the output says. */
function outputsOf(output: number): number {
  const format = (output & OUTPUT_FORMAT) >>> 0;
  const number = output & ~OUTPUT_FORMAT;
  if (format === 0) return number === 0 ? 0 : 1;
  return format === MULTIPLE_OUTPUTS ? number : 0;
}

const switchRecord = (inTci: number, outTci: number): SflowRecord => ({
  format: FLOW_SWITCH,
  write: (writer) => {
    for (const tci of [inTci, outTci]) {
      writer.u32(tci & VLAN_VID_MASK);
      writer.u32(tci >> 13);
    }
  },
});

const headerRecord = (packet: Uint8Array, maxSize: number): SflowRecord => ({
  format: FLOW_HEADER,
  write: (writer) => {
    writer.u32(ETHERNET);
    writer.u32(packet.length + FCS_SIZE);
    writer.u32(FCS_SIZE);
    writeOpaque(writer, packet.subarray(0, maxSize));
  },
});

const mplsRecord = (labels: readonly number[]): SflowRecord => ({
  format: FLOW_MPLS,
  write: (writer) => {
    // No next hop, no labels that it came with.
    writer.u32(1);
    writer.u32(0);
    writer.u32(0);
    writer.u32(labels.length);
    for (const label of labels) writer.u32(label);
  },
});

/** OVS writes port numbers as the machine has them, which is the wrong way round on all that it commonly runs on. */
const swapped = (port: number): number => ((port & 0xff) << 8) | (port >> 8);

function tunnelRecords(tunnel: TunnelHeader, protocol: number, format: number, vniFormat: number): SflowRecord[] {
  const header: SflowRecord = {
    format,
    write: (writer) => {
      writer.u32(0);
      writer.u32(protocol);
      writer.u32(tunnel.source);
      writer.u32(tunnel.destination);
      writer.u32(swapped(tunnel.sourcePort));
      writer.u32(swapped(tunnel.destinationPort));
      writer.u32(0);
      writer.u32(tunnel.tos);
    },
  };
  const vni: SflowRecord = {
    format: vniFormat,
    write: (writer) => writer.u32(Number(BigInt.asUintN(32, tunnel.id))),
  };
  return tunnel.id === 0n ? [header] : [header, vni];
}
