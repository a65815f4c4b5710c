/**
 * What a switch says unasked, as ovs-ofctl prints it. Mirrors ofputil_packet_in_private_format(),
 * ofputil_flow_removed_format(), ofputil_flow_update_format() and their relatives.
 */
import { OFF_PACKET_TYPE } from '#flowtable/flow-key.js';
import { type ActionTextOptions, formatAction, formatActions } from './action/action-list.js';
import { PACKET_IN_REASONS } from './action/controller.js';
import { shownPorts } from './action/shown-ports.js';
import type {
  AsyncMessage,
  Continuation,
  FlowRemovedMessage,
  FlowUpdate,
  PacketInMessage,
  RequestForwardMessage,
} from './async-message.js';
import {
  flowRemovedInVersion,
  flowUpdateInVersion,
  type PacketInFormat,
  packetInInFormat,
} from './async-message-version.js';
import { formatDuration } from './duration.js';
import { formatGroupMod } from './group-format.js';
import { groupModInVersion } from './group-version.js';
import { formatHexBytes, formatHexDump } from './hex-bytes.js';
import { formatMatch } from './match-format.js';
import { messageHead } from './message-head.js';
import { formatMeterMod } from './meter-format.js';
import { formatPacket } from './packet-text.js';
import { formatPortStatus } from './port-format.js';
import type { OpenFlowVersion } from './protocol.js';
import { formatTableStatus } from './table-format.js';
import { formatTable } from './table-text.js';

export interface MessageTextOptions extends ActionTextOptions {
  readonly version: OpenFlowVersion;
  readonly packetInFormat: PacketInFormat;
  /** ovs-ofctl monitor shows packets, and from 1 on their bytes, too. */
  readonly verbosity: number;
}

/** By so much does ovs-ofctl monitor print more than it was asked for. */
const MONITOR_VERBOSITY = 2;

/** The whole message, with a new line at its end; '' where the version has no such message. */
export function formatAsyncMessage(message: AsyncMessage, options: MessageTextOptions): string {
  const { version } = options;
  const head = (name: string): string => messageHead(name, version, 0);
  switch (message.kind) {
    case 'packet-in': {
      const { packetInFormat } = options;
      const name = packetInFormat === 'standard' ? 'OFPT_PACKET_IN' : packetInFormat.toUpperCase();
      return head(name) + monitoredPacketIn(message, options);
    }
    case 'flow-removed':
      return head('OFPT_FLOW_REMOVED') + formatFlowRemoved(flowRemovedInVersion(message, version), options);
    case 'port-status':
      return `${head('OFPT_PORT_STATUS')}${formatPortStatus(message, version)}`;
    case 'table-status': {
      if (version < 14) return '';
      return `${head('OFPT_TABLE_STATUS')}${formatTableStatus(message, shownPorts(options))}`;
    }
    case 'requestforward':
      return formatMonitoredRequest(message, options);
    case 'flow-updates':
      return formatFlowUpdates(message.updates, 0, options);
    case 'role-status':
      if (version < 13) return '';
      return `${head(version === 13 ? 'ONFT_ROLE_STATUS' : 'OFPT_ROLE_STATUS')} role=${message.role} reason=primary_request\n`;
  }
}

const monitoredPacketIn = (message: PacketInMessage, options: MessageTextOptions): string =>
  formatPacketIn(
    packetInInFormat(message, options.version, options.packetInFormat),
    options,
    options.verbosity + MONITOR_VERBOSITY,
  );

const COOKIE_NONE = 0xffff_ffff_ffff_ffffn;
const OFPR_EXPLICIT_MISS = 6;
const OFPR_IMPLICIT_MISS = 7;

/** OVS's own reasons have no names. */
function reasonText(reason: number): string {
  if (reason === OFPR_EXPLICIT_MISS || reason === OFPR_IMPLICIT_MISS) return '';
  return PACKET_IN_REASONS[reason] ?? String(reason);
}

/** How much of the packet there is, and where the rest may be. */
function lengthText(message: PacketInMessage, total: number): string {
  const { packet, bufferId } = message;
  const text = ` data_len=${packet.length}`;
  if (bufferId === undefined) {
    return `${text} (unbuffered)${total === packet.length ? '' : ' (***total_len != data_len***)'}`;
  }
  const problem = total < packet.length ? ' (***total_len < data_len***)' : '';
  return `${text} buffer=0x${bufferId.toString(16).padStart(8, '0')}${problem}`;
}

/** A packet for a controller: what follows the message's name. From verbosity 1 on the packet is shown. */
export function formatPacketIn(message: PacketInMessage, options: ActionTextOptions, verbosity: number): string {
  const { tableId, cookie, packet, metadata, userdata, continuation } = message;
  const ports = shownPorts(options);
  let text = '';
  const table = formatTable(tableId, ports);
  if (table !== '0') text += ` table_id=${table}`;
  if (cookie !== COOKIE_NONE) text += ` cookie=0x${cookie.toString(16)}`;
  const total = message.totalLength ?? packet.length;
  text += ` total_len=${total} ${formatMatch(metadata, options)} (via ${reasonText(message.reason)})`;
  text += `${lengthText(message, total)}\n`;
  if (userdata.length > 0) text += ` userdata=${formatHexBytes(userdata)}\n`;
  if (continuation !== null) text += formatContinuation(continuation, options);
  if (verbosity > 0) text += formatPacket(packet, metadata.key.u32(OFF_PACKET_TYPE));
  if (verbosity > 2) text += formatHexDump(packet, false);
  return text;
}

/** What a controller sends back to let a paused packet go on. */
export function formatResume(message: PacketInMessage, options: MessageTextOptions, xid: number): string {
  // What the controller was told by the action is not told back.
  const sent = monitoredPacketIn(
    { ...message, userdata: new Uint8Array() },
    { ...options, packetInFormat: 'nxt_packet_in2' },
  );
  return messageHead('NXT_RESUME', options.version, xid) + sent;
}

function formatContinuation(continuation: Continuation, options: ActionTextOptions): string {
  const { bridge, stack, mirrors, conntracked, actions, actionSet, odpPort } = continuation;
  let text = bridge === null ? '' : ` continuation.bridge=${bridge}\n`;
  if (stack.length > 0) {
    const values = [...stack].reverse().map(({ value }) => `0x${value.toString(16)}`);
    text += ` continuation.stack=(top) ${values.join(' ')} (bottom)\n`;
  }
  if (mirrors !== 0) text += ` continuation.mirrors=0x${mirrors.toString(16)}\n`;
  if (conntracked) text += ' continuation.conntracked=true\n';
  if (actions.length > 0) {
    const words = actions.map((action) =>
      action.kind === 'unroll_xlate'
        ? `unroll_xlate(table=${action.tableId}, cookie=${action.cookie})`
        : formatAction(action, options),
    );
    text += ` continuation.actions=${words.join(',')}\n`;
  }
  if (actionSet.length > 0) text += ` continuation.action_set=${formatActions(actionSet, options)}\n`;
  return odpPort === 0 ? text : `${text} continuation.odp_port=${odpPort}\n`;
}

/** A flow that is gone: what follows the message's name. */
export function formatFlowRemoved(message: FlowRemovedMessage, options: ActionTextOptions): string {
  const { match, priority, reason, tableId, cookie, duration, idleTimeout, hardTimeout, packets, bytes } = message;
  let text = ` ${formatMatch(match, { ...options, priority })} reason=${reason}`;
  if (tableId !== null) text += ` table_id=${formatTable(tableId, shownPorts(options))}`;
  if (cookie !== 0n) text += ` cookie:0x${cookie.toString(16)}`;
  text += ` duration${formatDuration(duration)} idle${idleTimeout}`;
  if (hardTimeout !== 0) text += ` hard${hardTimeout}`;
  return `${text} pkts${packets} bytes${bytes}\n`;
}

function formatMonitoredRequest(message: RequestForwardMessage, options: MessageTextOptions): string {
  const { version } = options;
  const name = version < 13 ? 'NXT_REQUESTFORWARD' : version === 13 ? 'ONFT_REQUESTFORWARD' : 'OFPT_REQUESTFORWARD';
  const head = messageHead(name, version, 0);
  if (message.reason === 'meter-mod') return version < 13 ? '' : head + formatRequestForward(message, version, options);
  const carried = { ...message, mod: groupModInVersion(message.mod, version) };
  return `${head}${formatRequestForward(carried, version, options)}\n`;
}

/** A change that another controller has made: what follows the message's name. */
export function formatRequestForward(
  message: RequestForwardMessage,
  version: OpenFlowVersion,
  options: ActionTextOptions,
): string {
  return message.reason === 'meter-mod'
    ? ` reason=meter_mod${formatMeterMod(message.mod)}`
    : ` reason=group_mod${formatGroupMod(message.mod, version, options)}`;
}

const EVENT_TEXT = { initial: 'INITIAL', added: 'ADDED', deleted: 'DELETED', modified: 'MODIFIED' } as const;

/** A message of flow updates: the reply to a request for a monitor, and (xid 0) all that comes after. */
export function formatFlowUpdates(updates: readonly FlowUpdate[], xid: number, options: MessageTextOptions): string {
  const { version } = options;
  const kind = version < 13 ? 'NXST' : version === 13 ? 'ONFST' : 'OFPST';
  const lines = updates.map((update) => formatFlowUpdate(flowUpdateInVersion(update, version), options));
  return `${messageHead(`${kind}_FLOW_MONITOR reply`, version, xid)}${lines.join('')}\n`;
}

/** One thing that a flow monitor tells, on a new line. */
export function formatFlowUpdate(update: FlowUpdate, options: ActionTextOptions): string {
  switch (update.event) {
    case 'abbreviated':
      return `\n event=ABBREV xid=0x${update.xid.toString(16)}`;
    case 'paused':
      return '\n event=PAUSED';
    case 'resumed':
      return '\n event=RESUMED';
  }
  let text = `\n event=${EVENT_TEXT[update.event]}`;
  if (update.reason !== null) text += ` reason=${update.reason}`;
  text += ` table=${formatTable(update.tableId, shownPorts(options))}`;
  if (update.idleTimeout !== 0) text += ` idle_timeout=${update.idleTimeout}`;
  if (update.hardTimeout !== 0) text += ` hard_timeout=${update.hardTimeout}`;
  text += ` cookie=${update.cookie === 0n ? '0' : `0x${update.cookie.toString(16)}`}`;
  text += ` ${formatMatch(update.match, options)}`;
  if (update.actions === null || update.actions.length === 0) return text;
  return `${text.endsWith(' ') ? text : `${text} `}actions=${formatActions(update.actions, options)}`;
}
