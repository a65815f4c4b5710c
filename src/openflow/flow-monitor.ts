/**
 * Requests to be told of changes of flows: `watch:!initial,table=3,out_port=2` of ovs-ofctl monitor.
 * Mirrors parse_flow_monitor_request() and ofputil_flow_monitor_request_format() (lib/ofp-monitor.c).
 */
import type { Match } from '#flowtable/match.js';
import { UserError } from '../report/user-error.js';
import type { ActionTextOptions } from './action/action-list.js';
import { TABLE_ALL } from './flow-mod.js';
import { splitKeyValues } from './key-value.js';
import { formatMatch } from './match-format.js';
import { addMatchTerm, newMatchBuilder } from './match-parse.js';
import { parseLeadingDecimal } from './number-text.js';
import { formatPort } from './port-text.js';
import { NO_PORT_NAMES, type PortNames } from './ports.js';
import { P_OF10_ANY, type Protocols } from './protocol.js';
import { formatTable, parseTable } from './table-text.js';

/** OFPFMF_*, in the order in which OVS names them. */
export interface FlowMonitorFlags {
  readonly initial: boolean;
  readonly add: boolean;
  readonly delete: boolean;
  readonly modify: boolean;
  readonly actions: boolean;
  /** The controller's own changes in full. */
  readonly own: boolean;
}

export interface FlowMonitorRequest {
  readonly id: number;
  readonly flags: FlowMonitorFlags;
  /** Only flows that output there; null for any. */
  readonly outPort: number | null;
  readonly outGroup: number | null;
  readonly tableId: number;
  readonly match: Match;
}

/** What is asked of the switch's monitors: to begin one or to change it (null: nobody knows), or to end one. */
export type FlowMonitorCommand =
  | { readonly command: 'add' | 'modify' | null; readonly request: FlowMonitorRequest }
  | { readonly command: 'delete'; readonly id: number };

const FLAG_NAMES: readonly (readonly [keyof FlowMonitorFlags, string])[] = [
  ['initial', 'initial'],
  ['add', 'add'],
  ['delete', 'delete'],
  ['modify', 'modify'],
  ['actions', 'actions'],
  ['own', 'own'],
];

const ALL_FLAGS: FlowMonitorFlags = { initial: true, add: true, delete: true, modify: true, actions: true, own: true };

export interface ParsedFlowMonitorRequest {
  readonly request: FlowMonitorRequest;
  readonly protocols: Protocols;
}

/** Throws UserError in ovs-ofctl's words. */
export function parseFlowMonitorRequest(text: string, id: number, ports: PortNames): ParsedFlowMonitorRequest {
  const builder = newMatchBuilder();
  let flags = ALL_FLAGS;
  let tableId = TABLE_ALL;
  let outPort: number | null = null;
  let outGroup: number | null = null;
  for (const pair of splitKeyValues(text)) {
    const { key, value } = pair;
    const flag = FLAG_NAMES.find(([, name]) => key === `!${name}`);
    if (flag !== undefined) {
      flags = { ...flags, [flag[0]]: false };
      continue;
    }
    // OVS's option for a flag that it does not set.
    if (key === '!abbrev') continue;
    if (!key.includes('[') && addMatchTerm(builder, pair, ports)) {
      if ((builder.protocols & P_OF10_ANY) === 0) {
        throw new UserError(`${key}: match field is not supported for flow monitor`);
      }
      continue;
    }
    if (value === '') throw new UserError(`${text}: field ${key} missing value`);
    switch (key) {
      case 'table': {
        const table = parseTable(value, ports);
        if (table === null) throw new UserError(`unknown table "${value}"`);
        tableId = table;
        break;
      }
      case 'out_port':
        outPort = parseLeadingDecimal(value) & 0xffff;
        break;
      case 'out_group':
        outGroup = parseLeadingDecimal(value) >>> 0;
        break;
      default:
        throw new UserError(`${text}: unknown keyword ${key}`);
    }
  }
  return { request: { id, flags, outPort, outGroup, tableId, match: builder.match }, protocols: builder.protocols };
}

/** What follows the message's name. */
export function formatFlowMonitorRequest(request: FlowMonitorRequest, options: ActionTextOptions): string {
  const { id, flags, outPort, outGroup, tableId, match } = request;
  const ports = options.names ? options.ports : NO_PORT_NAMES;
  const names = FLAG_NAMES.filter(([flag]) => flags[flag]).map(([, name]) => name);
  let text = `\n id=${id} flags=${names.length === 0 ? '0' : names.join(',')}`;
  if (outPort !== null) text += ` out_port=${formatPort(outPort, ports)}`;
  if (outGroup !== null && outGroup !== 0) text += ` out_group=${outGroup | 0}`;
  if (tableId !== TABLE_ALL) text += ` table=${formatTable(tableId, ports)}`;
  return `${text} ${formatMatch(match, options)}`.trimEnd();
}

/** One of the commands that a message has, on a new line. */
export function formatFlowMonitorCommand(command: FlowMonitorCommand, options: ActionTextOptions): string {
  return command.command === 'delete'
    ? `\n id=${command.id} command=delete`
    : formatFlowMonitorRequest(command.request, options);
}
