/** dpctl/show and dpctl/dump-dps: datapaths, their counters and their ports. Mirrors show_dpif() of lib/dpctl.c. */
import type { Dpif, VportInfo } from '#datapath/dpif.js';
import { formatNetdevType } from './netdev-text.js';
import type { DpctlCommand, DpctlSession } from './dpctl.js';

export const dpctlShow: DpctlCommand = {
  name: 'show',
  usage: '[-s] [dp...]',
  minArgs: 0,
  maxArgs: Number.POSITIVE_INFINITY,
  isReadOnly: true,
  run(args, session) {
    if (args.length === 0) {
      for (const dpif of session.datapaths.values()) showDpif(dpif, session);
      return true;
    }
    let ok = true;
    for (const name of args) {
      const dpif = session.named(name);
      if (dpif === undefined) ok = session.error(`opening datapath ${name} failed`, session.openError(name));
      else showDpif(dpif, session);
    }
    return ok;
  },
};

export const dpctlDumpDps: DpctlCommand = {
  name: 'dump-dps',
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  isReadOnly: true,
  run(_args, session) {
    for (const name of session.datapaths.keys()) session.print(`${name}\n`);
    return true;
  },
};

function showDpif(dpif: Dpif, session: DpctlSession): void {
  const stats = dpif.stats();
  const isKernel = dpif.name.startsWith('system@');
  session.print(`${dpif.name}:\n`);
  session.print(`  lookups: hit:${stats.hits} missed:${stats.missed} lost:${stats.lost}\n`);
  session.print(`  flows: ${stats.flows}\n`);
  // OVS's userspace datapath does not count masks for this report; the kernel's does.
  if (isKernel) {
    const packets = stats.hits + stats.missed;
    const average = packets === 0 ? 0 : stats.maskHits / packets;
    const rate = packets === 0 ? 0 : (stats.cacheHits / packets) * 100;
    session.print(`  masks: hit:${stats.maskHits} total:${stats.masks} hit/pkt:${average.toFixed(2)}\n`);
    session.print(`  cache: hit:${stats.cacheHits} hit-rate:${rate.toFixed(2)}%\n`);
  }
  const ports = [...dpif.portDump()].sort((a, b) => a.port - b.port);
  for (const port of ports) {
    session.print(`  port ${port.port}: ${port.name}${formatNetdevType(port, session.portType(dpif, port))}\n`);
    if (session.options.statistics) session.print(formatPortStats(port, isKernel));
  }
}

/** Counters that the port does not keep are `?`, as OVS has it: its dummies count packets and bytes only. */
function formatPortStats({ stats }: VportInfo, isKernel: boolean): string {
  const known = (count: number): string => (isKernel ? String(count) : '?');
  return (
    `    RX packets:${stats.rxPackets} errors:${known(stats.rxErrors)} dropped:${known(stats.rxDropped)}` +
    ' overruns:? frame:?\n' +
    `    TX packets:${stats.txPackets} errors:${known(stats.txErrors)} dropped:${known(stats.txDropped)}` +
    ' aborted:? carrier:?\n' +
    '    collisions:?\n' +
    `    RX bytes:${stats.rxBytes}${humanSize(stats.rxBytes)}  TX bytes:${stats.txBytes}${humanSize(stats.txBytes)}\n`
  );
}

function humanSize(bytes: number): string {
  const units: readonly (readonly [exponent: number, unit: string])[] = [
    [40, 'TiB'],
    [30, 'GiB'],
    [20, 'MiB'],
    [10, 'KiB'],
  ];
  const found = units.find(([exponent]) => bytes >= 2 ** exponent);
  return found === undefined ? '' : ` (${(bytes / 2 ** found[0]).toFixed(1)} ${found[1]})`;
}
