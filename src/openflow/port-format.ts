/** A port as show and dump-ports-desc print it. Mirrors ofputil_phy_port_format() (lib/ofp-port.c). */
import { formatPort } from './port-text.js';
import { NO_PORT_NAMES } from './ports.js';
import type { OpenFlowVersion } from './protocol.js';
import type { PortDescription } from './switch-connection.js';

/** OFPPC_*: bit, name, and whether OpenFlow 1.1 and later have it. */
const CONFIG_BITS: readonly (readonly [number, string, boolean])[] = [
  [1, 'PORT_DOWN', true],
  [2, 'NO_STP', false],
  [4, 'NO_RECV', true],
  [8, 'NO_RECV_STP', false],
  [16, 'NO_FLOOD', false],
  [32, 'NO_FWD', true],
  [64, 'NO_PACKET_IN', true],
];

/** OFPPS_*: OpenFlow 1.0 knows the link only. */
const STATE_BITS: readonly (readonly [number, string, OpenFlowVersion])[] = [
  [1, 'LINK_DOWN', 10],
  [2, 'BLOCKED', 11],
  [4, 'LIVE', 11],
];

/** OFPPS10_STP_*: two bits, of OpenFlow 1.0 only; a port that listens shows nothing. */
const STP_SHIFT = 8;
const STP_STATES = [null, 'STP_LEARN', 'STP_FORWARD', 'STP_BLOCK'] as const;

const KBPS_PER_MBPS = 1000;

const names = (list: readonly string[]): string => (list.length === 0 ? '0' : list.join(' '));

/** In the order in which messages show them: the bridge's own port last. */
export function sortPorts(ports: readonly PortDescription[]): readonly PortDescription[] {
  return [...ports].sort((a, b) => a.port - b.port);
}

export function formatPortDescription(port: PortDescription, version: OpenFlowVersion): string {
  const config = CONFIG_BITS.filter(([bit, , later]) => (port.config & bit) !== 0 && (version === 10 || later));
  const state = STATE_BITS.filter(([bit, , since]) => (port.state & bit) !== 0 && version >= since);
  const stp = version === 10 ? STP_STATES[(port.state >> STP_SHIFT) & 3] : null;
  const mac = [...port.mac].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
  const mbps = (kbps: number): number => Math.floor(kbps / KBPS_PER_MBPS);
  return [
    ` ${formatPort(port.port, NO_PORT_NAMES)}(${port.name}): addr:${mac}\n`,
    `     config:     ${names(config.map(([, name]) => name))}\n`,
    `     state:      ${names([...(stp == null ? [] : [stp]), ...state.map(([, name]) => name)])}\n`,
    `     speed: ${mbps(port.currentSpeedKbps)} Mbps now, ${mbps(port.maxSpeedKbps)} Mbps max\n`,
  ].join('');
}
