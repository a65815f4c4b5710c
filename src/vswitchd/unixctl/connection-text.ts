/**
 * A tracked connection as dpctl/dump-conntrack writes it:
 * `tcp,orig=(src=...,dst=...,sport=1,dport=2),reply=(...),zone=1,protoinfo=(state=ESTABLISHED)`.
 *
 * Mirrors ct_dpif_format_entry() of lib/ct-dpif.c. Packet counters, timestamps, identifiers and status flags are those
 * of OVS's userspace datapath: it has none, and says so by 0.
 */
import type { ConnectionEntry, ConnectionTuple, TcpPeerInfo } from '#datapath/conntrack/connection-entry.js';
import { TCP_STATE_NAMES } from '#datapath/conntrack/tcp-state.js';
import { formatHex } from '#src/openflow/number-text.js';
import { formatIpv4, formatIpv6 } from '../odp/address-text.js';

const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'icmp'],
  [2, 'igmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [33, 'dccp'],
  [58, 'icmpv6'],
  [132, 'sctp'],
  [136, 'udplite'],
]);

const SYN_RECV = TCP_STATE_NAMES.indexOf('SYN_RECV');
const FIN_WAIT_2 = TCP_STATE_NAMES.indexOf('FIN_WAIT_2');

export interface ConnectionTextOptions {
  readonly verbose: boolean;
  readonly statistics: boolean;
}

export function formatConnection(entry: ConnectionEntry, options: ConnectionTextOptions): string {
  const { verbose, statistics } = options;
  const protocol = entry.original.protocol;
  const parts = [
    PROTOCOL_NAMES.get(protocol) ?? String(protocol),
    `orig=(${formatTuple(entry.original)})`,
    `reply=(${formatTuple(entry.reply)})`,
  ];
  if (verbose) parts.push('id=0');
  if (entry.zone !== 0) parts.push(`zone=${entry.zone}`);
  if (verbose) parts.push('status=0');
  if (statistics) parts.push(`timeout=${entry.timeoutSeconds}`);
  if (entry.mark !== 0) parts.push(`mark=${entry.mark >>> 0}`);
  if (entry.label.some((byte) => byte !== 0)) parts.push(`labels=${formatLabel(entry.label)}`);
  if (entry.tcp !== null) parts.push(`protoinfo=(${verbose ? formatPeers(entry.tcp) : formatState(entry.tcp)})`);
  if (entry.helper !== null) parts.push(`helper=${entry.helper}`);
  if (verbose && entry.parent !== null) parts.push(`parent=(${formatTuple(entry.parent)})`);
  return parts.join(',');
}

function formatTuple({ source, destination, ends }: ConnectionTuple): string {
  const address = source.length === 4 ? formatIpv4 : formatIpv6;
  const text = `src=${address(source, 0)},dst=${address(destination, 0)}`;
  return ends.kind === 'icmp'
    ? `${text},id=${ends.id},type=${ends.type},code=${ends.code}`
    : `${text},sport=${ends.source},dport=${ends.destination}`;
}

function formatLabel(label: Uint8Array): string {
  let value = 0n;
  for (const byte of label) value = (value << 8n) | BigInt(byte);
  return formatHex(value);
}

type TcpPeers = NonNullable<ConnectionEntry['tcp']>;

/**
 * One state for both ends, the later one; where the kernel and userspace see the same moment differently, that which
 * both could mean.
 */
export function coalescedTcpState({ original, reply }: TcpPeers): number {
  const state = Math.max(original.state, reply.state);
  if (state === FIN_WAIT_2) return TCP_STATE_NAMES.indexOf('TIME_WAIT');
  return state === SYN_RECV ? TCP_STATE_NAMES.indexOf('ESTABLISHED') : state;
}

export function tcpStateName(state: number): string {
  return TCP_STATE_NAMES[state] ?? `[${state}]`;
}

function formatState(peers: TcpPeers): string {
  return `state=${tcpStateName(coalescedTcpState(peers))}`;
}

function formatPeers({ original, reply }: TcpPeers): string {
  const scales =
    original.windowScale !== 0 || reply.windowScale !== 0
      ? `,wscale_orig=${original.windowScale},wscale_reply=${reply.windowScale}`
      : '';
  return (
    `state_orig=${tcpStateName(original.state)},state_reply=${tcpStateName(reply.state)}${scales}` +
    `,flags_orig=${formatPeerFlags(original)},flags_reply=${formatPeerFlags(reply)}`
  );
}

function formatPeerFlags(peer: TcpPeerInfo): string {
  const flags = [peer.hasWindowScale ? 'WINDOW_SCALE' : '', peer.isLiberal ? 'BE_LIBERAL' : ''];
  return flags.filter((flag) => flag !== '').join('|') || '0';
}
