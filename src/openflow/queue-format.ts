/** Queues of ports as ovs-ofctl prints them. Mirrors lib/ofp-queue.c. */
import { type Duration, formatDuration } from './duration.js';
import { formatCounter } from './port-stats-format.js';
import { formatPort } from './port-text.js';
import type { PortNames } from './ports.js';
import type { QueueStatsEntry } from './switch-connection.js';

/** OFPQ_ALL. */
export const QUEUE_ALL = 0xffff_ffff;

export const formatQueueId = (queue: number): string => (queue === QUEUE_ALL ? 'ALL' : String(queue));

export interface QueueDescription {
  readonly port: number;
  readonly queueId: number;
  /** In tenths of a percent, above 1000: not in force; null: none. */
  readonly minRate: number | null;
  readonly maxRate: number | null;
}

const MAX_RATE = 1000;

function formatRate(name: string, rate: number | null): string {
  if (rate === null) return '';
  return rate <= MAX_RATE ? ` ${name}:${Math.floor(rate / 10)}.${rate % 10}%` : ` ${name}:(disabled)`;
}

/** Port by port, with a space in front where there is anything. */
export function formatQueueDescriptions(queues: readonly QueueDescription[], ports: PortNames): string {
  const sorted = [...queues].sort((a, b) => a.port - b.port || a.queueId - b.queueId);
  let text = '';
  let port = 0;
  for (const queue of sorted) {
    if (queue.port !== port) {
      port = queue.port;
      text += `port=${formatPort(port, ports)}\n`;
    }
    text += `queue ${queue.queueId}:${formatRate('min_rate', queue.minRate)}${formatRate('max_rate', queue.maxRate)}\n`;
  }
  return text === '' ? '' : ` ${text}`;
}

/** What a message tells of a queue; -1n: a counter that is not known. */
export interface ShownQueueStats extends Omit<QueueStatsEntry, 'durationNs'> {
  /** Null where it is not known. */
  readonly duration: Duration | null;
}

export function formatQueueStats(entry: ShownQueueStats, ports: PortNames): string {
  const counters = [
    `bytes=${formatCounter(entry.txBytes)}`,
    `pkts=${formatCounter(entry.txPackets)}`,
    `errors=${formatCounter(entry.txErrors)}`,
  ];
  const duration = entry.duration === null ? '?' : formatDuration(entry.duration);
  const queue = formatQueueId(entry.queueId);
  return `  port ${formatPort(entry.port, ports)} queue ${queue}: ${counters.join(', ')}, duration=${duration}\n`;
}
