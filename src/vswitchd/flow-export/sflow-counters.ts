/** Counters that an sFlow agent tells: of a port, and of the datapaths. Mirrors sflow_agent_get_counters() and
 * sflow_agent_get_global_counters() of ofproto-dpif-sflow.c. */
import type { DatapathStats } from '#datapath/dpif.js';
import type { SwitchPort } from '../bundle.js';
import { portStatsEntry } from '../port-stats.js';
import {
  COUNTERS_APP_RESOURCES,
  COUNTERS_DATAPATH,
  COUNTERS_ETHERNET,
  COUNTERS_GENERIC,
  COUNTERS_OPENFLOW_PORT,
  COUNTERS_PORT_NAME,
  type SflowRecord,
  writeOpaque,
} from './sflow-datagram.js';

const UNKNOWN = 0xffff_ffff;
const ETHERNET_CSMACD = 6;
/** In bits per second, where a device does not say. */
const USUAL_SPEED = 100_000_000;
const UNKNOWN_DIRECTION = 0;
const ADMIN_UP = 1;
const OPER_UP = 2;

/** A counter of 32 bits. */
const low = (count: bigint): number => Number(BigInt.asUintN(32, count));

export function portCounters(port: SwitchPort, ifindex: number, nowNs: number): readonly SflowRecord[] {
  const stats = portStatsEntry(port, nowNs);
  const { netdev, bridge } = port;
  // The multicast and broadcast counters, which the devices here do not keep.
  const uncounted = netdev.type === 'dummy' || netdev.type === 'dummy-internal' ? UNKNOWN : 0;
  const ethernet: SflowRecord = {
    format: COUNTERS_ETHERNET,
    write: (writer) => {
      writer.u32(low(stats.rxFrameErrors));
      writer.u32(low(stats.rxCrcErrors));
      for (let i = 0; i < 7; i++) writer.u32(UNKNOWN);
      writer.u32(UNKNOWN);
      writer.u32(uncounted);
      writer.u32(UNKNOWN);
      writer.u32(UNKNOWN);
    },
  };
  const openflow: SflowRecord = {
    format: COUNTERS_OPENFLOW_PORT,
    write: (writer) => {
      writer.u64(bridge.datapathId);
      writer.u32(port.ofPort);
    },
  };
  const name: SflowRecord = {
    format: COUNTERS_PORT_NAME,
    write: (writer) => writeOpaque(writer, new TextEncoder().encode(port.name)),
  };
  const generic: SflowRecord = {
    format: COUNTERS_GENERIC,
    write: (writer) => {
      writer.u32(ifindex);
      writer.u32(ETHERNET_CSMACD);
      writer.u64(USUAL_SPEED);
      writer.u32(UNKNOWN_DIRECTION);
      writer.u32(netdev.up ? ADMIN_UP | (netdev.carrier ? OPER_UP : 0) : 0);
      writer.u64(stats.rxBytes);
      writer.u32(low(stats.rxPackets));
      writer.u32(uncounted);
      writer.u32(uncounted);
      writer.u32(low(stats.rxDropped));
      writer.u32(low(stats.rxErrors));
      writer.u32(UNKNOWN);
      writer.u64(stats.txBytes);
      writer.u32(low(stats.txPackets));
      writer.u32(uncounted);
      writer.u32(uncounted);
      writer.u32(low(stats.txDropped));
      writer.u32(low(stats.txErrors));
      writer.u32(0);
    },
  };
  return [ethernet, openflow, name, generic];
}

/** Of all datapaths together. */
export function datapathCounters(all: readonly DatapathStats[]): readonly SflowRecord[] {
  const sum = (count: (stats: DatapathStats) => number): number =>
    all.reduce((total, stats) => total + count(stats), 0) % 2 ** 32;
  // Times and memory of the process.
  const resources: SflowRecord = { format: COUNTERS_APP_RESOURCES, write: (writer) => writer.zeros(40) };
  const datapath: SflowRecord = {
    format: COUNTERS_DATAPATH,
    write: (writer) => {
      writer.u32(sum(({ hits }) => hits));
      writer.u32(sum(({ missed }) => missed));
      writer.u32(sum(({ lost }) => lost));
      writer.u32(sum(({ maskHits }) => maskHits));
      writer.u32(sum(({ flows }) => flows));
      writer.u32(sum(({ masks }) => masks));
    },
  };
  return all.length === 0 ? [resources] : [resources, datapath];
}
