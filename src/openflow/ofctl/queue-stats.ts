/** queue-stats SWITCH [PORT [QUEUE]]. Mirrors ofctl_queue_stats(). */
import { durationOf } from '../duration.js';
import { parseLeadingDecimal } from '../number-text.js';
import { formatPort } from '../port-text.js';
import { OFPP_NONE } from '../ports.js';
import { formatQueueStats } from '../queue-format.js';
import { offering } from '../switch-connection.js';
import type { OfctlCommand } from './command.js';
import { parsePortArgument } from './port-argument.js';

const isAll = (text: string | undefined): boolean => text === undefined || text === '' || text.toLowerCase() === 'all';

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
        const duration = entry.durationNs < 0 ? null : durationOf(entry.durationNs);
        return formatQueueStats({ ...entry, duration }, ports);
      });
      return `${invocation.header('OFPST_QUEUE reply', version, xid)} ${entries.length} queues\n${lines.join('')}`;
    });
  },
};
