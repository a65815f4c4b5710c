/** ovs-ofctl dump-ports SWITCH [PORT]: counters of ports. Mirrors ofputil_format_port_stats() (lib/ofp-port.c). */
import { durationOf, formatDuration } from '../duration.js';
import { formatPort } from '../port-text.js';
import { OFPP_NONE, type PortNames } from '../ports.js';
import type { PortStatsEntry } from '../switch-connection.js';
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
    for (const entry of entries) invocation.print(formatPortStats(entry, ports, version >= 13));
  },
};

/** A counter, or ? where the port does not know it. */
const counter = (value: bigint): string => (value < 0n ? '?' : value.toString());

function formatPortStats(entry: PortStatsEntry, ports: PortNames, showsDuration: boolean): string {
  const port = `${entry.port < 10 ? ' ' : ''}${formatPort(entry.port, ports)}`;
  const rx = [
    `pkts=${counter(entry.rxPackets)}`,
    `bytes=${counter(entry.rxBytes)}`,
    `drop=${counter(entry.rxDropped)}`,
    `errs=${counter(entry.rxErrors)}`,
    `frame=${counter(entry.rxFrameErrors)}`,
    `over=${counter(entry.rxOverErrors)}`,
    `crc=${counter(entry.rxCrcErrors)}`,
  ];
  const tx = [
    `pkts=${counter(entry.txPackets)}`,
    `bytes=${counter(entry.txBytes)}`,
    `drop=${counter(entry.txDropped)}`,
    `errs=${counter(entry.txErrors)}`,
    `coll=${counter(entry.collisions)}`,
  ];
  const duration =
    showsDuration && entry.durationNs !== undefined
      ? `           duration=${formatDuration(durationOf(entry.durationNs))}\n`
      : '';
  return `  port ${port}: rx ${rx.join(', ')}\n           tx ${tx.join(', ')}\n${duration}`;
}
