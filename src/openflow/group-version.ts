/**
 * What a switch receives when a version of OpenFlow carries a change of a group, and what it refuses before it looks at
 * its groups. Mirrors the round trip through ofputil_encode_group_mod() and ofputil_decode_group_mod()
 * (lib/ofp-group.c).
 */
import { Match } from '#flowtable/match.js';
import type { ActionReader } from './action/action-kind.js';
import { UserError } from '../report/user-error.js';
import { actionsInVersion, refusalInVersion } from './action/action-list.js';
import {
  BUCKET_ALL,
  BUCKET_MAX,
  type Bucket,
  type GroupDescription,
  type GroupMod,
  NO_SELECTION,
} from './group-mod.js';
import type { OpenFlowVersion } from './protocol.js';
import { OpenFlowError } from './switch-connection.js';

/** Do buckets have numbers, and select groups a method, in this version? OVS's extension of 1.0 is 1.5's message. */
export const knowsBucketIds = (version: OpenFlowVersion): boolean => version === 10 || version === 15;

/** Numbers for the buckets that have none: the lowest that the buckets before them leave free. */
export function withBucketIds(buckets: readonly Bucket[]): readonly Bucket[] {
  const firstUnnumbered = buckets.findIndex(({ bucketId }) => bucketId > BUCKET_MAX);
  // As in OVS, numbers that stand after the first bucket without one are kept free, too; those before it are not.
  const taken = new Set(buckets.slice(firstUnnumbered + 1).map(({ bucketId }) => bucketId));
  let next = 0;
  return buckets.map((bucket) => {
    if (bucket.bucketId <= BUCKET_MAX) return bucket;
    while (taken.has(next)) next++;
    return { ...bucket, bucketId: next++ };
  });
}

function bucketsInVersion(buckets: readonly Bucket[], version: OpenFlowVersion): readonly Bucket[] {
  const numbered = knowsBucketIds(version)
    ? withBucketIds(buckets)
    : buckets.map((bucket, bucketId) => ({ ...bucket, bucketId }));
  return numbered.map((bucket) => ({ ...bucket, actions: actionsInVersion(bucket.actions, version, new Match()) }));
}

/** A change of a group as the switch gets it by a version of OpenFlow. */
export function groupModInVersion(mod: GroupMod, version: OpenFlowVersion): GroupMod {
  const has15 = knowsBucketIds(version);
  if (!has15 && (mod.command === 'insert-bucket' || mod.command === 'remove-bucket')) {
    throw new UserError(`${mod.command} needs OpenFlow 1.5 or later ('-O OpenFlow15')`);
  }
  return {
    ...mod,
    commandBucketId: has15 ? mod.commandBucketId : BUCKET_ALL,
    buckets: bucketsInVersion(mod.buckets, version),
    selection: has15 && mod.selection.method !== '' ? mod.selection : NO_SELECTION,
  };
}

/** A group as a version of OpenFlow tells of it. */
export function groupInVersion(group: GroupDescription, version: OpenFlowVersion): GroupDescription {
  const buckets = group.buckets.map((bucket) => ({
    ...bucket,
    actions: actionsInVersion(bucket.actions, version, new Match()),
  }));
  return { ...group, buckets, selection: knowsBucketIds(version) ? group.selection : NO_SELECTION };
}

const refuse = (code: string): never => {
  throw new OpenFlowError(code);
};

/** Throws what a switch answers to a change that it cannot take, whatever groups it has. */
export function checkReceivedGroupMod(mod: GroupMod, version: OpenFlowVersion, reader: ActionReader = 'switch'): void {
  for (const { actions } of mod.buckets) {
    const refusal = refusalInVersion(actions, version, reader);
    if (refusal !== null) refuse(refusal);
  }
  if (new Set(mod.buckets.map(({ bucketId }) => bucketId)).size < mod.buckets.length) refuse('OFPGMFC_BAD_BUCKET');
  const { method } = mod.selection;
  if (method !== '' && (mod.type !== 'select' || (method !== 'hash' && method !== 'dp_hash'))) {
    refuse('OFPBPC_BAD_VALUE');
  }
  checkGroupMod(mod);
}

/** Throws what a switch answers to a change that no group could have, whatever its actions are. */
export function checkGroupMod(mod: GroupMod): void {
  if (mod.type === 'indirect' && mod.command !== 'delete' && mod.buckets.length !== 1) refuse('OFPGMFC_INVALID_GROUP');
  if (mod.command === 'remove-bucket' && mod.buckets.length > 0) refuse('OFPGMFC_BAD_BUCKET');
  for (const { weight, watchPort, watchGroup } of mod.buckets) {
    if (weight !== 0 && mod.type !== 'select' && mod.command !== 'insert-bucket') refuse('OFPGMFC_INVALID_GROUP');
    const watches = watchPort !== null || watchGroup !== null;
    if (watches && (mod.type === 'all' || mod.type === 'indirect')) refuse('OFPGMFC_WATCH_UNSUPPORTED');
    if (!watches && mod.type === 'fast_failover') refuse('OFPGMFC_INVALID_GROUP');
  }
}
