/** Counters of ports and queues as ovs-ofctl prints them. Mirrors ofputil_format_port_stats() (lib/ofp-port.c). */
import { type Duration, formatDuration } from './duration.js';
import { formatPort } from './port-text.js';
import type { PortNames } from './ports.js';
import type { PortStatsEntry } from './switch-connection.js';

export interface CustomCounter {
  readonly name: string;
  readonly value: bigint;
}

/** What a message tells of a port; -1n: a counter that is not known. */
export interface ShownPortStats extends Omit<PortStatsEntry, 'name' | 'durationNs'> {
  /** Null where the version does not tell. */
  readonly duration: Duration | null;
  /** OpenFlow 1.4 and later: counters of RFC 2819, in the order of RFC2819_COUNTERS. */
  readonly rfc2819?: readonly bigint[];
  readonly custom?: readonly CustomCounter[];
}

/** Intel's property has them in this order; received and sent ones are shown apart. */
export const RFC2819_COUNTERS: readonly (readonly [direction: 'rx' | 'tx', name: string])[] = [
  ['rx', '1_to_64_packets'],
  ['rx', '65_to_127_packets'],
  ['rx', '128_to_255_packets'],
  ['rx', '256_to_511_packets'],
  ['rx', '512_to_1023_packets'],
  ['rx', '1024_to_1522_packets'],
  ['rx', '1523_to_max_packets'],
  ['tx', '1_to_64_packets'],
  ['tx', '65_to_127_packets'],
  ['tx', '128_to_255_packets'],
  ['tx', '256_to_511_packets'],
  ['tx', '512_to_1023_packets'],
  ['tx', '1024_to_1522_packets'],
  ['tx', '1523_to_max_packets'],
  ['tx', 'multicast_packets'],
  ['rx', 'broadcast_packets'],
  ['tx', 'broadcast_packets'],
  ['rx', 'undersized_errors'],
  ['rx', 'oversize_errors'],
  ['rx', 'rx_fragmented_errors'],
  ['rx', 'rx_jabber_errors'],
];

/** A counter, or ? where the port does not know it. */
export const formatCounter = (value: bigint): string => (value < 0n ? '?' : value.toString());

const INDENT = ' '.repeat(11);

export function formatPortStats(entry: ShownPortStats, ports: PortNames): string {
  const port = `${entry.port < 10 ? ' ' : ''}${formatPort(entry.port, ports)}`;
  const rx = [
    `pkts=${formatCounter(entry.rxPackets)}`,
    `bytes=${formatCounter(entry.rxBytes)}`,
    `drop=${formatCounter(entry.rxDropped)}`,
    `errs=${formatCounter(entry.rxErrors)}`,
    `frame=${formatCounter(entry.rxFrameErrors)}`,
    `over=${formatCounter(entry.rxOverErrors)}`,
    `crc=${formatCounter(entry.rxCrcErrors)}`,
  ];
  const tx = [
    `pkts=${formatCounter(entry.txPackets)}`,
    `bytes=${formatCounter(entry.txBytes)}`,
    `drop=${formatCounter(entry.txDropped)}`,
    `errs=${formatCounter(entry.txErrors)}`,
    `coll=${formatCounter(entry.collisions)}`,
  ];
  const duration = entry.duration === null ? '' : `${INDENT}duration=${formatDuration(entry.duration)}\n`;
  return (
    `  port ${port}: rx ${rx.join(', ')}\n${INDENT}tx ${tx.join(', ')}\n${duration}` +
    formatRfc2819(entry, 'rx') +
    formatRfc2819(entry, 'tx') +
    formatCustom(entry.custom ?? [])
  );
}

function formatRfc2819({ rfc2819 = [] }: ShownPortStats, direction: 'rx' | 'tx'): string {
  const words = RFC2819_COUNTERS.flatMap(([side, name], i) => {
    const value = rfc2819[i] ?? -1n;
    return side === direction && value >= 0n ? [`${name}=${value}, `] : [];
  });
  return words.length === 0 ? '' : `${INDENT}${direction} rfc2819 ${words.join('')}\n`;
}

const CUSTOM_PER_LINE = 3;

function formatCustom(counters: readonly CustomCounter[]): string {
  if (counters.length === 0) return '';
  const words = counters.map(({ name, value }, i) => {
    if (name === '') return '';
    return `${i % CUSTOM_PER_LINE === 0 ? `\n${' '.repeat(22)}` : ' '}${name}=${value},`;
  });
  return `${INDENT}CUSTOM Statistics${words.join('')}\n`;
}
