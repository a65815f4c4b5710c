/** dpctl/dump-flows and dpctl/get-flow: what the datapath has installed. Mirrors dpctl_dump_flows() of lib/dpctl.c. */
import type { DpFlow, Dpif } from '#datapath/dpif.js';
import { type FlowKey, KEY_WORDS } from '#flowtable/flow-key.js';
import { parseFlow, parseMatch } from '#src/openflow/match-parse.js';
import type { PortNames } from '#src/openflow/ports.js';
import { UserError } from '#src/report/user-error.js';
import { formatFlowStats } from '../odp/flow-stats-format.js';
import { formatOdpActions } from '../odp/odp-actions-format.js';
import { formatOdpKey } from '../odp/odp-format.js';
import { scanUfid } from '../odp/odp-scan.js';
import { type DpctlCommand, type DpctlSession, dpifPortNames } from './dpctl.js';
import { EINVAL, ENOENT } from './errno.js';

export const dpctlDumpFlows: DpctlCommand = {
  name: 'dump-flows',
  usage: '[-m] [--names] [dp] [filter=..] [type=..] [pmd=..]',
  minArgs: 0,
  maxArgs: 6,
  isReadOnly: true,
  run(args, session) {
    const taken = takeSelections(args, session);
    if (taken === null) return false;
    const found = session.datapath(taken.rest, 2);
    if (found === null) return false;
    const { dpif } = found;
    const names = dpifPortNames(dpif);
    let matches: (flow: DpFlow) => boolean = () => true;
    if (taken.filter !== null) {
      try {
        matches = flowFilter(taken.filter, names);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        return session.error(`Failed to parse filter (${error.message})`);
      }
    }
    const wanted = parseTypes(taken.types, session);
    if (wanted === null) return false;
    // The one thread of our userspace datapath is what OVS calls the main thread.
    let heading = taken.thread === null && !dpif.name.startsWith('system@') ? 'flow-dump from the main thread:\n' : '';
    if (taken.thread !== null && taken.thread !== -1) return true;
    for (const flow of dpif.flowDump()) {
      if (!matches(flow)) continue;
      if (!wanted) continue;
      session.print(`${heading}${formatFlow(flow, dpif, session)}\n`);
      heading = '';
    }
    return true;
  },
};

export const dpctlGetFlow: DpctlCommand = {
  name: 'get-flow',
  usage: '[dp] ufid',
  minArgs: 1,
  maxArgs: 2,
  isReadOnly: true,
  run(args, session) {
    const found = session.datapath(args, 3);
    if (found === null) return false;
    const ufid = scanUfid(args.at(-1)!);
    // OVS says so and still succeeds.
    if (ufid === 'invalid' || ufid === null) {
      session.error('parsing flow ufid', ufid === 'invalid' ? EINVAL : null);
      return true;
    }
    const flow = found.dpif.flowGet(ufid.ufid);
    if (flow === null) return session.error('getting flow', ENOENT);
    session.print(`${formatFlow(flow, found.dpif, session)}\n`);
    return true;
  },
};

interface Selections {
  readonly filter: string | null;
  readonly types: string | null;
  /** The thread whose flows are wanted, -1 for the main one; null for all threads. */
  readonly thread: number | null;
  readonly rest: readonly string[];
}

/** Takes filter=, type= and pmd= off the end, in any order. */
function takeSelections(args: readonly string[], session: DpctlSession): Selections | null {
  let filter: string | null = null;
  let types: string | null = null;
  let thread: number | null = null;
  const rest = [...args];
  for (;;) {
    const last = rest.at(-1);
    if (last?.startsWith('filter=') && filter === null) {
      filter = last.slice('filter='.length);
    } else if (last?.startsWith('type=') && types === null) {
      if (!session.isAppctl) {
        session.error("Invalid argument 'type'. Use 'ovs-appctl dpctl/dump-flows' instead.");
        return null;
      }
      types = last.slice('type='.length);
    } else if (last?.startsWith('pmd=')) {
      const number = /^pmd=\s*([-+]?\d+)/.exec(last)?.[1];
      // OVS has no words for it.
      if (number === undefined) return null;
      thread = Number(number);
    } else {
      return { filter, types, thread, rest };
    }
    rest.pop();
  }
}

/** Nothing of ours is offloaded; null after an error. */
function parseTypes(types: string | null, session: DpctlSession): boolean | null {
  if (types === null) return true;
  let wanted = false;
  for (const type of types.split(',').filter((word) => word !== '')) {
    if (type === 'ovs' || type === 'non-offloaded' || type === 'all') wanted = true;
    else if (!['tc', 'dpdk', 'offloaded', 'partially-offloaded'].includes(type)) {
      session.error(`Failed to parse type (${type})`, EINVAL);
      return null;
    }
  }
  return wanted;
}

/** A flow passes when it agrees with the filter on the bits that both look at. */
function flowFilter(text: string, names: PortNames): (flow: DpFlow) => boolean {
  const wanted: FlowKey = parseFlow(text, names);
  const { mask } = parseMatch(text, { ports: names });
  return (flow) => {
    for (let i = 0; i < KEY_WORDS; i++) {
      const bits = mask.words[i]! & flow.mask.words[i]!;
      if (((wanted.words[i]! ^ flow.key.words[i]!) & bits) !== 0) return false;
    }
    return true;
  };
}

export function formatUfid(ufid: string): string {
  return `ufid:${ufid.slice(0, 8)}-${ufid.slice(8, 12)}-${ufid.slice(12, 16)}-${ufid.slice(16, 20)}-${ufid.slice(20)}`;
}

/** Deliberately different: without OVS's dp-extra-info, which tells of its tables' inner layout. */
function formatFlow(flow: DpFlow, dpif: Dpif, session: DpctlSession): string {
  const { verbose, names } = session.options;
  const shown = names ? { portNames: dpifPortNames(dpif) } : {};
  const key = formatOdpKey(flow.key, flow.mask, { ...shown, verbose, kernel: dpif.name.startsWith('system@') });
  return [
    verbose ? `${formatUfid(flow.ufid)}, ` : '',
    `${key}, ${formatFlowStats(flow.stats, session.nowNs)}`,
    verbose ? ', dp:ovs' : '',
    `, actions:${formatOdpActions(flow.actions, shown)}`,
  ].join('');
}
