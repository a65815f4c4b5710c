/**
 * Flow changes and flow filters as text, as ovs-ofctl takes them: `table=1,priority=5,tcp,actions=output:2`.
 *
 * Mirrors parse_ofp_str__() and parse_ofp_flow_stats_request_str() (lib/ofp-flow.c). The match is kept as it was
 * given, normalised; which protocols can carry the flow comes along, for the caller to choose one.
 */
import { OFF_ETH_TYPE, OFF_NW_PROTO, OFF_NW_TOS, OFF_PACKET_TYPE, OFF_TP_SRC } from '#flowtable/flow-key.js';
import { UserError } from '../report/user-error.js';
import { checkActions, parseActionList } from './action/action-list.js';
import {
  DEFAULT_PRIORITY,
  type FlowMod,
  type FlowModCommand,
  type FlowModFlags,
  NO_FLAGS,
  TABLE_ALL,
} from './flow-mod.js';
import { type KeyValue, splitActions, splitKeyValues } from './key-value.js';
import { addMatchTerm, type MatchBuilder, newMatchBuilder } from './match-parse.js';
import { normalizeMatch } from './match-normalize.js';
import { ethTypeOf, PT_ETH } from './packet-type.js';
import { parseU16, parseU64, scanInteger } from './number-text.js';
import { parsePort } from './port-text.js';
import { OFPP_NONE, type PortNames } from './ports.js';
import {
  P_NXM_OF11_UP,
  P_NXM_OXM_ANY,
  P_OF10_NXM,
  P_OF10_NXM_TID,
  P_OF10_STD,
  P_OF10_STD_TID,
  P_OF11_UP,
  P_OF12_UP,
  P_OF13_UP,
  P_TID,
  type Protocols,
} from './protocol.js';
import type { FlowStatsRequest } from './switch-connection.js';
import { parseTable } from './table-text.js';

export interface ParsedFlowMod {
  readonly mod: FlowMod;
  readonly protocols: Protocols;
}

export interface FlowModParseOptions {
  readonly ports: PortNames;
}

/** What a flow's text may set, by command; 'stats' is a filter. */
type Command = FlowModCommand | 'stats';
type Part = 'out-port' | 'actions' | 'importance' | 'timeout' | 'priority' | 'flags';

const PARTS: Readonly<Record<Command, readonly Part[]>> = {
  stats: ['out-port'],
  add: ['actions', 'timeout', 'priority', 'flags', 'importance'],
  delete: ['out-port'],
  'delete-strict': ['out-port', 'priority'],
  modify: ['actions', 'timeout', 'priority', 'flags'],
  'modify-strict': ['actions', 'timeout', 'priority', 'flags'],
};

/** Keys of dump-flows' output, so that it can be fed back. */
const IGNORED = new Set(['duration', 'n_packets', 'n_bytes', 'idle_age', 'hard_age']);

/** A flow as it is being read. */
interface Draft {
  readonly command: Command;
  readonly builder: MatchBuilder;
  tableId: number;
  priority: number;
  cookie: bigint;
  cookieMask: bigint;
  newCookie: bigint | null;
  idleTimeout: number;
  hardTimeout: number;
  importance: number;
  flags: FlowModFlags;
  outPort: number | null;
  outGroup: number | null;
}

const may = (draft: Draft, part: Part): boolean => PARTS[draft.command].includes(part);

/** Flags by name, and the protocols that have them. */
const FLAGS: ReadonlyMap<string, readonly [keyof FlowModFlags, Protocols | null]> = new Map([
  ['send_flow_rem', ['sendFlowRemoved', null]],
  ['check_overlap', ['checkOverlap', null]],
  ['reset_counts', ['resetCounts', P_OF12_UP]],
  ['no_packet_counts', ['noPacketCounts', P_OF13_UP]],
  ['no_byte_counts', ['noByteCounts', P_OF13_UP]],
] as const);

function parseDraft(text: string, command: Command, ports: PortNames): Draft {
  const draft: Draft = {
    command,
    builder: newMatchBuilder(),
    tableId: TABLE_ALL,
    priority: DEFAULT_PRIORITY,
    cookie: 0n,
    cookieMask: 0n,
    newCookie: command === 'add' ? 0n : null,
    idleTimeout: 0,
    hardTimeout: 0,
    importance: 0,
    flags: NO_FLAGS,
    outPort: null,
    outGroup: null,
  };
  for (const pair of splitKeyValues(text)) readTerm(draft, pair, ports);
  // Layers above IPv6 travel by NXM and OXM only.
  const { key, mask } = draft.builder.match;
  const matchesAboveIpv6 =
    key.u16(OFF_ETH_TYPE) === 0x86dd &&
    (mask.u8(OFF_NW_PROTO) !== 0 || mask.u8(OFF_NW_TOS) !== 0 || mask.u32(OFF_TP_SRC) !== 0);
  if (matchesAboveIpv6) draft.builder.protocols &= P_NXM_OXM_ANY;
  return draft;
}

function readTerm(draft: Draft, pair: KeyValue, ports: PortNames): void {
  const { key, value } = pair;
  const flag = may(draft, 'flags') ? FLAGS.get(key) : undefined;
  if (flag !== undefined) {
    draft.flags = { ...draft.flags, [flag[0]]: true };
    if (flag[1] !== null) draft.builder.protocols &= flag[1];
    return;
  }
  if (key === 'no_readonly_table' || key === 'allow_hidden_fields') return;
  if (addMatchTerm(draft.builder, pair, ports)) return;
  if (value === '') throw new UserError(`field ${key} missing value`);
  if (key === 'table') {
    const table = parseTable(value, ports);
    if (table === null) throw new UserError(`unknown table "${value}"`);
    draft.tableId = table;
    if (table !== TABLE_ALL) draft.builder.protocols &= P_TID;
  } else if (key === 'cookie') {
    readCookie(draft, value);
  } else if (!readLimits(draft, key, value, ports) && !IGNORED.has(key)) {
    throw new UserError(`unknown keyword ${key}`);
  }
}

/** Priority, timeouts and filters; false where the command has no such key. */
function readLimits(draft: Draft, key: string, value: string, ports: PortNames): boolean {
  if (key === 'out_port' && may(draft, 'out-port')) {
    const port = parsePort(value, ports);
    if (port === null) throw new UserError(`${value} is not a valid OpenFlow port`);
    draft.outPort = port === OFPP_NONE ? null : port;
  } else if (key === 'out_group' && may(draft, 'out-port')) {
    draft.builder.protocols &= P_OF11_UP;
    draft.outGroup = parseGroup(value);
  } else if (key === 'priority' && may(draft, 'priority')) {
    draft.priority = parseU16(value, key);
  } else if (key === 'idle_timeout' && may(draft, 'timeout')) {
    draft.idleTimeout = parseU16(value, key);
  } else if (key === 'hard_timeout' && may(draft, 'timeout')) {
    draft.hardTimeout = parseU16(value, key);
  } else if (key === 'importance' && may(draft, 'importance')) {
    draft.importance = parseU16(value, key);
  } else {
    return false;
  }
  return true;
}

/** A group number, or null for any. */
function parseGroup(text: string): number | null {
  if (text.toLowerCase() === 'any') return null;
  if (text.toLowerCase() === 'all') return 0xfffffffc;
  const { value, length } = scanInteger(text, 10);
  if (length === 0 || length !== text.length || value > 0xffffffffn) {
    throw new UserError(`${text} is not a valid OpenFlow group`);
  }
  return Number(value);
}

/** With a mask the cookie is searched for, without one it is set. */
function readCookie(draft: Draft, text: string): void {
  const slash = text.indexOf('/');
  if (slash >= 0) {
    if (draft.command === 'add') throw new UserError('flow additions cannot use a cookie mask');
    draft.cookie = parseU64(text.slice(0, slash));
    draft.cookieMask = parseU64(text.slice(slash + 1));
    if (draft.cookieMask !== 0n) draft.builder.protocols &= P_NXM_OF11_UP;
    return;
  }
  if (draft.command !== 'add' && draft.command !== 'modify' && draft.command !== 'modify-strict') {
    throw new UserError(`cannot set cookie (to match on a cookie, specify a mask, e.g. cookie=${text}/-1)`);
  }
  draft.newCookie = parseU64(text);
}

/** Parses a flow for the command; throws UserError in ovs-ofctl's words. */
export function parseFlowMod(text: string, command: FlowModCommand, { ports }: FlowModParseOptions): ParsedFlowMod {
  const takesActions = PARTS[command].includes('actions');
  const split = takesActions ? splitActions(text) : { match: text, actions: '' };
  if (split.actions === null) throw new UserError('must specify an action');
  const draft = parseDraft(split.match, command, ports);
  const { match } = draft.builder;
  // Actions are judged by what packets of the type begin with.
  if (match.key.u32(OFF_PACKET_TYPE) !== PT_ETH) match.key.setU16(OFF_ETH_TYPE, ethTypeOf(match.key));
  let { protocols } = draft.builder;
  let newCookie = draft.newCookie;
  if (command === 'modify' || command === 'modify-strict') {
    // A modify that looks for no cookie adds the flow where there is none to modify: with cookie 0.
    if (draft.cookieMask === 0n && newCookie === null) newCookie = 0n;
  }
  const { actions, protocols: byActions } = parseActionList(split.actions, { ports });
  if (takesActions) {
    const check = checkActions(actions, { match, tableId: draft.tableId, tableCount: 255 });
    protocols &= byActions & check.protocols;
    const error = check.error ?? (protocols === 0 ? 'OFPBAC_MATCH_INCONSISTENT' : null);
    if (error !== null) throw actionError(error);
  }
  normalizeMatch(match);
  const { builder: _builder, command: _command, ...rest } = draft;
  return { mod: { ...rest, command, match, newCookie, actions }, protocols };
}

/** OpenFlow's codes are wrapped in a sentence; Upcall's own errors are sentences. */
function actionError(error: string): UserError {
  return new UserError(/^OFP/.test(error) ? `actions are invalid with specified match (${error})` : error);
}

export interface ParsedFlowStatsRequest {
  readonly request: FlowStatsRequest;
  readonly protocols: Protocols;
}

/** Parses the filter of dump-flows and dump-aggregate. */
export function parseFlowStatsRequest(text: string, { ports }: FlowModParseOptions): ParsedFlowStatsRequest {
  const draft = parseDraft(text, 'stats', ports);
  const { match } = draft.builder;
  let { protocols } = draft.builder;
  normalizeMatch(match);
  // A request for statistics always names its table.
  if ((protocols & P_OF10_STD_TID) !== 0) protocols |= P_OF10_STD;
  if ((protocols & P_OF10_NXM_TID) !== 0) protocols |= P_OF10_NXM;
  const { tableId, cookie, cookieMask, outPort, outGroup } = draft;
  return { request: { tableId, match, cookie, cookieMask, outPort, outGroup }, protocols };
}
