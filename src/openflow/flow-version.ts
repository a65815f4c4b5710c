/**
 * What a switch receives when a version of OpenFlow carries a flow change, and what it tells of a flow.
 *
 * Mirrors the round trip through ofputil_encode_flow_mod() and ofputil_decode_flow_mod() (lib/ofp-flow.c): actions
 * become those of the version, and the versions differ in what they say of tables, cookies, flags and importance.
 */
import { FIELDS, readField, writeField } from '#flowtable/fields.js';
import {
  OFF_CT_NW_PROTO,
  OFF_NW_TOS,
  OFF_TUN_ERSPAN_DIR,
  OFF_TUN_ERSPAN_HWID,
  OFF_TUN_ERSPAN_VER,
  OFF_TUN_GTPU_FLAGS,
  OFF_TUN_GTPU_MSGTYPE,
  OFF_VLAN_TCI,
  VLAN_CFI,
  VLAN_VID_MASK,
} from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import type { Action } from './action/action.js';
import type { ActionReader } from './action/action-kind.js';
import { actionsInVersion, checkActions, refusalInVersion } from './action/action-list.js';
import { hasMisplacedInstruction } from './action/action-order.js';
import { type Duration, durationOf } from './duration.js';
import { type FlowMod, type FlowModFlags, NO_FLAGS, TABLE_ALL } from './flow-mod.js';
import { checkMatchPrerequisites } from './match-prerequisites.js';
import { actionsToShow, matchToShow } from './option-fields.js';
import {
  isInFixedMatch,
  type OpenFlowVersion,
  P_OF10_STD_ANY,
  P_TID,
  type Protocols,
  protocolsOfVersion,
  versionOfProtocol,
} from './protocol.js';
import { type FlowStatsEntry, OpenFlowError } from './switch-connection.js';

/**
 * A flow change as the switch gets it by a version of OpenFlow. Which of 1.0's protocols it is matters where a match has
 * bits that 1.0's own has no room for; unsaid, it is one that has.
 */
export function flowModInVersion(mod: FlowMod, version: OpenFlowVersion, protocol?: Protocols): FlowMod {
  const isDelete = mod.command === 'delete' || mod.command === 'delete-strict';
  const isModify = mod.command === 'modify' || mod.command === 'modify-strict';
  return {
    ...mod,
    match: matchInProtocol(mod.match, version, protocol),
    actions: actionsInVersion(mod.actions, version, mod.match),
    tableId: tableInVersion(mod, version, isDelete),
    // From 1.2 on a modify never adds a flow, nor changes a cookie.
    newCookie: isModify && version >= 12 ? null : mod.newCookie,
    ...(isModify && version === 11 ? { keepsCookies: true } : {}),
    importance: version >= 14 && mod.command === 'add' ? mod.importance : 0,
    flags: flagsInVersion(mod, version, isDelete),
  };
}

function matchInProtocol(match: Match, version: OpenFlowVersion, protocol: Protocols | undefined): Match {
  const carried = matchInVersion(match, version);
  const tci = carried.mask.u16(OFF_VLAN_TCI);
  const isOf10 = protocol !== undefined && (protocol & P_OF10_STD_ANY) !== 0;
  // 1.0 and 1.1 say "no VLAN" with one number, whatever else the match has of it.
  if ((isOf10 || version === 11) && (tci & VLAN_CFI) !== 0 && (carried.key.u16(OFF_VLAN_TCI) & VLAN_CFI) === 0) {
    const untagged = carried.clone();
    untagged.key.setU16(OFF_VLAN_TCI, 0);
    untagged.mask.setU16(OFF_VLAN_TCI, 0xffff);
    return untagged;
  }
  if (isOf10 || version === 11 || carried.mask.u8(OFF_CT_NW_PROTO) === 0) return carried;
  // Protocol 0 of a connection is not told.
  if (carried.key.u8(OFF_CT_NW_PROTO) !== 0) return carried;
  const untold = carried.clone();
  untold.mask.setU8(OFF_CT_NW_PROTO, 0);
  return untold;
}

const VLAN_PCP_MASK = 0xe000;
const VLAN_VID_AND_CFI = VLAN_CFI | VLAN_VID_MASK;

/**
 * OpenFlow 1.1's match has no room for the ECN bits; OXM has the VLAN and its priority apart, and the priority only
 * where the VLAN is known.
 */
export function matchInVersion(match: Match, version: OpenFlowVersion): Match {
  const carried = match.clone();
  takeValuesForMasks(carried);
  if (version === 10) return carried;
  const { key, mask } = carried;
  if (version === 11) {
    mask.setU8(OFF_NW_TOS, mask.u8(OFF_NW_TOS) & 0xfc);
  } else {
    const tciMask = mask.u16(OFF_VLAN_TCI);
    const hasPriority = (key.u16(OFF_VLAN_TCI) & VLAN_VID_AND_CFI) !== 0 && (tciMask & VLAN_PCP_MASK) !== 0;
    mask.setU16(OFF_VLAN_TCI, (tciMask & VLAN_VID_AND_CFI) | (hasPriority ? VLAN_PCP_MASK | VLAN_CFI : 0));
  }
  carried.normalize();
  return carried;
}

/** Fields whose value OVS 3.1 takes for the mask, where there is one: as often as it reads the match. */
const VALUE_IS_MASK = [
  OFF_TUN_ERSPAN_VER,
  OFF_TUN_ERSPAN_DIR,
  OFF_TUN_ERSPAN_HWID,
  OFF_TUN_GTPU_FLAGS,
  OFF_TUN_GTPU_MSGTYPE,
];

function takeValuesForMasks({ key, mask }: Match): void {
  for (const offset of VALUE_IS_MASK)
    if (mask.u8(offset) !== 0xff) mask.setU8(offset, key.u8(offset) & mask.u8(offset));
}

/** A match as OpenFlow 1.0's or 1.1's own structure carries it: of fields that it does not have nothing is left. */
export function matchInFixed(match: Match, version: 10 | 11): Match {
  const carried = new Match(match.key.clone());
  for (const field of FIELDS) {
    if (isInFixedMatch(field, version))
      writeField(carried.mask, field, readField(match.mask, field) | readField(carried.mask, field));
  }
  carried.normalize();
  return carried;
}

/** Without a table, 1.0 adds to the first and changes all; later versions mean table 0, but for deletes all. */
function tableInVersion(mod: FlowMod, version: OpenFlowVersion, isDelete: boolean): number {
  if (mod.tableId !== TABLE_ALL) return mod.tableId;
  if (version === 10) return mod.command === 'add' ? 0 : TABLE_ALL;
  return isDelete && version >= 12 ? TABLE_ALL : 0;
}

/** 1.0 and 1.1 reset a flow's counters whenever it is added anew, and say so of the flow from 1.3 on. */
function flagsInVersion(mod: FlowMod, version: OpenFlowVersion, isDelete: boolean): FlowModFlags {
  const { sendFlowRemoved, checkOverlap, resetCounts, noPacketCounts, noByteCounts } = mod.flags;
  return {
    sendFlowRemoved,
    checkOverlap,
    resetCounts: version >= 12 ? resetCounts : !isDelete && mod.command === 'add',
    noPacketCounts: version >= 13 && noPacketCounts,
    noByteCounts: version >= 13 && noByteCounts,
  };
}

/** A flow change as its message is printed: OpenFlow 1.0 names a table only where the protocol can, and "any" as 255. */
export function shownFlowMod(mod: FlowMod, received: FlowMod, protocol: Protocols): FlowMod {
  if (versionOfProtocol(protocol) !== 10) return received;
  return { ...received, tableId: (protocol & P_TID) !== 0 ? mod.tableId : 0 };
}

/** OXM's priority needs a match on a VLAN that is there. */
function hasPriorityWithoutTag({ key, mask }: Match): boolean {
  return (mask.u16(OFF_VLAN_TCI) & VLAN_PCP_MASK) !== 0 && (key.u16(OFF_VLAN_TCI) & VLAN_CFI) === 0;
}

/** Throws what a switch answers to a flow change whose match or actions it cannot take. */
export function checkReceivedFlowMod(
  mod: FlowMod,
  version: OpenFlowVersion,
  tableCount: number,
  reader: ActionReader = 'switch',
): void {
  const matchError = checkMatchPrerequisites(mod.match);
  if (matchError !== null) throw new OpenFlowError(matchError);
  if (version >= 12 && hasPriorityWithoutTag(mod.match)) throw new OpenFlowError('OFPBMC_BAD_PREREQ');
  if (mod.command === 'delete' || mod.command === 'delete-strict') return;
  const refusal = refusalInVersion(mod.actions, version, reader);
  if (refusal !== null) throw new OpenFlowError(refusal);
  if (hasMisplacedInstruction(mod.actions, version)) throw new OpenFlowError('OFPBAC_UNSUPPORTED_ORDER');
  const { error, protocols } = checkActions(mod.actions, { match: mod.match, tableId: mod.tableId, tableCount });
  if (error !== null) throw new OpenFlowError(error);
  if ((protocolsOfVersion(version) & ~protocols) !== 0) throw new OpenFlowError('OFPBAC_MATCH_INCONSISTENT');
}

/** What a version of OpenFlow tells of a flow: ages only OVS's own replies and 1.5 know. */
export interface ShownFlow {
  readonly tableId: number;
  readonly match: Match;
  readonly priority: number;
  readonly cookie: bigint;
  readonly duration: Duration;
  readonly idleTimeout: number;
  readonly hardTimeout: number;
  readonly importance: number;
  readonly flags: FlowModFlags;
  /** All ones where the switch does not know. */
  readonly packets: bigint;
  readonly bytes: bigint;
  readonly actions: readonly Action[];
  /** Seconds, or null where the version does not tell. */
  readonly idleAge: number | null;
  readonly hardAge: number | null;
}

const NS_PER_SECOND = 1e9;
const MAX_AGE = 0xffff;

const ageSeconds = (ns: number): number => Math.min(MAX_AGE, Math.max(0, Math.floor(ns / NS_PER_SECOND)));

export function flowInVersion(entry: FlowStatsEntry, version: OpenFlowVersion): ShownFlow {
  const { tableId, priority, cookie, idleTimeout, hardTimeout } = entry;
  return {
    ...{ tableId, priority, cookie, idleTimeout, hardTimeout },
    match: matchToShow(matchInVersion(entry.match, version)),
    actions: actionsToShow(actionsInVersion(entry.actions, version, entry.match)),
    flags: version < 13 ? NO_FLAGS : entry.flags,
    importance: version >= 14 ? entry.importance : 0,
    duration: durationOf(entry.durationNs),
    packets: BigInt(entry.packets),
    bytes: BigInt(entry.bytes),
    idleAge: version === 10 || version === 15 ? ageSeconds(entry.idleAgeNs) : null,
    hardAge: version === 10 ? ageSeconds(entry.hardAgeNs) : null,
  };
}
