/**
 * What a version of OpenFlow, and the form in which a controller has asked to get packets, leave of what a switch says
 * unasked. Mirrors the round trips through ofputil_encode_packet_in_private(), ofputil_encode_flow_removed(),
 * ofputil_append_flow_update() and what reads them.
 *
 * Deliberate difference: OVS's flow updates of OpenFlow 1.1 and 1.2 carry instructions as if they were actions, and
 * read back as others (goto_table:3 as set_vlan_vid:768). Here they stay what they are.
 */
import { fieldNamed } from '#flowtable/fields.js';
import { Match } from '#flowtable/match.js';
import type { Action } from './action/action.js';
import { actionsInVersion } from './action/action-list.js';
import type {
  ContinuedAction,
  Continuation,
  FlowRemovedMessage,
  FlowUpdate,
  PacketInMessage,
} from './async-message.js';
import { matchInFixed, matchInVersion } from './flow-version.js';
import type { OpenFlowVersion } from './protocol.js';

/** How a controller has asked to get packets. */
export type PacketInFormat = 'standard' | 'nxt_packet_in' | 'nxt_packet_in2';

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
const NO_BYTES = new Uint8Array();

export function packetInInFormat(
  message: PacketInMessage,
  version: OpenFlowVersion,
  format: PacketInFormat,
): PacketInMessage {
  const reason = packetInReason(message.reason, version);
  if (format === 'nxt_packet_in2') {
    const { continuation, metadata } = message;
    return {
      ...message,
      reason,
      continuation: continuation === null ? null : continuationInVersion(continuation, metadata, version),
    };
  }
  const isStandard = format === 'standard';
  return {
    ...message,
    reason,
    tableId: isStandard && version < 11 ? 0 : message.tableId,
    cookie: isStandard && version < 13 ? COOKIE_NONE : message.cookie,
    metadata: isStandard && version < 12 ? inPortOf(message.metadata) : message.metadata,
    userdata: NO_BYTES,
    continuation: null,
  };
}

function inPortOf(metadata: Match): Match {
  const match = new Match();
  match.set(IN_PORT, metadata.get(IN_PORT));
  return match;
}

type Unroll = Extract<ContinuedAction, { readonly kind: 'unroll_xlate' }>;

export interface ContinuedActions {
  readonly unroll: Unroll;
  readonly actions: readonly Action[];
}

/** Actions travel in groups, each with the table and cookie of its rule; those of no actions do not travel. */
export function continuedGroups(actions: readonly ContinuedAction[]): readonly ContinuedActions[] {
  const groups: { unroll: Unroll; actions: Action[] }[] = [];
  for (const action of actions) {
    if (action.kind === 'unroll_xlate') {
      groups.push({ unroll: action, actions: [] });
    } else {
      if (groups.length === 0) groups.push({ unroll: { kind: 'unroll_xlate', tableId: 0, cookie: 0n }, actions: [] });
      groups.at(-1)!.actions.push(action);
    }
  }
  return groups.filter((group) => group.actions.length > 0);
}

function continuationInVersion(continuation: Continuation, match: Match, version: OpenFlowVersion): Continuation {
  const groups = continuedGroups(continuation.actions);
  return {
    ...continuation,
    actions: groups.flatMap(({ unroll, actions }) => [unroll, ...actionsInVersion(actions, version, match)]),
    actionSet: actionsInVersion(continuation.actionSet, version, match),
  };
}

export function flowRemovedInVersion(message: FlowRemovedMessage, version: OpenFlowVersion): FlowRemovedMessage {
  const carried = matchInVersion(message.match, version);
  return {
    ...message,
    match: version === 10 || version === 11 ? matchInFixed(carried, version) : carried,
    reason: message.reason === 'meter_delete' && version < 14 ? 'delete' : message.reason,
    tableId: version > 10 ? message.tableId : null,
    hardTimeout: version > 10 ? message.hardTimeout : 0,
  };
}

export function flowUpdateInVersion(update: FlowUpdate, version: OpenFlowVersion): FlowUpdate {
  if (update.event === 'abbreviated' || update.event === 'paused' || update.event === 'resumed') return update;
  return {
    ...update,
    // Only OpenFlow 1.4 and later tell flows that were there from those that are added.
    event: update.event === 'initial' && version < 14 ? 'added' : update.event,
    // NXM carries the match before OpenFlow 1.3.
    match: matchInVersion(update.match, version < 13 ? 10 : version),
    actions: update.actions === null ? null : actionsInVersion(update.actions, version, update.match),
  };
}
