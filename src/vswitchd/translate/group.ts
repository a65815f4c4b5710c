/**
 * The group action: which buckets get the packet, and what they do with it. Mirrors xlate_group_action() of
 * ofproto-dpif-xlate.c.
 *
 * The choice of a select group is OVS's own: the same bucket for the same packet. With dp_hash it is made after the
 * datapath has hashed the packet, for which translation is frozen and the packet recirculated.
 */

import type { Field } from '#flowtable/fields.js';
import { OFF_DP_HASH } from '#flowtable/flow-key.js';
import { hashAdd, hashBoolean, hashFinish } from '#flowtable/murmur-hash.js';
import { isOptionPresent } from '#flowtable/tunnel-options.js';
import { hasField, maskValue, readValue } from '#src/openflow/field-value.js';
import { hashFieldsOf, maskHashFields } from '#src/openflow/flow-hash-fields.js';
import { formatPort } from '#src/openflow/port-text.js';
import { NO_PORT_NAMES } from '#src/openflow/ports.js';
import { fieldWidth } from '#src/openflow/subfield.js';
import type { Group, GroupBucket, Selector } from '../group.js';
import { isBucketLive, MAX_WATCH_DEPTH } from '../liveness.js';
import { hashInteger } from '../ovs-hmap.js';
import { orderActionSet } from './action-set.js';
import { mayResubmit } from './search.js';
import type { Translation } from './translation.js';

export function translateGroup(t: Translation, groupId: number): void {
  if (!mayResubmit(t)) return;
  const group = t.bridge.groups.get(groupId, t.version);
  if (group === undefined) {
    t.report('warn', `output to nonexistent group ${groupId}`);
    t.stopsList = true;
    return;
  }
  const { isLast } = t;
  if (group.type === 'all' || group.type === 'indirect') {
    group.buckets.forEach((bucket, i) => {
      translateBucket(t, bucket, isLast && i === group.buckets.length - 1);
    });
    t.credits.push({ kind: 'group', group, bucket: null });
    return;
  }
  const bucket = group.type === 'select' ? selectBucket(t, group) : firstLiveBucket(t, group);
  if (bucket === null) {
    t.report('detail', 'no live bucket');
    return;
  }
  t.report('detail', `using bucket ${bucket.bucketId}`);
  translateBucket(t, bucket, isLast);
  t.credits.push({ kind: 'group', group, bucket });
}

/** A bucket is an action set for a copy of the packet. */
function translateBucket(t: Translation, bucket: GroupBucket, isLast: boolean): void {
  const flow = t.flow.clone();
  const { wasMpls } = t;
  t.within('bucket', `bucket ${bucket.bucketId}`, () => {
    t.depth++;
    t.translate(orderActionSet(bucket.actions), isLast, true);
    t.depth--;
    if (t.freezer.isFreezing) t.freezer.finish(t);
  });
  t.flow.copyFrom(flow);
  t.wasMpls = wasMpls;
  // How a bucket ends is its own affair, but for the limits that guard translation as a whole.
  t.isExiting = false;
  if (t.error === 'too-many-mpls-labels' || t.error === 'unsupported-packet-type') t.error = null;
}

function isLive(t: Translation, group: Group, bucket: GroupBucket): boolean {
  return isBucketLive({ bridge: t.bridge, version: t.version }, group, bucket, {
    tooDeep: () => {
      t.report('error', `bucket chaining exceeded ${MAX_WATCH_DEPTH} links`);
    },
    notLive: (watched) => reportNotLive(t, watched),
  });
}

function reportNotLive(t: Translation, { bucketId, watchPort, watchGroup }: GroupBucket): void {
  const causes: string[] = [];
  if (watchPort !== null) causes.push(`port ${formatPort(watchPort, NO_PORT_NAMES)}`);
  // OVS calls a group a port here, too.
  if (watchGroup !== null) causes.push(`port ${watchGroup}`);
  t.report('detail', `bucket ${bucketId}: not live due to ${causes.join(' and ')}`);
}

function firstLiveBucket(t: Translation, group: Group): GroupBucket | null {
  for (const bucket of group.buckets) {
    if (isLive(t, group, bucket)) return bucket;
    reportNotLive(t, bucket);
  }
  return null;
}

/** The live bucket with the highest score: a hash of its number, times its weight. */
function bestLiveBucket(t: Translation, group: Group, basis: number): GroupBucket | null {
  let best: GroupBucket | null = null;
  let bestScore = 0;
  for (const bucket of group.buckets) {
    if (!isLive(t, group, bucket)) {
      reportNotLive(t, bucket);
      continue;
    }
    const score = (hashInteger(bucket.bucketId, basis) & 0xffff) * bucket.weight;
    if (score >= bestScore) {
      best = bucket;
      bestScore = score;
    }
    t.report('detail', `bucket ${bucket.bucketId}: score ${score}`);
  }
  return best;
}

function selectBucket(t: Translation, group: Group): GroupBucket | null {
  // The choice may depend on headers under the label: parse the packet again first.
  if (t.wasMpls) {
    t.freezer.trigger(t);
    return null;
  }
  const { selector } = group;
  switch (selector.kind) {
    case 'default':
      maskHashFields(t.flow, t.wc, 'symmetric_l4');
      return bestLiveBucket(t, group, hashFieldsOf(t.flow, 'symmetric_l4', 0));
    case 'hash':
      return bestLiveBucket(t, group, hashNamedFields(t, group));
    case 'dp_hash':
      return selectByDatapathHash(t, group, selector);
  }
}

function selectByDatapathHash(
  t: Translation,
  group: Group,
  { algorithm, basis, map }: Extract<Selector, { kind: 'dp_hash' }>,
): GroupBucket | null {
  const hash = t.flow.u32(OFF_DP_HASH);
  // No packet hashes to 0: the datapath has not hashed this one yet.
  if (hash === 0) {
    t.freezer.trigger(t, { hash: { algorithm, basis } });
    return null;
  }
  const mask = map.length - 1;
  t.wc.setU32(OFF_DP_HASH, (t.wc.u32(OFF_DP_HASH) | mask) >>> 0);
  for (let i = 0; i <= mask; i++) {
    const bucket = map[(hash + i) & mask]!;
    if (isLive(t, group, bucket)) return bucket;
  }
  return null;
}

/** Bytes of a field's value as OVS counts them. */
const sizeOf = (field: Field): number => {
  const size = Math.ceil(fieldWidth(field) / 8);
  return size === 3 ? 4 : size;
};

/** hash_bytes() over the value, whose bytes stand in network order. */
function hashValue(value: bigint, size: number, basis: number): number {
  const bytes = Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * (size - 1 - i))) & 0xffn));
  let hash = basis;
  for (let at = 0; at < size; at += 4) {
    let word = 0;
    for (let i = Math.min(3, size - 1 - at); i >= 0; i--) word = (word << 8) | bytes[at + i]!;
    hash = hashAdd(hash, word);
  }
  return hashFinish(hash, size);
}

function hashNamedFields(t: Translation, group: Group): number {
  const { parameter, fields } = group.selection;
  const low = Number(parameter & 0xffff_ffffn);
  let basis = hashFinish(hashAdd(hashAdd(0, low), Number(parameter >> 32n)), 8);
  for (const { field, mask } of fields) {
    if (!hasField(field, t.flow, t.wc)) continue;
    basis = hashValue(readValue(t.flow, field) & mask, sizeOf(field), basis);
    if (field.option !== null) basis = hashBoolean(isOptionPresent(t.flow, field.option), basis);
    maskValue(t.wc, field, mask);
  }
  return basis;
}
