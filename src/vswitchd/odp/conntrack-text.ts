/**
 * Connections, statistics and limits in the text of `ovs-appctl dpctl/dump-conntrack`, `ct-stats-show`, `ct-bkts`,
 * `ct-get-limits` and `ipf-get-status`.
 *
 * Mirrors ct_dpif_format_entry() of lib/ct-dpif.c and the commands of lib/dpctl.c. A connection of the userspace
 * datapath has no counters, timestamps, identifier or status flags: they print as OVS prints them when they are zero.
 */
import type { ConnectionEntry, ConnectionTuple, TcpPeerInfo } from '#datapath/conntrack/connection-entry.js';
import type { FragmentFamily } from '#datapath/conntrack/fragment-tracker.js';
import type { FragmentList } from '#datapath/conntrack/fragment-list.js';
import type { FragmentControl } from '#datapath/dpif.js';
import {
  TCP_STATE_NAMES,
  TCPS_ESTABLISHED,
  TCPS_FIN_WAIT_2,
  TCPS_SYN_RECV,
  TCPS_TIME_WAIT,
} from '#datapath/conntrack/tcp-state.js';
import type { ZoneLimit } from '#datapath/conntrack/zone-limits.js';
import { formatIpv4, formatIpv6 } from './address-text.js';

const PROTOCOL_NAMES: Readonly<Record<number, string>> = {
  1: 'icmp',
  2: 'igmp',
  6: 'tcp',
  17: 'udp',
  33: 'dccp',
  58: 'icmpv6',
  132: 'sctp',
  136: 'udplite',
};

export interface ConnectionTextOptions {
  /** -m: both TCP states, flags, parent. */
  readonly isVerbose?: boolean;
  /** -s: the time left. */
  readonly hasStatistics?: boolean;
}

export function formatConnection(entry: ConnectionEntry, options: ConnectionTextOptions = {}): string {
  const { isVerbose = false, hasStatistics = false } = options;
  let text = PROTOCOL_NAMES[entry.original.protocol] ?? String(entry.original.protocol);
  text += `,orig=(${formatTuple(entry.original)}),reply=(${formatTuple(entry.reply)})`;
  if (isVerbose) text += ',id=0';
  if (entry.zone !== 0) text += `,zone=${entry.zone}`;
  if (isVerbose) text += ',status=0';
  if (hasStatistics) text += `,timeout=${entry.timeoutSeconds}`;
  if (entry.mark !== 0) text += `,mark=${entry.mark}`;
  const label = Buffer.from(entry.label).toString('hex').replace(/^0+/, '');
  if (label !== '') text += `,labels=0x${label}`;
  if (entry.tcp !== null) text += `,protoinfo=(${isVerbose ? formatPeers(entry.tcp) : formatState(entry.tcp)})`;
  if (entry.helper !== null) text += `,helper=${entry.helper}`;
  if (isVerbose && entry.parent !== null) text += `,parent=(${formatTuple(entry.parent)})`;
  return text;
}

export function formatTuple(tuple: ConnectionTuple): string {
  const format = tuple.source.length === 4 ? formatIpv4 : formatIpv6;
  const { ends } = tuple;
  const tail =
    ends.kind === 'icmp'
      ? `id=${ends.id},type=${ends.type},code=${ends.code}`
      : `sport=${ends.source},dport=${ends.destination}`;
  return `src=${format(tuple.source, 0)},dst=${format(tuple.destination, 0)},${tail}`;
}

type TcpPeers = NonNullable<ConnectionEntry['tcp']>;

/** One state for both peers, with those that the kernel does not tell apart made one. */
function stateOf(tcp: TcpPeers): number {
  const state = Math.max(tcp.original.state, tcp.reply.state);
  if (state === TCPS_FIN_WAIT_2) return TCPS_TIME_WAIT;
  return state === TCPS_SYN_RECV ? TCPS_ESTABLISHED : state;
}

function formatState(tcp: TcpPeers): string {
  return `state=${TCP_STATE_NAMES[stateOf(tcp)]}`;
}

function formatPeers(tcp: TcpPeers): string {
  const { original, reply } = tcp;
  let text = `state_orig=${TCP_STATE_NAMES[original.state]},state_reply=${TCP_STATE_NAMES[reply.state]}`;
  if (original.windowScale !== 0 || reply.windowScale !== 0) {
    text += `,wscale_orig=${original.windowScale},wscale_reply=${reply.windowScale}`;
  }
  return `${text},flags_orig=${formatPeerFlags(original)},flags_reply=${formatPeerFlags(reply)}`;
}

function formatPeerFlags(peer: TcpPeerInfo): string {
  const flags = [...(peer.hasWindowScale ? ['WINDOW_SCALE'] : []), ...(peer.isLiberal ? ['BE_LIBERAL'] : [])];
  return flags.length === 0 ? '0' : flags.join('|');
}

/** What ct-stats-show prints; verbose adds the states of TCP connections. */
export function formatConnectionStats(entries: Iterable<ConnectionEntry>, isVerbose = false): string {
  const byName = new Map<string, number>();
  const byState = new Map<number, number>();
  let total = 0;
  for (const entry of entries) {
    total++;
    const name = PROTOCOL_NAMES[entry.original.protocol] ?? 'other';
    byName.set(name, (byName.get(name) ?? 0) + 1);
    if (entry.tcp !== null) byState.set(stateOf(entry.tcp), (byState.get(stateOf(entry.tcp)) ?? 0) + 1);
  }
  let text = `Connections Stats:\n    Total: ${total}\n`;
  const line = (title: string, name: string): void => {
    const count = byName.get(name);
    if (count !== undefined) text += `  ${title}: ${count}\n`;
  };
  line('TCP', 'tcp');
  if (isVerbose && byName.has('tcp')) {
    text += '    Conn per TCP states:\n';
    for (const [state, count] of [...byState].sort(([a], [b]) => a - b)) {
      text += `\t  [${TCP_STATE_NAMES[state]}]=${count}\n`;
    }
  }
  // ICMPv6 is counted in the total and has no line, as in OVS.
  line('UDP', 'udp');
  line('UDPLITE', 'udplite');
  line('SCTP', 'sctp');
  line('ICMP', 'icmp');
  line('DCCP', 'dccp');
  line('IGMP', 'igmp');
  line('Other', 'other');
  return text;
}

/** What ct-bkts prints: OVS's userspace datapath counts all connections under one bucket. `above` hides small counts. */
export function formatConnectionBuckets(count: number, above = 0): string {
  const rule = '+-----------+-----------------------------------------+';
  let text = `Total Buckets: 1\nCurrent Connections: ${count}\n\n`;
  if (count === 0) return text;
  text += `${rule}\n|  Buckets  |         Connections per Buckets         |\n${rule}`;
  text += `\n   0..  7   | ${(count > above ? String(count) : '.').padStart(5)}\n\n`;
  return text;
}

/** What ct-get-limits prints, with the line end that dpctl adds. */
export function formatZoneLimits(defaultLimit: number, limits: readonly ZoneLimit[]): string {
  const lines = limits.map(({ zone, limit, count }) => `zone=${zone},limit=${limit},count=${count}`);
  return `${[`default limit=${defaultLimit}`, ...lines].join('\n')}\n`;
}

/** What ipf-get-status prints of the gathering of fragments. */
export function formatFragmentStatus(fragments: FragmentControl): string {
  const lines = [
    'Fragmentation Module Status',
    '---------------------------',
    `v4 enabled: ${Number(fragments.ipv4.isEnabled)}`,
    `v6 enabled: ${Number(fragments.ipv6.isEnabled)}`,
    `max num frags (v4/v6): ${fragments.maxFragments}`,
    `num frag: ${fragments.count}`,
    ...formatFragmentFamily('v4', fragments.ipv4),
    ...formatFragmentFamily('v6', fragments.ipv6),
  ];
  return lines.map((line) => `        ${line}\n`).join('');
}

function formatFragmentFamily(name: string, { minSize, counts }: FragmentFamily): readonly string[] {
  return [
    `min ${name} frag size: ${minSize}`,
    `${name} frags accepted: ${counts.accepted}`,
    `${name} frags completed: ${counts.completedSent}`,
    `${name} frags expired: ${counts.expiredSent}`,
    `${name} frags too small: ${counts.tooSmall}`,
    `${name} frags overlapped: ${counts.overlapping}`,
    `${name} frags purged: ${counts.purged}`,
  ];
}

/** What ipf-get-status -m prints of the fragments of one packet that are held. */
export function formatFragmentList(list: FragmentList): string {
  const { source, destination, recircId, id, protocol } = list.describe();
  const address = list.isIpv6 ? formatIpv6 : formatIpv4;
  const states = { gathering: list.seen, complete: 'complete', failed: 'reassemble fail' };
  return (
    `(src=${address(source, 0)},dst=${address(destination, 0)},recirc_id=${recircId},ip_id=${id},` +
    `dl_type=${list.isIpv6 ? '0x86dd' : '0x800'},zone=${list.zone},nw_proto=${protocol},` +
    `num_fragments=${list.fragments.length},state=${states[list.state]})`
  );
}
