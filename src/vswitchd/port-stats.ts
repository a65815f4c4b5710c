/** Ports as OpenFlow describes and counts them. Mirrors ofproto.c's port descriptions and statistics. */
import type { PortDescription, PortStatsEntry } from '#src/openflow/switch-connection.js';
import type { Bridge } from './bridge.js';
import { PORT_DOWN, type SwitchPort } from './bundle.js';
import { isPortLive } from './liveness.js';
import { hashInteger, OvsHmap } from './ovs-hmap.js';

/** OFPPS_LINK_DOWN, OFPPS_LIVE. */
const LINK_DOWN = 1;
const LIVE = 4;

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
    state: (isPortLive(port) ? LIVE : 0) | (port.netdev.carrier ? 0 : LINK_DOWN),
    currentSpeedKbps: 0,
    maxSpeedKbps: 0,
  };
}

export function portStatsEntry(port: SwitchPort, nowNs: number): PortStatsEntry {
  const isCredited = port.odpPort === null || port.tunnel !== null;
  const stats = port.netdev.stats();
  const rx = isCredited
    ? { packets: port.credited.rxPackets, bytes: port.credited.rxBytes }
    : { packets: stats.rxPackets, bytes: stats.rxBytes };
  const tx = isCredited
    ? { packets: port.credited.txPackets, bytes: port.credited.txBytes }
    : { packets: stats.txPackets, bytes: stats.txBytes };
  // A patch or tunnel port knows its packets and bytes, and nothing else.
  const known = (count: number): bigint => (isCredited ? 0n : BigInt(count));
  const unknown = isCredited ? 0n : -1n;
  return {
    port: port.ofPort,
    name: port.name,
    rxPackets: BigInt(rx.packets),
    rxBytes: BigInt(rx.bytes),
    rxDropped: known(stats.rxDropped),
    rxErrors: known(stats.rxErrors),
    rxFrameErrors: unknown,
    rxOverErrors: unknown,
    rxCrcErrors: unknown,
    txPackets: BigInt(tx.packets),
    txBytes: BigInt(tx.bytes),
    txDropped: known(stats.txDropped),
    txErrors: known(stats.txErrors),
    collisions: unknown,
    durationNs: nowNs - port.createdNs,
  };
}
