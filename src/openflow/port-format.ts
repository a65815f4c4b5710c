/** A port as show and dump-ports-desc print it. Mirrors ofputil_phy_port_format() (lib/ofp-port.c). */
import type { PortStatusMessage } from './async-message.js';
import { formatBitNames } from './bit-names.js';
import { formatPort } from './port-text.js';
import { NO_PORT_NAMES } from './ports.js';
import type { OpenFlowVersion } from './protocol.js';
import type { PortDescription } from './switch-connection.js';

/** OFPPC_*, and which of them OpenFlow 1.1 and later have. */
const CONFIG_NAMES = ['PORT_DOWN', 'NO_STP', 'NO_RECV', 'NO_RECV_STP', 'NO_FLOOD', 'NO_FWD', 'NO_PACKET_IN'];
export const CONFIG_BITS_10 = 0x7f;
export const CONFIG_BITS_11 = 0x65;
export const configBits = (version: OpenFlowVersion): number => (version === 10 ? CONFIG_BITS_10 : CONFIG_BITS_11);

/** OFPPS_*: OpenFlow 1.0 knows the link only, and two bits of spanning trees. */
const STATE_NAMES = ['LINK_DOWN', 'BLOCKED', 'LIVE'];
export const STATE_BITS_10 = 0x301;
export const STATE_BITS_11 = 0x7;

/** OFPPS10_STP_*: a port that listens shows nothing. */
const STP_SHIFT = 8;
const STP_MASK = 3 << STP_SHIFT;
const STP_STATES = ['', 'STP_LEARN', 'STP_FORWARD', 'STP_BLOCK'] as const;

/** OFPPF_*, by OpenFlow 1.1's bits. */
const FEATURE_NAMES = [
  '10MB-HD',
  '10MB-FD',
  '100MB-HD',
  '100MB-FD',
  '1GB-HD',
  '1GB-FD',
  '10GB-FD',
  '40GB-FD',
  '100GB-FD',
  '1TB-FD',
  'OTHER',
  'COPPER',
  'FIBER',
  'AUTO_NEG',
  'AUTO_PAUSE',
  'AUTO_PAUSE_ASYM',
];

const KBPS_PER_MBPS = 1000;

export const formatPortConfig = (config: number): string => formatBitNames(config, CONFIG_NAMES);
export const formatPortFeatures = (features: number): string => formatBitNames(features, FEATURE_NAMES);

/** Six bytes. */
export const formatPortAddress = (mac: Uint8Array): string =>
  [...mac].map((byte) => byte.toString(16).padStart(2, '0')).join(':');

function formatState(state: number): string {
  const stp = STP_STATES[(state & STP_MASK) >> STP_SHIFT]!;
  const rest = state & ~STP_MASK;
  return stp !== '' && rest === 0 ? stp : `${stp}${formatBitNames(rest, STATE_NAMES)}`;
}

/** In the order in which messages show them: the bridge's own port last. */
export function sortPorts(ports: readonly PortDescription[]): readonly PortDescription[] {
  return [...ports].sort((a, b) => a.port - b.port);
}

export function formatPortDescription(port: PortDescription, version: OpenFlowVersion): string {
  const config = port.config & configBits(version);
  const state = port.state & (version === 10 ? STATE_BITS_10 : STATE_BITS_11);
  const mbps = (kbps: number): number => Math.floor(kbps / KBPS_PER_MBPS);
  const { current = 0, advertised = 0, supported = 0, peer = 0 } = port.features ?? {};
  const features = (title: string, bits: number): string =>
    bits === 0 ? '' : `     ${title.padEnd(11)} ${formatPortFeatures(bits)}\n`;
  // What a terminal cannot show ends the name.
  const name = /^[\x20-\x7e]*/.exec(port.name)![0];
  return [
    ` ${formatPort(port.port, NO_PORT_NAMES)}(${name}): addr:${formatPortAddress(port.mac)}\n`,
    `     config:     ${formatPortConfig(config)}\n`,
    `     state:      ${formatState(state)}\n`,
    features('current:', current),
    features('advertised:', advertised),
    features('supported:', supported),
    features('peer:', peer),
    `     speed: ${mbps(port.currentSpeedKbps)} Mbps now, ${mbps(port.maxSpeedKbps)} Mbps max\n`,
  ].join('');
}

const STATUS_WORDS = { add: 'ADD', delete: 'DEL', modify: 'MOD' } as const;

export const formatPortStatus = ({ reason, port }: PortStatusMessage, version: OpenFlowVersion): string =>
  ` ${STATUS_WORDS[reason]}:${formatPortDescription(port, version)}`;
