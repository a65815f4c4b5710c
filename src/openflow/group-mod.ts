/**
 * Groups as ovs-ofctl's text, OpenFlow's wire and the switch speak of them: changes, descriptions, statistics.
 * Mirrors struct ofputil_group_mod and its relatives (openvswitch/ofp-group.h); OpenFlow 1.5.1 §7.3.4.3, §7.3.5.9-12.
 */
import type { Field } from '#flowtable/fields.js';
import type { Action } from './action/action.js';
import type { Duration } from './duration.js';

export type GroupType = 'all' | 'select' | 'indirect' | 'fast_failover';
/** In the order of OpenFlow's numbers. */
export const GROUP_TYPES: readonly GroupType[] = ['all', 'select', 'indirect', 'fast_failover'];

/** Highest number of a group; the numbers above it are reserved. */
export const OFPG_MAX = 0xffffff00;
export const OFPG_ALL = 0xfffffffc;
export const OFPG_ANY = 0xffffffff;

/** Buckets: numbers above OFPG15_BUCKET_MAX name several or none. */
export const BUCKET_MAX = 0xffffff00;
export const BUCKET_FIRST = 0xfffffffd;
export const BUCKET_LAST = 0xfffffffe;
export const BUCKET_ALL = 0xffffffff;

export interface Bucket {
  readonly bucketId: number;
  /** Of select groups: 1 where the text gives none; 0 in other groups. */
  readonly weight: number;
  /** The bucket is live while this port is; null: it does not depend on one. */
  readonly watchPort: number | null;
  readonly watchGroup: number | null;
  readonly actions: readonly Action[];
}

/** How a select group chooses (Netronome's extension, OpenFlow 1.5). */
export interface GroupSelection {
  /** '' where the switch may choose as it likes; 'hash' or 'dp_hash'. */
  readonly method: string;
  readonly parameter: bigint;
  /** Fields to hash, with the bits of them that count, in the order of OVS's field numbers. */
  readonly fields: readonly { readonly field: Field; readonly mask: bigint }[];
}

export const NO_SELECTION: GroupSelection = { method: '', parameter: 0n, fields: [] };

export type GroupModCommand = 'add' | 'modify' | 'add-or-modify' | 'delete' | 'insert-bucket' | 'remove-bucket';

export interface GroupMod {
  readonly command: GroupModCommand;
  readonly type: GroupType;
  /** OFPG_ALL: every group (delete only). */
  readonly groupId: number;
  /** insert-bucket, remove-bucket: where, or which. BUCKET_ALL otherwise. */
  readonly commandBucketId: number;
  readonly buckets: readonly Bucket[];
  readonly selection: GroupSelection;
}

export interface GroupDescription {
  readonly groupId: number;
  /** Null where nobody knows it. */
  readonly type: GroupType | null;
  readonly buckets: readonly Bucket[];
  readonly selection: GroupSelection;
}

export interface GroupStatsEntry {
  readonly groupId: number;
  /** Flows and groups that send packets to it. */
  readonly refCount: number;
  readonly packets: bigint;
  readonly bytes: bigint;
  /** Null where the switch does not tell. */
  readonly duration: Duration | null;
  readonly buckets: readonly { readonly packets: bigint; readonly bytes: bigint }[];
}

/** What OVS answers to a request for group features needs nothing but these numbers. */
export interface GroupFeatures {
  readonly types: readonly GroupType[];
  /** OFPGFC12_*: SELECT_WEIGHT 1, SELECT_LIVENESS 2, CHAINING 4, CHAINING_CHECKS 8. */
  readonly capabilities: number;
  readonly maxGroups: number;
}
