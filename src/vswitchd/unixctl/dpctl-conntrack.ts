/**
 * dpctl/dump-conntrack, flush-conntrack, ct-stats-show and ct-bkts: the tracked connections. Mirrors the functions of
 * the same names in lib/dpctl.c. flush-conntrack knows the datapath's name before a zone or tuple, too, which OVS 3.1
 * promises in its usage and takes for a tuple.
 */
import type { ConnectionEntry } from '#datapath/conntrack/connection-entry.js';
import { UserError } from '#src/report/user-error.js';
import { ConnectionMatch } from './connection-match.js';
import { coalescedTcpState, formatConnection, tcpStateName } from './connection-text.js';
import type { DpctlCommand, DpctlSession } from './dpctl.js';
import { EINVAL, ENOENT } from './errno.js';

/** `zone=5` at the end of the arguments: the zone, and what is before it. */
function takeZone(args: readonly string[]): { readonly zone: number | null; readonly rest: readonly string[] } {
  const found = /^zone=(\d+)/.exec(args.at(-1) ?? '');
  if (found === null) return { zone: null, rest: args };
  return { zone: Number(BigInt(found[1]!) & 0xffffn), rest: args.slice(0, -1) };
}

export const dpctlDumpConntrack: DpctlCommand = {
  name: 'dump-conntrack',
  usage: '[-m] [-s] [dp] [zone=N]',
  minArgs: 0,
  maxArgs: 4,
  isReadOnly: true,
  run(args, session) {
    const { zone, rest } = takeZone(args);
    const found = session.datapath(rest, 2);
    if (found === null) return false;
    for (const entry of found.dpif.conntrack().entries(zone)) {
      session.print(`${formatConnection(entry, session.options)}\n`);
    }
    return true;
  },
};

export const dpctlFlushConntrack: DpctlCommand = {
  name: 'flush-conntrack',
  usage: '[dp] [zone=N] [ct-orig-tuple] [ct-reply-tuple]',
  minArgs: 0,
  maxArgs: 4,
  isReadOnly: false,
  run(args, session) {
    const isNamed = args[0] !== undefined && session.named(args[0]) !== undefined;
    let rest = isNamed ? args.slice(1) : args;
    let zone: number | null = null;
    if (rest[0]?.startsWith('zone=')) {
      zone = takeZone([rest[0]]).zone;
      if (zone === null) return session.error('failed to parse zone', EINVAL);
      rest = rest.slice(1);
    }
    let match: ConnectionMatch;
    try {
      match = new ConnectionMatch(rest);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return session.error(error.message, EINVAL);
    }
    if (rest.length > 2) return session.error('invalid arguments', EINVAL);
    const found = session.datapath(isNamed ? args.slice(0, 1) : [], 5);
    if (found === null) return false;
    const conntrack = found.dpif.conntrack();
    if (match.matchesAll()) {
      conntrack.flush(zone);
      return true;
    }
    const exact = match.exactTuple();
    if (exact !== null) {
      return conntrack.flushTuple(exact, zone ?? 0) || session.error('failed to flush conntrack', ENOENT);
    }
    for (const entry of [...conntrack.entries(zone)]) {
      if (match.matches(entry)) conntrack.flushTuple(entry.original, entry.zone);
    }
    return true;
  },
};

/** In the order in which they are shown; UDP-Lite's, DCCP's and the rest come when there are any. */
const STATISTICS: readonly (readonly [title: string, protocol: number])[] = [
  ['TCP', 6],
  ['UDP', 17],
  ['UDPLITE', 136],
  ['SCTP', 132],
  ['ICMP', 1],
  ['DCCP', 33],
  ['IGMP', 2],
];
/** Counted by OVS, and not shown. */
const ICMPV6 = 58;

export const dpctlCtStatsShow: DpctlCommand = {
  name: 'ct-stats-show',
  usage: '[dp] [zone=N]',
  minArgs: 0,
  maxArgs: 3,
  isReadOnly: true,
  run(args, session) {
    let rest = args;
    let zone: number | null = null;
    let verbose = session.options.verbose;
    for (let before = -1; before !== rest.length; ) {
      before = rest.length;
      if (rest.at(-1)?.startsWith('verbose')) {
        // OVS knows this word from the time before -m.
        verbose = true;
        rest = rest.slice(0, -1);
      } else {
        const taken = takeZone(rest);
        zone = taken.zone ?? zone;
        rest = taken.rest;
      }
    }
    const found = session.datapath(rest, 2);
    if (found === null) return false;
    const entries = [...found.dpif.conntrack().entries(zone)];
    session.print(`Connections Stats:\n    Total: ${entries.length}\n`);
    printByProtocol(entries, session, verbose);
    return true;
  },
};

function printByProtocol(entries: readonly ConnectionEntry[], session: DpctlSession, verbose: boolean): void {
  const counts = new Map<number, number>();
  const states: number[] = [];
  for (const { original, tcp } of entries) {
    counts.set(original.protocol, (counts.get(original.protocol) ?? 0) + 1);
    if (tcp === null) continue;
    const state = coalescedTcpState(tcp);
    states[state] = (states[state] ?? 0) + 1;
  }
  for (const [title, protocol] of STATISTICS) {
    const count = counts.get(protocol) ?? 0;
    counts.delete(protocol);
    if (count === 0) continue;
    session.print(`  ${title}: ${count}\n`);
    if (title !== 'TCP' || !verbose) continue;
    session.print('    Conn per TCP states:\n');
    for (const [state, number] of states.entries()) {
      if (number !== undefined) session.print(`\t  [${tcpStateName(state)}]=${number}\n`);
    }
  }
  counts.delete(ICMPV6);
  const others = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (others > 0) session.print(`  Other: ${others}\n`);
}

export const dpctlCtBkts: DpctlCommand = {
  name: 'ct-bkts',
  usage: '[dp] [gt=N]',
  minArgs: 0,
  maxArgs: 2,
  isReadOnly: true,
  run(args, session) {
    const threshold = /^gt=(\d+)/.exec(args.at(-1) ?? '');
    const found = session.datapath(threshold === null ? args : args.slice(0, -1), 2);
    if (found === null) return false;
    const { count } = found.dpif.conntrack();
    // As in OVS 3.1, whose tracker has one table and no buckets of its own any more.
    session.print(`Total Buckets: 1\nCurrent Connections: ${count}\n\n`);
    if (count === 0) return true;
    const rule = '+-----------+-----------------------------------------+';
    const shown = count > Number(threshold?.[1] ?? 0) ? String(count) : '.';
    session.print(`${rule}\n|  Buckets  |         Connections per Buckets         |\n${rule}`);
    session.print(`\n   0..  7   | ${shown.padStart(5)}\n\n`);
    return true;
  },
};
