/** queue-stats SWITCH [PORT [QUEUE]]. Mirrors ofctl_queue_stats() and ofputil_queue_stats_reply_format(). */
import { durationOf, formatDuration } from '../duration.js';
import { parseLeadingDecimal } from '../number-text.js';
import { formatPort } from '../port-text.js';
import { OFPP_NONE } from '../ports.js';
import { offering } from '../switch-connection.js';
import type { OfctlCommand } from './command.js';
import { parsePortArgument } from './port-argument.js';

const isAll = (text: string | undefined): boolean => text === undefined || text === '' || text.toLowerCase() === 'all';

const counter = (name: string, value: bigint): string => `${name}=${value < 0n ? '?' : value}`;

export const queueStats: OfctlCommand = {
  name: 'queue-stats',
  usage: 'switch [port [queue]]',
  minArgs: 1,
  maxArgs: 3,
  writes: false,
  run(invocation, [name = '', portText, queueText]) {
    const { connection, version } = invocation.open(name);
    const port = isAll(portText) ? OFPP_NONE : parsePortArgument(invocation, name, portText!);
    const queueId = isAll(queueText) ? null : parseLeadingDecimal(queueText!) >>> 0;
    const xid = invocation.nextXid();
    const ports = invocation.portsToShow(name);
    const request = `${invocation.header('OFPST_QUEUE request', version, xid)} port=${formatPort(port, ports)} queue=${queueId ?? 'ALL'}`;
    invocation.answer(version, xid, request, () => {
      const entries = offering(connection, 'queueStats').queueStats(port === OFPP_NONE ? null : port, queueId);
      const lines = entries.map((entry) => {
        const duration = entry.durationNs < 0 ? '?' : formatDuration(durationOf(entry.durationNs));
        const counters = [
          counter('bytes', entry.txBytes),
          counter('pkts', entry.txPackets),
          counter('errors', entry.txErrors),
        ];
        return `  port ${formatPort(entry.port, ports)} queue ${entry.queueId}: ${counters.join(', ')}, duration=${duration}\n`;
      });
      return `${invocation.header('OFPST_QUEUE reply', version, xid)} ${entries.length} queues\n${lines.join('')}`;
    });
  },
};
