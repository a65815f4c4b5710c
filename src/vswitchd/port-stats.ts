/** Ports as OpenFlow describes and counts them. Mirrors ofproto.c's port descriptions and statistics. */
import type { OpenFlowVersion } from '#src/openflow/protocol.js';
import type { PortDescription, PortStatsEntry } from '#src/openflow/switch-connection.js';
import type { Bridge } from './bridge.js';
import { PORT_DOWN, type SwitchPort } from './bundle.js';
import { isPortLive } from './liveness.js';
import { STATE_BITS } from './spanning-tree/tree.js';
import { hashInteger, OvsHmap } from './ovs-hmap.js';

/** OFPPS_LINK_DOWN, OFPPS_LIVE. */
const LINK_DOWN = 1;
const LIVE = 4;
/** OFPPS10_STP_MASK: of OpenFlow 1.0 only. */
const STP_MASK = 3 << 8;
/** OFPPC_NO_STP, NO_RECV_STP and NO_FLOOD, which later versions do not have. */
const OPENFLOW_10_CONFIG = 2 | 8 | 16;
/** A counter that a device does not keep: all ones on the wire. */
const UNKNOWN = -1n;

/** As OVS lists them: in the order of its table of ports. */
export function portsInOrder(bridge: Bridge): readonly SwitchPort[] {
  const table = new OvsHmap<number, SwitchPort>(hashInteger);
  for (const port of bridge.portsByAge) table.set(port.ofPort, port);
  return [...table.values()];
}

export function describePort(port: SwitchPort): PortDescription {
  return {
    port: port.ofPort,
    name: port.name,
    mac: port.netdev.mac,
    config: (port.config & ~PORT_DOWN) | (port.netdev.up ? 0 : PORT_DOWN),
    state: (isPortLive(port) ? LIVE : 0) | (port.netdev.carrier ? 0 : LINK_DOWN) | STATE_BITS[port.tree.state],
    currentSpeedKbps: 0,
    maxSpeedKbps: 0,
  };
}

/** Would a version of OpenFlow tell two descriptions of a port apart? */
export function samePortIn(version: OpenFlowVersion, a: PortDescription, b: PortDescription): boolean {
  const config = version === 10 ? ~0 : ~OPENFLOW_10_CONFIG;
  const state = version === 10 ? LINK_DOWN | STP_MASK : ~STP_MASK;
  return (
    a.name === b.name &&
    a.mac.every((byte, i) => byte === b.mac[i]) &&
    ((a.config ^ b.config) & config) === 0 &&
    ((a.state ^ b.state) & state) === 0 &&
    a.currentSpeedKbps === b.currentSpeedKbps &&
    a.maxSpeedKbps === b.maxSpeedKbps
  );
}

export const isLive = (port: PortDescription): boolean => (port.state & LIVE) !== 0;

export const withoutLife = (port: PortDescription): PortDescription => ({ ...port, state: port.state & ~LIVE });

/** A port after a change of its configuration, before its link has followed. */
export function withConfig(port: PortDescription, config: number): PortDescription {
  return (config & PORT_DOWN) === 0 ? { ...port, config } : withoutLife({ ...port, config });
}

/** Does translation count the port's packets, in place of a device? */
const isCreditedPort = ({ odpPort, tunnel }: SwitchPort): boolean => odpPort === null || tunnel !== null;

export const rxPacketsOf = (port: SwitchPort): number =>
  isCreditedPort(port) ? port.credited.rxPackets : port.netdev.stats().rxPackets;

export function portStatsEntry(port: SwitchPort, nowNs: number): PortStatsEntry {
  const isCredited = isCreditedPort(port);
  const stats = port.netdev.stats();
  const rx = isCredited
    ? { packets: port.credited.rxPackets, bytes: port.credited.rxBytes }
    : { packets: stats.rxPackets, bytes: stats.rxBytes };
  const tx = isCredited
    ? { packets: port.credited.txPackets, bytes: port.credited.txBytes }
    : { packets: stats.txPackets, bytes: stats.txBytes };
  // A patch or tunnel port knows its packets and bytes, and nothing else.
  const known = (count: number): bigint => (isCredited ? UNKNOWN : BigInt(count));
  return {
    port: port.ofPort,
    name: port.name,
    rxPackets: BigInt(rx.packets),
    rxBytes: BigInt(rx.bytes),
    rxDropped: known(stats.rxDropped),
    rxErrors: known(stats.rxErrors),
    rxFrameErrors: UNKNOWN,
    rxOverErrors: UNKNOWN,
    rxCrcErrors: UNKNOWN,
    txPackets: BigInt(tx.packets),
    txBytes: BigInt(tx.bytes),
    txDropped: known(stats.txDropped),
    txErrors: known(stats.txErrors),
    collisions: UNKNOWN,
    durationNs: nowNs - port.createdNs,
  };
}
