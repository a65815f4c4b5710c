/**
 * dpif-netdev/pmd-... and bond-show: the threads of a userspace datapath. Mirrors the unixctl part of
 * lib/dpif-netdev.c.
 *
 * Upcall's datapath has one thread, which is what OVS calls the main one: there are no PMD threads to show. What is
 * counted is Upcall's: which of a datapath's tables found a packet's flow depends on caches that differ.
 */
import type { Dpif } from '#datapath/dpif.js';
import { parseLeadingDecimal } from '#src/openflow/number-text.js';
import { ODPP_NONE } from '../odp/odp-format.js';
import { reply, replyError, type UnixctlCommand } from './command.js';
import { wholeNumber } from './implementations.js';
import type { UnixctlContext } from './unixctl-context.js';
import { type UserspaceDatapath, userspaceDatapath } from './userspace-datapaths.js';

const NO_DATAPATH = replyError('please specify an existing datapath');
/** The main thread's number. */
const MAIN_THREAD = 0xffff_ffff;
/** Seconds of use that are kept. */
const MAX_SECONDS = 60;
const INTERVAL_SECONDS = 5;

interface Counts {
  readonly received: number;
  readonly recirculations: number;
  readonly microflowHits: number;
  readonly megaflowHits: number;
  readonly maskHits: number;
  readonly missed: number;
  readonly lost: number;
  readonly sent: number;
}

function countsOf(dpif: Dpif): Counts {
  const stats = dpif.stats();
  const ports = dpif.portDump();
  return {
    received: ports.reduce((sum, port) => sum + port.stats.rxPackets, 0),
    recirculations: stats.recirculations,
    microflowHits: stats.microflowHits,
    megaflowHits: stats.megaflowHits,
    maskHits: stats.maskHits,
    missed: stats.missed - stats.lost,
    lost: stats.lost,
    sent: ports.reduce((sum, port) => sum + port.stats.txPackets, 0),
  };
}

interface Wanted {
  readonly datapath: UserspaceDatapath;
  /** Null for all threads. */
  readonly thread: number | null;
  readonly seconds: number;
}

/** Options in any order; a word that names no datapath is overlooked where there is only one. */
function parseArguments(args: readonly string[], context: UnixctlContext, takesSeconds = false): Wanted | null {
  let datapath: UserspaceDatapath | null = null;
  let thread: number | null = null;
  let seconds = 0;
  for (let at = 0; at < args.length; at++) {
    const next = args[at + 1];
    if (args[at] === '-pmd' && next !== undefined) {
      thread = wholeNumber(next) ?? thread;
      at++;
    } else if (takesSeconds && args[at] === '-secs' && next !== undefined) {
      seconds = wholeNumber(next) ?? MAX_SECONDS;
      at++;
    } else {
      datapath = userspaceDatapath(context, args[at]!);
    }
  }
  const found = datapath ?? userspaceDatapath(context, undefined);
  return found === null ? null : { datapath: found, thread, seconds };
}

const isMain = (thread: number | null): boolean => thread === null || thread === MAIN_THREAD;

const ratio = (a: number, b: number): string => (b > 0 ? a / b : 0).toFixed(2);

function describeCounts(counts: Counts): string {
  return [
    'main thread:',
    `  packets received: ${counts.received}`,
    `  packet recirculations: ${counts.recirculations}`,
    `  avg. datapath passes per packet: ${ratio(counts.received + counts.recirculations, counts.received)}`,
    '  phwol hits: 0',
    '  mfex opt hits: 0',
    '  simple match hits: 0',
    `  emc hits: ${counts.microflowHits}`,
    '  smc hits: 0',
    `  megaflow hits: ${counts.megaflowHits}`,
    `  avg. subtable lookups per megaflow hit: ${ratio(counts.maskHits, counts.megaflowHits)}`,
    `  miss with success upcall: ${counts.missed}`,
    `  miss with failed upcall: ${counts.lost}`,
    `  avg. packets per output batch: ${ratio(counts.sent, counts.sent)}`,
    '',
  ].join('\n');
}

function statsCommands(): readonly UnixctlCommand[] {
  /** What had been counted when counters were last cleared. */
  const cleared = new Map<Dpif, Counts>();
  const since = (dpif: Dpif): Counts => {
    const now = countsOf(dpif);
    const then = cleared.get(dpif);
    if (then === undefined) return now;
    const difference = Object.entries(now).map(([name, count]) => [name, count - then[name as keyof Counts]]);
    return Object.fromEntries(difference) as unknown as Counts;
  };
  return [
    {
      name: 'dpif-netdev/pmd-stats-show',
      usage: '[-pmd core] [dp]',
      minArgs: 0,
      maxArgs: 3,
      run(args, context) {
        const wanted = parseArguments(args, context);
        if (wanted === null) return NO_DATAPATH;
        return reply(isMain(wanted.thread) ? describeCounts(since(wanted.datapath.dpif)) : '');
      },
    },
    {
      name: 'dpif-netdev/pmd-stats-clear',
      usage: '[-pmd core] [dp]',
      minArgs: 0,
      maxArgs: 3,
      run(args, context) {
        const wanted = parseArguments(args, context);
        if (wanted === null) return NO_DATAPATH;
        const { dpif } = wanted.datapath;
        if (isMain(wanted.thread)) cleared.set(dpif, countsOf(dpif));
        return reply();
      },
    },
  ];
}

const rxqShow: UnixctlCommand = {
  name: 'dpif-netdev/pmd-rxq-show',
  usage: '[-pmd core] [-secs secs] [dp]',
  minArgs: 0,
  maxArgs: 5,
  run(args, context) {
    const wanted = parseArguments(args, context, true);
    if (wanted === null) return NO_DATAPATH;
    if (!isMain(wanted.thread)) return reply();
    const { seconds } = wanted;
    const shown =
      seconds === 0 || seconds > MAX_SECONDS ? MAX_SECONDS : Math.ceil(seconds / INTERVAL_SECONDS) * INTERVAL_SECONDS;
    return reply(`Displaying last ${shown} seconds pmd usage %`);
  },
};

const perfShow: UnixctlCommand = {
  name: 'dpif-netdev/pmd-perf-show',
  usage: '[-nh] [-it iter-history-len] [-ms ms-history-len] [-pmd core] [dp]',
  minArgs: 0,
  maxArgs: 8,
  run(args, context) {
    let at = 0;
    for (; at < args.length; at++) {
      if ((args[at] === '-it' || args[at] === '-ms') && at + 1 < args.length) at++;
      else if (args[at] !== '-nh') break;
    }
    return parseArguments(args.slice(at), context) === null ? NO_DATAPATH : reply();
  },
};

const PERF_LOG_USAGE =
  'Usage: ovs-appctl dpif-netdev/pmd-perf-log-set [on|off] [-b before] [-a after] [-e|-ne] [-us usec] [-q qlen]';

/** What it sets is for PMD threads, of which there are none. */
const perfLogSet: UnixctlCommand = {
  name: 'dpif-netdev/pmd-perf-log-set',
  usage: 'on|off [-b before] [-a after] [-e|-ne] [-us usec] [-q qlen]',
  minArgs: 0,
  maxArgs: 10,
  run(args) {
    for (let at = 0; at < args.length; at++) {
      const arg = args[at]!;
      if (['on', 'off', '-e', '-ne'].includes(arg)) continue;
      const takesNumber = ['-a', '-b', '-q', '-us'].includes(arg) && at + 1 < args.length;
      if (!takesNumber || wholeNumber(args[++at]!) === null) return replyError(PERF_LOG_USAGE);
    }
    return reply();
  },
};

const rxqRebalance: UnixctlCommand = {
  name: 'dpif-netdev/pmd-rxq-rebalance',
  usage: '[dp]',
  minArgs: 0,
  maxArgs: 1,
  run: ([name], context) =>
    userspaceDatapath(context, name) === null ? NO_DATAPATH : reply('pmd rxq rebalance requested.'),
};

const bondShow: UnixctlCommand = {
  name: 'dpif-netdev/bond-show',
  usage: '[dp]',
  minArgs: 0,
  maxArgs: 1,
  run([name], context) {
    const datapath = userspaceDatapath(context, name);
    if (datapath === null) return NO_DATAPATH;
    const bonds = [...datapath.dpif.bonds().list()];
    const lines = bonds.flatMap(([id, members]) => [
      `  bond-id ${id}:\n`,
      ...members.map((port, bucket) => `    bucket ${bucket} - member ${port ?? ODPP_NONE}\n`),
    ]);
    return reply(bonds.length === 0 ? '' : ['Bonds:\n', ...lines].join(''));
  },
};

const changePortNumber: UnixctlCommand = {
  name: 'dpif-dummy/change-port-number',
  usage: 'dp port new-number',
  minArgs: 3,
  maxArgs: 3,
  run([datapath, name, text], context) {
    const dpif = context.datapaths().get(`dummy@${datapath}`);
    if (dpif === undefined) return replyError('unknown datapath or not a dummy');
    const port = dpif.portDump().find((each) => each.name === name);
    if (port === undefined) return replyError('unknown port');
    const number = parseLeadingDecimal(text!);
    if (number <= 0) return replyError('bad port number');
    if (dpif.portGet(number) !== null) return replyError('port number already in use');
    context.changePortNumber(dpif, port.port, number);
    return reply();
  },
};

/** Counters since they were cleared last as long as the commands. */
export function dpifNetdevCommands(): readonly UnixctlCommand[] {
  return [...statsCommands(), rxqShow, perfShow, perfLogSet, rxqRebalance, bondShow, changePortNumber];
}
