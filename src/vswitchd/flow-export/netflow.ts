/**
 * NetFlow version 5: IPv4 flows of a bridge, with what they carried since they were last told of. Mirrors
 * ofproto/netflow.c; the format is Cisco's (24 bytes of header, 48 for each of up to 30 records).
 *
 * The invariant: a flow that carries packets is told of whenever its output changes and at least once in an active
 * timeout; no packet is told of twice.
 */
import {
  type FlowKey,
  OFF_ETH_TYPE,
  OFF_IN_PORT,
  OFF_NW_DST,
  OFF_NW_PROTO,
  OFF_NW_SRC,
  OFF_NW_TOS,
  OFF_TP_DST,
  OFF_TP_SRC,
} from '#flowtable/flow-key.js';
import { hashAdd, hashFinish } from '#flowtable/murmur-hash.js';
import { OvsHmap } from '../ovs-hmap.js';
import type { PacketStats } from '../translate/credit.js';
import { ByteWriter } from '../../openflow/wire/byte-writer.js';
import { Collectors, type ExportHost } from './collectors.js';

/** What stands for an output that is no port: none, several, or all that are flooded to. */
export const NETFLOW_FLOOD = 0xffff;
export const NETFLOW_MULTIPLE = 0xfffe;
export const NETFLOW_DROP = 0xfffd;

export interface NetflowSettings {
  readonly targets: readonly string[];
  readonly engineType: number;
  readonly engineId: number;
  /** 0: the default. */
  readonly activeTimeoutSec: number;
  /** Puts the engine's id in front of interface numbers. */
  readonly addIdToInterface: boolean;
}

const VERSION = 5;
const HEADER_SIZE = 24;
const OFF_COUNT = 2;
const OFF_SEQUENCE = 16;
const MAX_RECORDS = 30;
const DEFAULT_ACTIVE_TIMEOUT_SEC = 600;
const RUN_INTERVAL_MS = 1000;
const ETH_TYPE_IP = 0x0800;
const IP_PROTO_ICMP = 1;
const DSCP_MASK = 0xfc;
const MAX_U32 = 0xffff_ffff;
const NS_PER_MS = 1e6;

interface Flow {
  readonly key: string;
  readonly inPort: number;
  readonly source: number;
  readonly destination: number;
  readonly tos: number;
  readonly protocol: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** When it was told of last, or else since when packets are counted; null before the first one. */
  lastExpiredMs: number | null;
  createdMs: number;
  output: number;
  tcpFlags: number;
  packets: number;
  bytes: number;
  usedMs: number;
}

export interface NetflowSurroundings {
  nowNs(): number;
  readonly host: ExportHost | null;
  /** There is something to send, or to wait for. */
  wake(): void;
}

export class Netflow {
  private readonly env: NetflowSurroundings;
  private readonly bootMs: number;
  private settings: NetflowSettings | null = null;
  private collectors: Collectors | null = null;
  private sequence = 0;
  private activeTimeoutMs = 0;
  private nextTimeoutMs = 0;
  private reconfiguredMs = 0;
  private readonly flows = new OvsHmap<string, Flow>(hashOf);
  private packet: ByteWriter | null = null;
  private recordCount = 0;

  constructor(env: NetflowSurroundings) {
    this.env = env;
    this.bootMs = this.nowMs;
  }

  configure(settings: NetflowSettings): void {
    this.settings = settings;
    this.collectors?.close();
    this.collectors = Collectors.open(this.env.host, settings.targets, null);
    const { activeTimeoutSec } = settings;
    const timeoutMs = 1000 * (activeTimeoutSec > 0 ? activeTimeoutSec : DEFAULT_ACTIVE_TIMEOUT_SEC);
    if (timeoutMs !== this.activeTimeoutMs) {
      this.activeTimeoutMs = timeoutMs;
      this.reconfiguredMs = this.nowMs;
      this.nextTimeoutMs = this.nowMs;
    }
    this.env.wake();
  }

  /** Packets of a flow, as it was when translation ended, went out by this OpenFlow port (or NETFLOW_*). */
  update(flow: FlowKey, output: number, stats: PacketStats): void {
    if (flow.u16(OFF_ETH_TYPE) !== ETH_TYPE_IP) return;
    const usedMs = Math.floor(stats.usedNs / NS_PER_MS);
    const key = keyOf(flow);
    let known = this.flows.get(key);
    if (known === undefined) {
      known = flowOf(key, flow, output, usedMs);
      this.flows.set(key, known);
    }
    if (known.output !== output) {
      this.expire(known);
      known.createdMs = usedMs;
      known.output = output;
    }
    known.packets += stats.packets;
    known.bytes += stats.bytes;
    known.tcpFlags |= stats.tcpFlags;
    const used = Math.max(known.usedMs, usedMs);
    if (known.usedMs !== used) {
      known.usedMs = used;
      if (known.lastExpiredMs === null || this.reconfiguredMs > known.lastExpiredMs) known.lastExpiredMs = this.nowMs;
    }
    this.env.wake();
  }

  /** The switch forgets the flow: what it carried is told of at once. */
  clear(flow: FlowKey): void {
    const known = this.flows.get(keyOf(flow));
    if (known === undefined) return;
    this.expire(known);
    this.flows.delete(known.key);
    this.env.wake();
  }

  /** Sends what waits, and what the active timeout asks for. */
  run(): void {
    this.flush();
    const nowMs = this.nowMs;
    if (this.activeTimeoutMs === 0 || nowMs < this.nextTimeoutMs) return;
    this.nextTimeoutMs = nowMs + RUN_INTERVAL_MS;
    for (const flow of [...this.flows.values()]) {
      const lastMs = flow.lastExpiredMs ?? 0;
      if (nowMs <= lastMs + this.activeTimeoutMs) continue;
      const isIdle = flow.usedMs < lastMs;
      this.expire(flow);
      if (isIdle) this.flows.delete(flow.key);
    }
  }

  /** When run() is due; null: not before something happens. */
  nextRunNs(): number | null {
    if (this.packet !== null) return this.env.nowNs();
    return this.flows.size === 0 ? null : this.nextTimeoutMs * NS_PER_MS;
  }

  close(): void {
    this.collectors?.close();
  }

  private get nowMs(): number {
    return Math.floor(this.env.nowNs() / NS_PER_MS);
  }

  private flush(): void {
    if (this.packet === null) return;
    this.collectors?.send(this.packet.take());
    this.packet = null;
    this.recordCount = 0;
  }

  private expire(flow: Flow): void {
    flow.lastExpiredMs = (flow.lastExpiredMs ?? 0) + this.activeTimeoutMs;
    let { packets, bytes } = flow;
    if (packets === 0) return;
    // Counters of records have 32 bits: what is more goes into several, evenly.
    while (bytes > 0) {
      const records = Math.ceil(bytes / MAX_U32);
      const packetCount = Math.floor(packets / records);
      const byteCount = Math.floor(bytes / records);
      this.record(flow, packetCount, byteCount);
      packets -= packetCount;
      bytes -= byteCount;
    }
    flow.packets = 0;
    flow.bytes = 0;
    flow.tcpFlags = 0;
  }

  private record(flow: Flow, packetCount: number, byteCount: number): void {
    const settings = this.settings!;
    const packet = (this.packet ??= this.header(settings));
    packet.patchU16(OFF_COUNT, ++this.recordCount);
    packet.patchU32(OFF_SEQUENCE, this.sequence++);
    const interfaceNumber = (port: number): number =>
      settings.addIdToInterface ? ((settings.engineId & 0x7f) << 9) | (port & 0x1ff) : port & 0xffff;
    const isIcmp = flow.protocol === IP_PROTO_ICMP;
    packet.u32(flow.source);
    packet.u32(flow.destination);
    packet.u32(0);
    packet.u16(interfaceNumber(flow.inPort));
    packet.u16(interfaceNumber(flow.output));
    packet.u32(packetCount);
    packet.u32(byteCount);
    packet.u32(flow.createdMs - this.bootMs);
    packet.u32(Math.max(flow.createdMs, flow.usedMs) - this.bootMs);
    // ICMP's type and code stand where the destination port does.
    packet.u16(isIcmp ? 0 : flow.sourcePort);
    packet.u16(isIcmp ? ((flow.sourcePort & 0xff) << 8) | (flow.destinationPort & 0xff) : flow.destinationPort);
    packet.u8(0);
    packet.u8(flow.tcpFlags);
    packet.u8(flow.protocol);
    packet.u8(flow.tos & DSCP_MASK);
    packet.zeros(8);
    if (this.recordCount >= MAX_RECORDS) this.flush();
  }

  private header({ engineType, engineId }: NetflowSettings): ByteWriter {
    const packet = new ByteWriter();
    const nowNs = this.env.nowNs();
    packet.u16(VERSION);
    packet.u16(0);
    packet.u32(this.nowMs - this.bootMs);
    packet.u32(Math.floor(nowNs / 1e9));
    packet.u32(nowNs % 1e9);
    packet.u32(0);
    packet.u8(engineType);
    packet.u8(engineId);
    packet.zeros(HEADER_SIZE - packet.size);
    return packet;
  }
}

function flowOf(key: string, flow: FlowKey, output: number, createdMs: number): Flow {
  return {
    key,
    inPort: flow.u32(OFF_IN_PORT),
    source: flow.u32(OFF_NW_SRC),
    destination: flow.u32(OFF_NW_DST),
    tos: flow.u8(OFF_NW_TOS),
    protocol: flow.u8(OFF_NW_PROTO),
    sourcePort: flow.u16(OFF_TP_SRC),
    destinationPort: flow.u16(OFF_TP_DST),
    lastExpiredMs: null,
    createdMs,
    output,
    tcpFlags: 0,
    packets: 0,
    bytes: 0,
    usedMs: -1,
  };
}

const keyOf = (flow: FlowKey): string =>
  [
    flow.u32(OFF_IN_PORT),
    flow.u32(OFF_NW_SRC),
    flow.u32(OFF_NW_DST),
    flow.u8(OFF_NW_TOS),
    flow.u8(OFF_NW_PROTO),
    flow.u16(OFF_TP_SRC),
    flow.u16(OFF_TP_DST),
  ].join();

/** netflow_flow_hash(): flows are told of in the order of OVS's table. */
function hashOf(key: string): number {
  const words = key.split(',').map(Number);
  return hashFinish(
    words.reduce((hash, word) => hashAdd(hash, word | 0), 0),
    4 * words.length,
  );
}
