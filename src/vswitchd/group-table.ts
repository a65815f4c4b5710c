/**
 * The groups of a bridge and the changes that OpenFlow may make to them. Mirrors ofproto_group_mod_start() of
 * ofproto.c and ofputil_check_group_mod() of lib/ofp-group.c; OpenFlow 1.5.1 §6.7, §7.3.4.3.
 *
 * The invariant: for each number there is at most one group that is visible in a version. Which flows go with a group
 * that is deleted is the caller's business.
 *
 * Deliberately different: groups are listed by number; OVS lists them in the order of a table whose hash is random.
 */
import {
  type Bucket,
  BUCKET_ALL,
  BUCKET_FIRST,
  BUCKET_LAST,
  BUCKET_MAX,
  type GroupDescription,
  type GroupMod,
  OFPG_ALL,
  OFPG_MAX,
} from '#src/openflow/group-mod.js';
import { OpenFlowError } from '#src/openflow/switch-connection.js';
import {
  firstVisible,
  LATEST_VERSION,
  stay,
  type Versioned,
  versioned,
  type VersionedStore,
} from '#flowtable/versions.js';
import { Group } from './group.js';

/** What becomes of the groups that a message is about. */
export interface GroupChange {
  readonly added: readonly Group[];
  readonly replaced: readonly Group[];
  readonly deleted: readonly Group[];
}

const NO_CHANGE: GroupChange = { added: [], replaced: [], deleted: [] };

export class GroupTable implements VersionedStore<Group> {
  private readonly groups = new Map<number, Versioned<Group>[]>();

  get(groupId: number, version: number = LATEST_VERSION): Group | undefined {
    return firstVisible(this.groups.get(groupId) ?? [], version) ?? undefined;
  }

  insert(group: Group, version: number): void {
    const entry = versioned(group, version);
    const same = this.groups.get(group.groupId);
    if (same === undefined) this.groups.set(group.groupId, [entry]);
    else same.push(entry);
  }

  hide(group: Group, version: number): void {
    this.entryOf(group).hiddenFrom = version;
  }

  restore(group: Group): void {
    stay(this.entryOf(group));
  }

  remove(group: Group): void {
    const others = this.groups.get(group.groupId)!.filter(({ item }) => item !== group);
    if (others.length > 0) this.groups.set(group.groupId, others);
    else this.groups.delete(group.groupId);
  }

  private entryOf(group: Group): Versioned<Group> {
    return this.groups.get(group.groupId)!.find(({ item }) => item === group)!;
  }

  /** One group, or (null) all, by number. */
  list(groupId: number | null): readonly Group[] {
    if (groupId !== null && groupId !== OFPG_ALL) {
      const group = this.get(groupId);
      return group === undefined ? [] : [group];
    }
    return [...this.groups.keys()].sort((a, b) => a - b).flatMap((id) => this.list(id));
  }

  descriptions(groupId: number | null): readonly GroupDescription[] {
    return this.list(groupId).map(({ groupId: id, type, buckets, selection }) => ({
      groupId: id,
      type,
      buckets: buckets.map((bucket) => ({
        bucketId: bucket.bucketId,
        weight: bucket.weight,
        watchPort: bucket.watchPort,
        watchGroup: bucket.watchGroup,
        actions: bucket.actions,
      })),
      selection,
    }));
  }

  /** The change that a message asks for, or throws OpenFlowError. */
  change(mod: GroupMod, nowNs: number): GroupChange {
    checkGroupMod(mod);
    const existing = this.get(mod.groupId);
    switch (mod.command) {
      case 'add':
        if (existing !== undefined) throw new OpenFlowError('OFPGMFC_GROUP_EXISTS');
        return { ...NO_CHANGE, added: [makeGroup(mod, nowNs)] };
      case 'modify':
      case 'insert-bucket':
      case 'remove-bucket':
        if (existing === undefined) throw new OpenFlowError('OFPGMFC_UNKNOWN_GROUP');
        return { ...NO_CHANGE, added: [changeGroup(existing, mod)], replaced: [existing] };
      case 'add-or-modify':
        if (existing === undefined) return { ...NO_CHANGE, added: [makeGroup(mod, nowNs)] };
        return { ...NO_CHANGE, added: [changeGroup(existing, mod)], replaced: [existing] };
      case 'delete':
        return { ...NO_CHANGE, deleted: this.list(mod.groupId) };
    }
  }

  clear(): void {
    this.groups.clear();
  }
}

function makeGroup(mod: GroupMod, nowNs: number): Group {
  if (mod.groupId > OFPG_MAX) throw new OpenFlowError('OFPGMFC_INVALID_GROUP');
  return new Group(mod, nowNs);
}

/**
 * The group that takes the place of another. Its counters begin anew, its age does not. As in OVS 3.1 a select group
 * spreads the datapath's hash values over the buckets of the last message alone: over those that were inserted, and
 * over none once some were removed, after which it hashes in userspace.
 */
function changeGroup(old: Group, mod: GroupMod): Group {
  const { groupId, createdNs } = old;
  switch (mod.command) {
    case 'insert-bucket': {
      const buckets = insertBuckets(old.buckets, mod);
      const inserted = mod.buckets.map(({ bucketId }) => bucketId);
      return new Group({ groupId, type: old.type, buckets, selection: old.selection }, createdNs, inserted);
    }
    case 'remove-bucket': {
      const buckets = removeBuckets(old.buckets, mod);
      return new Group({ groupId, type: old.type, buckets, selection: old.selection }, createdNs, []);
    }
    default:
      return new Group(mod, createdNs);
  }
}

function insertBuckets(old: readonly Bucket[], { buckets, commandBucketId }: GroupMod): readonly Bucket[] {
  let at = 0;
  if (commandBucketId <= BUCKET_MAX) {
    at = old.findIndex(({ bucketId }) => bucketId === commandBucketId) + 1;
    if (at === 0) throw new OpenFlowError('OFPGMFC_UNKNOWN_BUCKET');
  } else if (commandBucketId === BUCKET_LAST) {
    at = old.length;
  }
  if (old.some(({ bucketId }) => buckets.some((bucket) => bucket.bucketId === bucketId))) {
    throw new OpenFlowError('OFPGMFC_BUCKET_EXISTS');
  }
  return [...old.slice(0, at), ...buckets, ...old.slice(at)];
}

function removeBuckets(old: readonly Bucket[], { commandBucketId }: GroupMod): readonly Bucket[] {
  switch (commandBucketId) {
    case BUCKET_ALL:
      return [];
    case BUCKET_FIRST:
      return old.slice(1);
    case BUCKET_LAST:
      return old.slice(0, -1);
    default:
      if (!old.some(({ bucketId }) => bucketId === commandBucketId)) throw new OpenFlowError('OFPGMFC_UNKNOWN_BUCKET');
      return old.filter(({ bucketId }) => bucketId !== commandBucketId);
  }
}

const hasLiveness = ({ watchPort, watchGroup }: Bucket): boolean => watchPort !== null || watchGroup !== null;

/** What a switch refuses when it reads the message. */
function checkGroupMod(mod: GroupMod): void {
  const { command, type, buckets } = mod;
  if (type === 'indirect' && command !== 'delete' && buckets.length !== 1) {
    throw new OpenFlowError('OFPGMFC_INVALID_GROUP');
  }
  if (command === 'remove-bucket' && buckets.length > 0) throw new OpenFlowError('OFPGMFC_BAD_BUCKET');
  const ids = new Set(buckets.map(({ bucketId }) => bucketId));
  if (ids.size < buckets.length || buckets.some(({ bucketId }) => bucketId > BUCKET_MAX)) {
    throw new OpenFlowError('OFPGMFC_BAD_BUCKET');
  }
  for (const bucket of buckets) {
    if (bucket.weight !== 0 && type !== 'select' && command !== 'insert-bucket') {
      throw new OpenFlowError('OFPGMFC_INVALID_GROUP');
    }
    if (type === 'fast_failover' && !hasLiveness(bucket)) throw new OpenFlowError('OFPGMFC_INVALID_GROUP');
    if ((type === 'all' || type === 'indirect') && hasLiveness(bucket)) {
      throw new OpenFlowError('OFPGMFC_WATCH_UNSUPPORTED');
    }
  }
}
