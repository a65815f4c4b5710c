/**
 * One group of a bridge: its buckets with their counters, and how a select group chooses among them. Mirrors struct
 * group_dpif and group_set_selection_method() of ofproto-dpif.c; OpenFlow 1.5.1 §5.10.
 *
 * The invariant: a group never changes but for its counters. A change of it is another group in its place.
 */
import { durationOf } from '#src/openflow/duration.js';
import type { Bucket, GroupMod, GroupSelection, GroupStatsEntry, GroupType } from '#src/openflow/group-mod.js';

export interface GroupBucket extends Bucket {
  packets: number;
  bytes: number;
}

/** How a select group finds its bucket. */
export type Selector =
  /** By a symmetric hash over the packet's headers, computed in userspace: each flow has a megaflow of its own. */
  | { readonly kind: 'default' }
  /** By a hash over the fields that the group names. */
  | { readonly kind: 'hash' }
  /** By the datapath's hash of the packet, which map spreads over the buckets by weight; its size is a power of 2. */
  | {
      readonly kind: 'dp_hash';
      readonly algorithm: 0 | 1;
      readonly basis: number;
      readonly map: readonly GroupBucket[];
    };

/** OVS_HASH_ALG_L4 and OVS_HASH_ALG_SYM_L4. */
const HASH_L4 = 0;
const HASH_SYMMETRIC_L4 = 1;
const MIN_HASH_VALUES = 16;
const MAX_HASH_VALUES = 256;

export class Group {
  readonly groupId: number;
  readonly type: GroupType;
  readonly buckets: readonly GroupBucket[];
  readonly selection: GroupSelection;
  readonly selector: Selector;
  readonly createdNs: number;
  packets = 0;
  bytes = 0;

  /** spread: numbers of the buckets that the datapath's hash values go to. */
  constructor(
    mod: Pick<GroupMod, 'groupId' | 'type' | 'buckets' | 'selection'>,
    createdNs: number,
    spread: readonly number[] = mod.buckets.map(({ bucketId }) => bucketId),
  ) {
    this.groupId = mod.groupId;
    this.type = mod.type;
    this.buckets = mod.buckets.map((bucket) => ({ ...bucket, packets: 0, bytes: 0 }));
    this.selection = mod.selection;
    this.createdNs = createdNs;
    const chosen = this.buckets.filter(({ bucketId }) => spread.includes(bucketId));
    this.selector = mod.type === 'select' ? chooseSelector(this.selection, chosen) : { kind: 'default' };
  }

  /** Counts packets that went to one bucket, or (null) to all of them. */
  credit(bucket: GroupBucket | null, packets: number, bytes: number): void {
    this.packets += packets;
    this.bytes += bytes;
    for (const counted of bucket === null ? this.buckets : [bucket]) {
      counted.packets += packets;
      counted.bytes += bytes;
    }
  }

  stats(nowNs: number, refCount: number): GroupStatsEntry {
    return {
      groupId: this.groupId,
      refCount,
      packets: BigInt(this.packets),
      bytes: BigInt(this.bytes),
      duration: durationOf(nowNs - this.createdNs),
      buckets: this.buckets.map(({ packets, bytes }) => ({ packets: BigInt(packets), bytes: BigInt(bytes) })),
    };
  }
}

function chooseSelector(selection: GroupSelection, buckets: readonly GroupBucket[]): Selector {
  if (selection.method === 'hash') return { kind: selection.fields.length > 0 ? 'hash' : 'default' };
  const map = spreadHashValues(buckets);
  if (map === null) return { kind: 'default' };
  if (selection.method !== 'dp_hash') return { kind: 'dp_hash', algorithm: HASH_SYMMETRIC_L4, basis: 0, map };
  const algorithm = selection.parameter >> 32n === 1n ? HASH_SYMMETRIC_L4 : HASH_L4;
  return { kind: 'dp_hash', algorithm, basis: Number(selection.parameter & 0xffff_ffffn), map };
}

/**
 * Gives hash values to buckets by weight with Webster's method (the divisors 1, 3, 5, …): no bucket with a weight is
 * left without a value. Null where that would take more values than a datapath should have flows for.
 */
export function spreadHashValues(buckets: readonly GroupBucket[]): readonly GroupBucket[] | null {
  const weights = buckets.map(({ weight }) => weight);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return null;
  const least = Math.min(...weights.filter((weight) => weight > 0));
  let count = MIN_HASH_VALUES;
  while (count < Math.ceil(total / least)) count *= 2;
  if (count > MAX_HASH_VALUES) return null;
  const divisors = buckets.map(() => 1);
  const claims = [...weights];
  return Array.from({ length: count }, () => {
    let winner = 0;
    for (let i = 1; i < claims.length; i++) if (claims[i]! > claims[winner]!) winner = i;
    divisors[winner]! += 2;
    claims[winner] = weights[winner]! / divisors[winner]!;
    return buckets[winner]!;
  });
}
