/**
 * Flow changes and flow statistics as ovs-ofctl prints them.
 * Mirrors ofputil_flow_mod_format() and ofputil_flow_stats_format() (lib/ofp-flow.c).
 */
import { type ActionTextOptions, formatActions } from './action/action-list.js';
import { shownPorts } from './action/shown-ports.js';
import { formatDuration } from './duration.js';
import { formatTable } from './table-text.js';
import { type FlowMod, type FlowModCommand, type FlowModFlags, TABLE_ALL } from './flow-mod.js';
import type { ShownFlow } from './flow-version.js';
import { formatMatch } from './match-format.js';
import { formatPort } from './port-text.js';
import { NO_PORT_NAMES } from './ports.js';
import type { OpenFlowVersion } from './protocol.js';
import type { FlowStatsRequest } from './switch-connection.js';

const COMMAND_WORDS: Readonly<Record<FlowModCommand, string>> = {
  add: 'ADD',
  modify: 'MOD',
  'modify-strict': 'MOD_STRICT',
  delete: 'DEL',
  'delete-strict': 'DEL_STRICT',
};

/** Each flag's word with a space after it. */
export function formatFlags(flags: FlowModFlags): string {
  return [
    flags.sendFlowRemoved ? 'send_flow_rem ' : '',
    flags.checkOverlap ? 'check_overlap ' : '',
    flags.resetCounts ? 'reset_counts ' : '',
    flags.noPacketCounts ? 'no_packet_counts ' : '',
    flags.noByteCounts ? 'no_byte_counts ' : '',
  ].join('');
}

/** `ADD table:1 priority=5,ip actions=output:2`: what follows the message's name. */
export function formatFlowMod(mod: FlowMod, version: OpenFlowVersion, options: ActionTextOptions): string {
  const parts = [COMMAND_WORDS[mod.command]];
  const table = formatTable(mod.tableId, shownPorts(options));
  if (table !== '0') parts.push(`table:${table}`);
  const match = formatMatch(mod.match, { ...options, priority: mod.priority });
  if (match !== '') parts.push(match);
  // OVS takes all ones for "no cookie".
  if (mod.newCookie !== null && mod.newCookie !== 0n && mod.newCookie !== COOKIE_NONE)
    parts.push(`cookie:0x${mod.newCookie.toString(16)}`);
  if (mod.cookieMask !== 0n) parts.push(`cookie:0x${mod.cookie.toString(16)}/0x${mod.cookieMask.toString(16)}`);
  if (mod.idleTimeout !== 0) parts.push(`idle:${mod.idleTimeout}`);
  if (mod.hardTimeout !== 0) parts.push(`hard:${mod.hardTimeout}`);
  if (mod.importance !== 0) parts.push(`importance:${mod.importance}`);
  if (mod.bufferId !== undefined) parts.push(`buf:0x${mod.bufferId.toString(16)}`);
  if (mod.outPort !== null) {
    parts.push(`out_port:${formatPort(mod.outPort, options.names ? options.ports : NO_PORT_NAMES)}`);
  }
  // 1.0 and 1.1 have no such flag to show.
  const flags = version < 12 ? { ...mod.flags, resetCounts: false } : mod.flags;
  return `${parts.join(' ')} ${formatFlags(flags)}actions=${formatActions(mod.actions, options)}`;
}

const COOKIE_NONE = 0xffff_ffff_ffff_ffffn;
const COUNTER_UNKNOWN = 0xffff_ffff_ffff_ffffn;
export interface FlowStatsTextOptions extends ActionTextOptions {
  /** Counters, ages and the fields that are usually zero. */
  readonly stats: boolean;
}

/** All ones: the switch does not know. */
const counterText = (count: bigint): string => (count === COUNTER_UNKNOWN ? '?' : String(count));

/** One line of dump-flows, without the space before it. */
export function formatFlowStats(entry: ShownFlow, options: FlowStatsTextOptions): string {
  const { stats } = options;
  const { idleAge, hardAge } = entry;
  let text = '';
  if (stats || entry.cookie !== 0n) text += `cookie=0x${entry.cookie.toString(16)}, `;
  if (stats) text += `duration=${formatDuration(entry.duration)}, `;
  const table = formatTable(entry.tableId, shownPorts(options));
  if (stats || table !== '0') text += `table=${table}, `;
  if (stats) text += `n_packets=${counterText(entry.packets)}, n_bytes=${counterText(entry.bytes)}, `;
  if (entry.idleTimeout !== 0) text += `idle_timeout=${entry.idleTimeout}, `;
  if (entry.hardTimeout !== 0) text += `hard_timeout=${entry.hardTimeout}, `;
  text += formatFlags(entry.flags);
  if (entry.importance !== 0) text += `importance=${entry.importance}, `;
  if (stats && idleAge !== null) text += `idle_age=${idleAge}, `;
  if (stats && hardAge !== null && hardAge !== entry.duration.seconds) text += `hard_age=${hardAge}, `;
  const match = formatMatch(entry.match, { ...options, priority: entry.priority });
  if (match !== '') text += `${match} `;
  return `${text}actions=${formatActions(entry.actions, options)}`;
}

/** What follows the message's name in a request for flows or for the sum of their statistics. */
export function formatFlowStatsRequest(request: FlowStatsRequest, options: ActionTextOptions): string {
  const ports = shownPorts(options);
  let text = '';
  if (request.tableId !== TABLE_ALL) text += ` table=${formatTable(request.tableId, ports)}`;
  if (request.outPort !== null) text += ` out_port=${formatPort(request.outPort, ports)}`;
  return `${text} ${formatMatch(request.match, options)}`;
}
