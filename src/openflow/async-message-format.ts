/**
 * What a switch says unasked, as ovs-ofctl monitor prints it. Mirrors ofputil_packet_in_private_format(),
 * ofputil_flow_removed_format(), ofputil_flow_update_format() and their relatives, and what each version of OpenFlow
 * leaves out when it carries them.
 *
 * Deliberate difference: OVS's flow updates of OpenFlow 1.1 and 1.2 carry instructions as if they were actions, and
 * read back as others (goto_table:3 as set_vlan_vid:768). Here they stay what they are.
 */
import { fieldNamed } from '#flowtable/fields.js';
import { Match } from '#flowtable/match.js';
import { type ActionTextOptions, actionsInVersion, formatAction, formatActions } from './action/action-list.js';
import { PACKET_IN_REASONS } from './action/controller.js';
import type {
  AsyncMessage,
  Continuation,
  FlowRemovedMessage,
  FlowUpdate,
  PacketInMessage,
  RequestForwardMessage,
} from './async-message.js';
import { formatDuration } from './duration.js';
import { matchInFixed, matchInVersion } from './flow-version.js';
import { formatGroupMod } from './group-format.js';
import { groupModInVersion } from './group-version.js';
import { formatHexBytes } from './hex-bytes.js';
import { formatMatch } from './match-format.js';
import { messageHead } from './message-head.js';
import { formatMeterMod } from './meter-format.js';
import { formatHexDump, formatPacket } from './packet-text.js';
import { formatPortStatus } from './port-format.js';
import type { OpenFlowVersion } from './protocol.js';
import { formatTableStatus } from './table-format.js';
import { formatTable } from './table-text.js';
import { shownPorts } from './action/shown-ports.js';

/** How a controller has asked to get packets. */
export type PacketInFormat = 'standard' | 'nxt_packet_in' | 'nxt_packet_in2';

export interface MessageTextOptions extends ActionTextOptions {
  readonly version: OpenFlowVersion;
  readonly packetInFormat: PacketInFormat;
  /** From 1 on the bytes of packets are shown, too. */
  readonly verbosity: number;
}

/** The whole message, with a new line at its end; '' where the version has no such message. */
export function formatAsyncMessage(message: AsyncMessage, options: MessageTextOptions): string {
  const { version } = options;
  const head = (name: string): string => messageHead(name, version, 0);
  switch (message.kind) {
    case 'packet-in':
      return formatPacketIn(message, options);
    case 'flow-removed':
      return `${head('OFPT_FLOW_REMOVED')}${flowRemovedText(message, options)}`;
    case 'port-status':
      return `${head('OFPT_PORT_STATUS')}${formatPortStatus(message, version)}`;
    case 'table-status': {
      if (version < 14) return '';
      return `${head('OFPT_TABLE_STATUS')}${formatTableStatus(message, shownPorts(options))}`;
    }
    case 'requestforward':
      return formatRequestForward(message, options);
    case 'flow-updates':
      return formatFlowUpdates(message.updates, 0, options);
    case 'role-status':
      if (version < 13) return '';
      return `${head(version === 13 ? 'ONFT_ROLE_STATUS' : 'OFPT_ROLE_STATUS')} role=${message.role} reason=primary_request\n`;
  }
}

const OFPR_NO_MATCH = 0;
const OFPR_ACTION = 1;
const OFPR_EXPLICIT_MISS = 6;
const OFPR_IMPLICIT_MISS = 7;

/** Versions before 1.4 know fewer reasons. */
export function packetInReason(reason: number, version: OpenFlowVersion): number {
  if (reason === OFPR_EXPLICIT_MISS) return version < 13 ? OFPR_ACTION : OFPR_NO_MATCH;
  if (reason === OFPR_IMPLICIT_MISS) return OFPR_NO_MATCH;
  return reason > 2 && version < 14 ? OFPR_ACTION : reason;
}

const IN_PORT = fieldNamed('in_port');
const COOKIE_NONE = 0xffff_ffff_ffff_ffffn;

function formatPacketIn(message: PacketInMessage, options: MessageTextOptions): string {
  const { version, packetInFormat } = options;
  const isStandard = packetInFormat === 'standard';
  const name = isStandard ? 'OFPT_PACKET_IN' : packetInFormat.toUpperCase();
  let text = messageHead(name, version, 0);
  const hasTable = !isStandard || version >= 11;
  if (hasTable && message.tableId !== 0) text += ` table_id=${formatTable(message.tableId, shownPorts(options))}`;
  const hasCookie = !isStandard || version >= 13;
  if (hasCookie && message.cookie !== COOKIE_NONE) text += ` cookie=0x${message.cookie.toString(16)}`;
  const size = message.packet.length;
  const metadata = isStandard && version < 12 ? inPortOf(message.metadata) : message.metadata;
  const reason = PACKET_IN_REASONS[packetInReason(message.reason, version)];
  text += ` total_len=${size} ${formatMatch(metadata, options)} (via ${reason}) data_len=${size} (unbuffered)\n`;
  if (packetInFormat === 'nxt_packet_in2') {
    if (message.userdata.length > 0) text += ` userdata=${formatHexBytes(message.userdata)}\n`;
    if (message.continuation !== null) text += formatContinuation(message.continuation, message.metadata, options);
  }
  text += formatPacket(message.packet);
  if (options.verbosity > 0) text += formatHexDump(message.packet);
  return text;
}

/** What a controller sends back to let a paused packet go on. */
export function formatResume(message: PacketInMessage, options: MessageTextOptions, xid: number): string {
  // What the controller was told by the action is not told back.
  const sent = formatPacketIn(
    { ...message, userdata: new Uint8Array() },
    { ...options, packetInFormat: 'nxt_packet_in2' },
  );
  const head = messageHead('NXT_PACKET_IN2', options.version, 0);
  return `${messageHead('NXT_RESUME', options.version, xid)}${sent.slice(head.length)}`;
}

function inPortOf(metadata: Match): Match {
  const match = new Match();
  match.set(IN_PORT, metadata.get(IN_PORT));
  return match;
}

function formatContinuation(continuation: Continuation, match: Match, options: MessageTextOptions): string {
  const { bridge, stack, mirrors, conntracked, actions, actionSet, odpPort } = continuation;
  let text = ` continuation.bridge=${bridge}\n`;
  if (stack.length > 0) {
    // The last pushed is first.
    text += ` continuation.stack=(top) ${[...stack]
      .reverse()
      .map(({ value }) => `0x${value.toString(16)}`)
      .join(' ')} (bottom)\n`;
  }
  if (mirrors !== 0) text += ` continuation.mirrors=0x${mirrors.toString(16)}\n`;
  if (conntracked) text += ' continuation.conntracked=true\n';
  if (actions.length > 0) {
    const words = actions.flatMap((action) => {
      if (action.kind === 'unroll_xlate') {
        return [`unroll_xlate(table=${action.tableId}, cookie=${action.cookie})`];
      }
      return actionsInVersion([action], options.version, match).map((carried) => formatAction(carried, options));
    });
    // Actions travel in groups, each with the table and cookie of its rule.
    if (actions[0]!.kind !== 'unroll_xlate') words.unshift('unroll_xlate(table=0, cookie=0)');
    text += ` continuation.actions=${words.join(',')}\n`;
  }
  if (actionSet.length > 0) {
    text += ` continuation.action_set=${formatActions(actionsInVersion(actionSet, options.version, match), options)}\n`;
  }
  return odpPort === 0 ? text : `${text} continuation.odp_port=${odpPort}\n`;
}

function flowRemovedText(message: FlowRemovedMessage, options: MessageTextOptions): string {
  const { version } = options;
  const carried = matchInVersion(message.match, version);
  const match = version <= 11 ? matchInFixed(carried, version === 10 ? 10 : 11) : carried;
  const reason = message.reason === 'meter_delete' && version < 14 ? 'delete' : message.reason;
  let text = ` ${formatMatch(match, { ...options, priority: message.priority })} reason=${reason}`;
  if (version > 10) text += ` table_id=${formatTable(message.tableId, shownPorts(options))}`;
  if (message.cookie !== 0n) text += ` cookie:0x${message.cookie.toString(16)}`;
  text += ` duration${formatDuration(message.duration)} idle${message.idleTimeout}`;
  if (version > 10 && message.hardTimeout !== 0) text += ` hard${message.hardTimeout}`;
  return `${text} pkts${message.packets} bytes${message.bytes}\n`;
}

function formatRequestForward(message: RequestForwardMessage, options: MessageTextOptions): string {
  const { version } = options;
  const name = version < 13 ? 'NXT_REQUESTFORWARD' : version === 13 ? 'ONFT_REQUESTFORWARD' : 'OFPT_REQUESTFORWARD';
  const head = messageHead(name, version, 0);
  if (message.reason === 'meter-mod') {
    return version < 13 ? '' : `${head} reason=meter_mod${formatMeterMod(message.mod)}`;
  }
  return `${head} reason=group_mod${formatGroupMod(groupModInVersion(message.mod, version), version, options)}\n`;
}

const EVENT_TEXT = { initial: 'INITIAL', added: 'ADDED', deleted: 'DELETED', modified: 'MODIFIED' } as const;

/** A message of flow updates: the reply to a request for a monitor, and (xid 0) all that comes after. */
export function formatFlowUpdates(updates: readonly FlowUpdate[], xid: number, options: MessageTextOptions): string {
  const { version } = options;
  const kind = version < 13 ? 'NXST' : version === 13 ? 'ONFST' : 'OFPST';
  const lines = updates.map((update) => `\n event=${flowUpdateText(update, options)}`);
  return `${messageHead(`${kind}_FLOW_MONITOR reply`, version, xid)}${lines.join('')}\n`;
}

function flowUpdateText(update: FlowUpdate, options: MessageTextOptions): string {
  if (update.event === 'abbreviated') return `ABBREV xid=0x${update.xid.toString(16)}`;
  const { version } = options;
  // Only OpenFlow 1.4 and later tell flows that were there from those that are added.
  const event = update.event === 'initial' && version < 14 ? 'added' : update.event;
  let text: string = EVENT_TEXT[event];
  if (update.reason !== null) text += ` reason=${update.reason}`;
  text += ` table=${formatTable(update.tableId, shownPorts(options))}`;
  if (update.idleTimeout !== 0) text += ` idle_timeout=${update.idleTimeout}`;
  if (update.hardTimeout !== 0) text += ` hard_timeout=${update.hardTimeout}`;
  text += ` cookie=${update.cookie === 0n ? '0' : `0x${update.cookie.toString(16)}`}`;
  // NXM carries the match before OpenFlow 1.3.
  const match = matchInVersion(update.match, version < 13 ? 10 : version);
  text += ` ${formatMatch(match, options)}`;
  if (update.actions === null || update.actions.length === 0) return text;
  const actions = formatActions(actionsInVersion(update.actions, version, update.match), options);
  return `${text.endsWith(' ') ? text : `${text} `}actions=${actions}`;
}
