/**
 * ovs-ofctl dump-flows SWITCH [FILTER]: flows with their counters. Mirrors ofctl_dump_flows(): with names, without
 * statistics, or sorted, flows come without the message's header.
 */
import { UserError } from '../../report/user-error.js';
import { readField } from '#flowtable/fields.js';
import { formatFlowStats } from '../flow-mod-format.js';
import { parseFlowStatsRequest } from '../flow-mod-parse.js';
import { flowInVersion } from '../flow-version.js';
import { hasField, readValue } from '../field-value.js';
import { checkMatchPrerequisites } from '../match-prerequisites.js';
import { NO_PORT_NAMES } from '../ports.js';
import { P_OF10_STD, versionOfProtocol } from '../protocol.js';
import { type FlowStatsEntry, OpenFlowError } from '../switch-connection.js';
import type { OfctlCommand } from './command.js';
import type { SortCriterion } from './options.js';

export const dumpFlows: OfctlCommand = {
  name: 'dump-flows',
  usage: 'switch [flow]',
  minArgs: 1,
  maxArgs: 2,
  writes: false,
  run(invocation, [name = '', filter = '']) {
    const { stats, sort } = invocation.options;
    const accepted = filter === '' ? NO_PORT_NAMES : invocation.namesToAccept(name);
    const { request, protocols } = parseFlowStatsRequest(filter, { ports: accepted });
    const { connection, protocol } = invocation.openForDump(name, protocols);
    const version = versionOfProtocol(protocol);
    const xid = invocation.nextXid();
    const isBare = sort.length > 0 || invocation.showsNames || !stats;
    const code = checkMatchPrerequisites(request.match);
    const kind = version === 10 && protocol !== P_OF10_STD ? 'NXST' : 'OFPST';
    if (code !== null) {
      const text = `${invocation.header(`${kind}_FLOW request`, version, xid)} ***decode error: ${code}***`;
      if (isBare) {
        const refusal = `${invocation.header('OFPT_ERROR', version, xid)} ${code}`;
        invocation.log('vconn', `received bad reply: ${refusal}\n${text}`);
        throw new UserError('dump flows (Protocol error)');
      }
      invocation.answer(version, xid, text, () => {
        throw new OpenFlowError(code);
      });
      return;
    }
    const ports = invocation.portsToShow(name);
    const entries = sortFlows(connection.flowStats(request), sort);
    // OpenFlow 1.0's own reply knows no ages, and of NXM's OVS shows them in the printed message only.
    const hidesAges = version === 10 && (isBare || protocol === P_OF10_STD);
    if (!isBare) {
      invocation.print(`${invocation.header(`${kind}_FLOW reply`, version, xid)}\n`);
    }
    for (const entry of entries) {
      const shown = flowInVersion(entry, version);
      const flow = hidesAges ? { ...shown, idleAge: null, hardAge: null } : shown;
      invocation.print(` ${formatFlowStats(flow, { ports, names: invocation.showsNames, stats })}\n`);
    }
  },
};

/** In the order of the criteria; flows without a field come last whichever way. */
function sortFlows(entries: readonly FlowStatsEntry[], criteria: readonly SortCriterion[]): readonly FlowStatsEntry[] {
  if (criteria.length === 0) return entries;
  return [...entries].sort((a, b) => {
    for (const criterion of criteria) {
      const order = compareBy(criterion, a, b);
      if (order !== 0) return order;
    }
    return 0;
  });
}

function compareBy({ field, descending }: SortCriterion, a: FlowStatsEntry, b: FlowStatsEntry): number {
  let order: number;
  if (field === null) {
    order = a.priority - b.priority;
  } else {
    const inA = hasField(field, a.match.key) && readField(a.match.mask, field) !== 0n;
    const inB = hasField(field, b.match.key) && readField(b.match.mask, field) !== 0n;
    if (inA !== inB) return inA ? -1 : 1;
    const valueA = readValue(a.match.key, field);
    const valueB = readValue(b.match.key, field);
    order = valueA < valueB ? -1 : valueA > valueB ? 1 : 0;
  }
  return descending ? -order : order;
}
