/** ovs-ofctl dump-ports SWITCH [PORT]: counters of ports. Mirrors ofctl_dump_ports(). */
import { durationOf } from '../duration.js';
import { formatPortStats } from '../port-stats-format.js';
import { OFPP_NONE } from '../ports.js';
import type { OfctlCommand } from './command.js';
import { parsePortArgument } from './port-argument.js';

export const dumpPorts: OfctlCommand = {
  name: 'dump-ports',
  usage: 'switch [port]',
  minArgs: 1,
  maxArgs: 2,
  writes: false,
  run(invocation, [name = '', portText]) {
    const { connection, version } = invocation.open(name);
    const port = portText === undefined ? OFPP_NONE : parsePortArgument(invocation, name, portText);
    const entries = connection.portStats(port === OFPP_NONE ? null : port);
    const head = invocation.header('OFPST_PORT reply', version, invocation.nextXid());
    const ports = invocation.portsToShow(name);
    invocation.print(`${head} ${entries.length} ports\n`);
    for (const entry of entries) {
      const { durationNs } = entry;
      const duration = version < 13 || durationNs === undefined ? null : durationOf(durationNs);
      invocation.print(formatPortStats({ ...entry, duration }, ports));
    }
  },
};
