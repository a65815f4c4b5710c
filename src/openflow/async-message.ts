/**
 * What a switch says of itself, unasked (OpenFlow 1.5.1 §6.1.2), and the connection by which a controller hears it.
 * Mirrors struct ofputil_packet_in_private, ofputil_flow_removed, ofputil_port_status, ofputil_table_status,
 * ofputil_requestforward and ofputil_flow_update; vswitchd's sessions implement the connection.
 */
import type { Match } from '#flowtable/match.js';
import type { Action } from './action/action.js';
import type { Duration } from './duration.js';
import type { FlowMonitorRequest } from './flow-monitor.js';
import type { GroupMod } from './group-mod.js';
import type { MeterMod } from './meter-mod.js';
import type { OpenFlowVersion } from './protocol.js';
import type { PortDescription } from './switch-connection.js';
import type { TableDescription } from './table-mod.js';

/** An action that waits in a paused packet's continuation; unroll_xlate says whose rule's those after it are. */
export type ContinuedAction =
  | Action
  | { readonly kind: 'unroll_xlate'; readonly tableId: number; readonly cookie: bigint };

/** What a paused packet goes on with when the controller resumes it. */
export interface Continuation {
  /** The switch's name for itself, as a UUID; null where a message has none. */
  readonly bridge: string | null;
  /** The last pushed last. */
  readonly stack: readonly { readonly value: bigint; readonly bits: number }[];
  readonly mirrors: number;
  readonly conntracked: boolean;
  readonly actions: readonly ContinuedAction[];
  readonly actionSet: readonly Action[];
  /** The datapath's number of the port that it came in by. */
  readonly odpPort: number;
}

export interface PacketInMessage {
  readonly kind: 'packet-in';
  readonly controllerId: number;
  /** OFPR_*, and OVS's own 6 and 7 for misses. */
  readonly reason: number;
  readonly tableId: number;
  /** All ones: none. */
  readonly cookie: bigint;
  /** As much of the packet as the message has. */
  readonly packet: Uint8Array;
  /** Of the whole packet; absent: the message has all of it. */
  readonly totalLength?: number;
  /** Where the switch keeps the packet; absent: nowhere. */
  readonly bufferId?: number;
  /** What the packet has that its bytes do not show: port, registers, tunnel, connection. */
  readonly metadata: Match;
  readonly userdata: Uint8Array;
  /** Null where the packet is not paused. */
  readonly continuation: Continuation | null;
}

/** OFPRR_* by its number on the wire. */
export const FLOW_REMOVED_REASONS = ['idle', 'hard', 'delete', 'group_delete', 'meter_delete', 'eviction'] as const;
export type FlowRemovedReason = (typeof FLOW_REMOVED_REASONS)[number];

/** A message may have a number that nobody knows. */
export const flowRemovedReasonNumber = (reason: FlowRemovedReason | number): number =>
  typeof reason === 'number' ? reason : FLOW_REMOVED_REASONS.indexOf(reason);
export const flowRemovedReasonOf = (number: number): FlowRemovedReason | number =>
  FLOW_REMOVED_REASONS[number] ?? number;

export interface FlowRemovedMessage {
  readonly kind: 'flow-removed';
  /** A number where nobody knows it. */
  readonly reason: FlowRemovedReason | number;
  /** Null where the message does not tell. */
  readonly tableId: number | null;
  readonly match: Match;
  readonly priority: number;
  readonly cookie: bigint;
  readonly duration: Duration;
  readonly idleTimeout: number;
  readonly hardTimeout: number;
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** OFPPR_* by its number on the wire. */
export const PORT_STATUS_REASONS = ['add', 'delete', 'modify'] as const;
export type PortStatusReason = (typeof PORT_STATUS_REASONS)[number];

export interface PortStatusMessage {
  readonly kind: 'port-status';
  readonly reason: PortStatusReason;
  readonly port: PortDescription;
}

/** The room that is left in a table has crossed a threshold of its vacancy events (OFPTR_VACANCY_*). */
export interface TableStatusMessage {
  readonly kind: 'table-status';
  readonly reason: 'vacancy-down' | 'vacancy-up';
  readonly table: TableDescription;
}

/** Another controller changed a group or a meter. */
export type RequestForwardMessage = {
  readonly kind: 'requestforward';
  /** The number of the other controller's request. */
  readonly xid?: number;
} & (
  | { readonly reason: 'group-mod'; readonly mod: GroupMod }
  | { readonly reason: 'meter-mod'; readonly mod: MeterMod }
);

/** One thing that a flow monitor tells. */
export type FlowUpdate =
  | {
      readonly event: 'initial' | 'added' | 'deleted' | 'modified';
      /** Of what is deleted. */
      readonly reason: FlowRemovedReason | number | null;
      readonly tableId: number;
      readonly match: Match;
      readonly priority: number;
      readonly cookie: bigint;
      readonly idleTimeout: number;
      readonly hardTimeout: number;
      /** Null where the monitor did not ask for them. */
      readonly actions: readonly Action[] | null;
    }
  | { readonly event: 'abbreviated'; readonly xid: number }
  | { readonly event: 'paused' }
  | { readonly event: 'resumed' };

export interface FlowUpdatesMessage {
  readonly kind: 'flow-updates';
  readonly updates: readonly FlowUpdate[];
}

/** A controller's role was taken by another (OFPCRR_PRIMARY_REQUEST). */
export interface RoleStatusMessage {
  readonly kind: 'role-status';
  readonly role: ControllerRole;
}

export type AsyncMessage =
  | PacketInMessage
  | FlowRemovedMessage
  | PortStatusMessage
  | TableStatusMessage
  | RequestForwardMessage
  | FlowUpdatesMessage
  | RoleStatusMessage;

export type ControllerRole = 'equal' | 'primary' | 'secondary';

/** Kinds of messages that a controller may turn off by reason (OAM_*). */
export type AsyncKind = Exclude<AsyncMessage['kind'], 'flow-updates'>;

/** Which messages a controller gets, as a bit for each reason, in its role. */
export interface AsyncConfig {
  readonly primary: Readonly<Record<AsyncKind, number>>;
  readonly secondary: Readonly<Record<AsyncKind, number>>;
}

export interface ControllerOptions {
  readonly version: OpenFlowVersion;
  /** A connection to the switch's own socket, as ovs-ofctl's: it hears nothing until it sets a miss send length. */
  readonly isService: boolean;
  receive(message: AsyncMessage): void;
}

/** A controller's connection, as the switch keeps it (struct ofconn). */
export interface ControllerConnection {
  readonly version: OpenFlowVersion;
  missSendLength: number;
  /** OpenFlow 1.0 to 1.2: packets whose TTL is used up go to the controller. */
  invalidTtlToController: boolean;
  controllerId: number;
  role: ControllerRole;
  asyncConfig: AsyncConfig;
  /** Begins a flow monitor; returns the flows that there are, or throws OpenFlowError. */
  monitor(request: FlowMonitorRequest): readonly FlowUpdate[];
  /** Ends one; throws OpenFlowError where there is none of that id. */
  cancelMonitor(id: number): void;
  /** Lets a paused packet go on. */
  resume(message: PacketInMessage): void;
  /** Runs requests as this controller's: its own monitors hear of them in short, and it gets no copy of others. */
  request(xid: number, body: () => void): void;
  close(): void;
}
