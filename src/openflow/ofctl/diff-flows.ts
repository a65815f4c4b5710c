/**
 * ovs-ofctl diff-flows SOURCE1 SOURCE2: what differs between two sets of flows, each of a switch or of a file. Exits
 * with 2 where something does. Mirrors ofctl_diff_flows() and fte_version_format() of utilities/ovs-ofctl.c: the order is
 * that in which a classifier would list all of them.
 */
import { Classifier } from '#flowtable/classifier.js';
import { shownPorts } from '../action/shown-ports.js';
import { formatTable } from '../table-text.js';
import { type ActionTextOptions, formatActions } from '../action/action-list.js';
import { parseFlowFile } from '../flow-file.js';
import type { FlowMod } from '../flow-mod.js';
import { TABLE_ALL } from '../flow-mod.js';
import { parseFlowStatsRequest } from '../flow-mod-parse.js';
import { flowInVersion } from '../flow-version.js';
import { formatMatch } from '../match-format.js';
import { NO_PORT_NAMES, type PortNames } from '../ports.js';
import { P_ANY, versionOfProtocol } from '../protocol.js';
import { readFlowFile } from './change-flows.js';
import type { OfctlCommand } from './command.js';
import { type Invocation, OfctlExit } from './invocation.js';

type Flow = Pick<
  FlowMod,
  'match' | 'priority' | 'tableId' | 'idleTimeout' | 'hardTimeout' | 'importance' | 'actions'
> & {
  readonly cookie: bigint;
};

/** The flow of one match and priority in either source. */
interface Pair {
  readonly match: Flow['match'];
  readonly priority: number;
  readonly versions: [Flow | null, Flow | null];
}

const DIFFERENT = 2;

export const diffFlows: OfctlCommand = {
  name: 'diff-flows',
  usage: 'source1 source2',
  minArgs: 2,
  maxArgs: 2,
  writes: true,
  async run(invocation, sources) {
    const tables: (Classifier<Pair> | undefined)[] = [];
    let ports: PortNames | null = null;
    for (const [index, source] of sources.entries()) {
      const file = await fileOf(invocation, source);
      const flows = file === null ? flowsOfSwitch(invocation, source) : flowsOfFile(file, source, ports);
      if (file === null) ports ??= invocation.portsToShow(source);
      for (const flow of flows) {
        tables[flow.tableId] ??= new Classifier<Pair>();
        const table = tables[flow.tableId]!;
        let pair = table.findExactly(flow.match, flow.priority);
        if (pair === null) {
          pair = { match: flow.match, priority: flow.priority, versions: [null, null] };
          table.insert(pair);
        }
        pair.versions[index] = flow;
      }
    }
    const options = { ports: ports ?? NO_PORT_NAMES, names: invocation.showsNames };
    let isDifferent = false;
    for (const table of tables) {
      for (const { versions } of table?.rules() ?? []) {
        const [a, b] = versions;
        if (a !== null && b !== null && isSame(a, b)) continue;
        isDifferent = true;
        if (a !== null) invocation.print(`-${formatFlow(a, options)}\n`);
        if (b !== null) invocation.print(`+${formatFlow(b, options)}\n`);
      }
    }
    if (isDifferent) throw new OfctlExit(DIFFERENT);
  },
};

/** The text of a source that is a file; null where it names a switch. */
async function fileOf(invocation: Invocation, source: string): Promise<string | null> {
  if (/^[/.]/.test(source)) return readFlowFile(invocation, source, 'open');
  if (source.includes(':')) return null;
  try {
    return Buffer.from(await invocation.environment.readFile(source)).toString('utf8');
  } catch {
    return null;
  }
}

function flowsOfFile(text: string, fileName: string, ports: PortNames | null): readonly Flow[] {
  const { mods } = parseFlowFile(text, { ports: ports ?? NO_PORT_NAMES, fileName, command: 'add' });
  return mods.map((mod) => ({
    ...mod,
    tableId: mod.tableId === TABLE_ALL ? 0 : mod.tableId,
    cookie: mod.newCookie ?? 0n,
  }));
}

function flowsOfSwitch(invocation: Invocation, name: string): readonly Flow[] {
  const { connection, protocol } = invocation.openForDump(name, P_ANY);
  invocation.nextXid();
  const { request } = parseFlowStatsRequest('', { ports: NO_PORT_NAMES });
  return connection.flowStats(request).map((entry) => flowInVersion(entry, versionOfProtocol(protocol)));
}

const isSame = (a: Flow, b: Flow): boolean =>
  a.cookie === b.cookie &&
  a.idleTimeout === b.idleTimeout &&
  a.hardTimeout === b.hardTimeout &&
  a.importance === b.importance &&
  formatActions(a.actions, { ports: NO_PORT_NAMES }) === formatActions(b.actions, { ports: NO_PORT_NAMES });

function formatFlow(flow: Flow, options: ActionTextOptions): string {
  let text = flow.tableId === 0 ? '' : `table=${formatTable(flow.tableId, shownPorts(options))} `;
  text += formatMatch(flow.match, { ...options, priority: flow.priority });
  if (flow.cookie !== 0n) text += ` cookie=0x${flow.cookie.toString(16)}`;
  if (flow.idleTimeout !== 0) text += ` idle_timeout=${flow.idleTimeout}`;
  if (flow.hardTimeout !== 0) text += ` hard_timeout=${flow.hardTimeout}`;
  if (flow.importance !== 0) text += ` importance=${flow.importance}`;
  return `${text} actions=${formatActions(flow.actions, options)}`;
}
