/**
 * The one object that ovs-ofctl's text, OpenFlow's wire and the switch speak of when a flow table changes
 * (OpenFlow 1.5.1 §7.3.4.2, struct ofputil_flow_mod).
 */
import type { Match } from '#flowtable/match.js';
import type { Action } from './action/action.js';

export type FlowModCommand = 'add' | 'modify' | 'modify-strict' | 'delete' | 'delete-strict';

export interface FlowModFlags {
  readonly sendFlowRemoved: boolean;
  readonly checkOverlap: boolean;
  readonly resetCounts: boolean;
  readonly noPacketCounts: boolean;
  readonly noByteCounts: boolean;
}

export const NO_FLAGS: FlowModFlags = {
  sendFlowRemoved: false,
  checkOverlap: false,
  resetCounts: false,
  noPacketCounts: false,
  noByteCounts: false,
};

/** "All tables" in delete and in statistics requests. */
export const TABLE_ALL = 0xff;
export const DEFAULT_PRIORITY = 0x8000;

export interface FlowMod {
  readonly command: FlowModCommand;
  readonly tableId: number;
  readonly match: Match;
  readonly priority: number;
  /** modify and delete: only flows whose cookie agrees on the bits of the mask. */
  readonly cookie: bigint;
  readonly cookieMask: bigint;
  /** add, and modify when given: the cookie to write. */
  readonly newCookie: bigint | null;
  /** A modify writes the cookie into rules that it adds only, as OpenFlow 1.1 has it. */
  readonly keepsCookies?: boolean;
  readonly idleTimeout: number;
  readonly hardTimeout: number;
  readonly importance: number;
  readonly flags: FlowModFlags;
  /** delete: only flows that output to this port or group; null for any. */
  readonly outPort: number | null;
  readonly outGroup: number | null;
  /** A packet that the switch keeps, to be sent through the flow; absent: none. */
  readonly bufferId?: number;
  readonly actions: readonly Action[];
}
