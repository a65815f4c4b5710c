/**
 * ovs-ofctl replace-flows SWITCH FILE: makes the switch's flows those of the file, touching only what differs.
 * Mirrors ofctl_replace_flows(); --readd adds also flows that are there already.
 */
import type { FlowKey } from '#flowtable/flow-key.js';
import { formatActions } from '../action/action-list.js';
import { parseFlowFile } from '../flow-file.js';
import { type FlowMod, NO_FLAGS, TABLE_ALL } from '../flow-mod.js';
import { parseFlowStatsRequest } from '../flow-mod-parse.js';
import { flowInVersion, flowModInVersion, type ShownFlow } from '../flow-version.js';
import { NO_PORT_NAMES } from '../ports.js';
import { P_TID, versionOfProtocol } from '../protocol.js';
import { readFlowFile } from './change-flows.js';
import type { OfctlCommand } from './command.js';

type Identity = Pick<FlowMod, 'tableId' | 'priority' | 'match'>;
type Version = Pick<FlowMod, 'idleTimeout' | 'hardTimeout' | 'importance' | 'actions'> & { readonly cookie: bigint };

/** Equal for flows of which a table holds only one: those of one table, priority and match. */
function identityOf({ tableId, priority, match }: Identity): string {
  const bits = (key: FlowKey): string => Buffer.from(key.bytes).toString('latin1');
  return `${tableId} ${priority} ${bits(match.key)}${bits(match.mask)}`;
}

function hasSameContents(a: Version, b: Version): boolean {
  const text = (version: Version): string => formatActions(version.actions, { ports: NO_PORT_NAMES });
  return (
    a.cookie === b.cookie &&
    a.idleTimeout === b.idleTimeout &&
    a.hardTimeout === b.hardTimeout &&
    a.importance === b.importance &&
    text(a) === text(b)
  );
}

/** The change that removes exactly this flow. */
function deletionOf(flow: ShownFlow): FlowMod {
  return {
    command: 'delete-strict',
    tableId: flow.tableId,
    match: flow.match,
    priority: flow.priority,
    cookie: 0n,
    cookieMask: 0n,
    newCookie: null,
    idleTimeout: 0,
    hardTimeout: 0,
    importance: 0,
    flags: NO_FLAGS,
    outPort: null,
    outGroup: null,
    actions: [],
  };
}

export const replaceFlows: OfctlCommand = {
  name: 'replace-flows',
  usage: 'switch file',
  minArgs: 2,
  maxArgs: 2,
  writes: true,
  async run(invocation, [name = '', path = '']) {
    const ports = invocation.namesToAccept(name);
    const text = await readFlowFile(invocation, path, 'open');
    const file = parseFlowFile(text, { ports, fileName: path, command: 'add' });
    const usable = file.protocols & P_TID;
    const { request, protocols } = parseFlowStatsRequest('', { ports });
    const { connection, protocol } = invocation.openForDump(name, protocols & file.protocols);
    const version = versionOfProtocol(protocol);
    invocation.nextXid();
    const present = new Map<string, ShownFlow>();
    for (const entry of connection.flowStats(request)) {
      const flow = flowInVersion(entry, version);
      present.set(identityOf(flow), flow);
    }
    // A later line of the file takes the place of an earlier one.
    const wanted = new Map<string, FlowMod>();
    for (const mod of file.mods) {
      const flow = { ...mod, tableId: mod.tableId === TABLE_ALL ? 0 : mod.tableId };
      wanted.set(identityOf(flow), flow);
    }
    const changes: FlowMod[] = [];
    for (const [identity, flow] of present) if (!wanted.has(identity)) changes.push(deletionOf(flow));
    for (const [identity, mod] of wanted) {
      const old = present.get(identity);
      const { actions, importance } = flowModInVersion(mod, version);
      const version1 = { ...mod, actions, importance, cookie: mod.newCookie ?? 0n };
      if (invocation.options.readd || old === undefined || !hasSameContents(old, version1)) changes.push(mod);
    }
    if (changes.length > 0) invocation.sendFlowMods(name, changes, usable);
  },
};
