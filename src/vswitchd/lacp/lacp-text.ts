/** What lacp/show and lacp/show-stats print. Mirrors lacp_print_details() and lacp_print_stats() of lib/lacp.c. */
import type { Lacp, LacpMember } from './lacp.js';
import type { LacpInfo } from './pdu.js';

/** By bit of the state. */
const STATE_NAMES = [
  [0x01, 'activity'],
  [0x02, 'timeout'],
  [0x04, 'aggregation'],
  [0x08, 'synchronized'],
  [0x10, 'collecting'],
  [0x20, 'distributing'],
  [0x40, 'defaulted'],
  [0x80, 'expired'],
] as const;

const macText = (hex: string): string => hex.match(/../g)!.join(':');

const sortedMembers = ({ members }: Lacp): readonly LacpMember[] =>
  [...members].sort((a, b) => (a.port.name < b.port.name ? -1 : 1));

export function lacpText(lacp: Lacp): string {
  const { name, isActive, systemId, systemPriority, isFast } = lacp.settings;
  return [
    `---- ${name} ----`,
    `  status: ${isActive ? 'active' : 'passive'}${lacp.isNegotiated ? ' negotiated' : ''}`,
    `  sys_id: ${macText(systemId)}`,
    `  sys_priority: ${systemPriority}`,
    `  aggregation key: ${lacp.keyMember === null ? 'none' : lacp.key}`,
    `  lacp_time: ${isFast ? 'fast' : 'slow'}`,
    ...sortedMembers(lacp).flatMap((member) => memberLines(lacp, member)),
    '',
  ].join('\n');
}

function memberLines(lacp: Lacp, member: LacpMember): readonly string[] {
  const { port, state, isAttached, settings, partner } = member;
  return [
    '',
    `member: ${port.name}: ${state} ${isAttached ? 'attached' : 'detached'}`,
    `  port_id: ${settings.portId}`,
    `  port_priority: ${settings.portPriority}`,
    `  may_enable: ${lacp.isEnabled(member)}`,
    '',
    ...infoLines('actor', lacp.actorOf(member)),
    '',
    ...infoLines('partner', partner),
  ];
}

function infoLines(side: string, info: LacpInfo): readonly string[] {
  const states = STATE_NAMES.filter(([bit]) => (info.state & bit) !== 0).map(([, name]) => ` ${name}`);
  return [
    `  ${side} sys_id: ${macText(info.systemId)}`,
    `  ${side} sys_priority: ${info.systemPriority}`,
    `  ${side} port_id: ${info.portId}`,
    `  ${side} port_priority: ${info.portPriority}`,
    `  ${side} key: ${info.key}`,
    `  ${side} state:${states.join('')}`,
  ];
}

export function lacpStatsText(lacp: Lacp): string {
  return [
    `---- ${lacp.settings.name} statistics ----`,
    ...sortedMembers(lacp).flatMap(({ port, counts }) => [
      '',
      `member: ${port.name}:`,
      `  TX PDUs: ${counts.transmitted}`,
      `  RX PDUs: ${counts.received}`,
      `  RX Bad PDUs: ${counts.malformed}`,
      `  RX Marker Request PDUs: ${counts.markers}`,
      `  Link Expired: ${counts.expired}`,
      `  Link Defaulted: ${counts.defaulted}`,
      `  Carrier Status Changed: ${counts.carrierChanged}`,
    ]),
    '',
  ].join('\n');
}
