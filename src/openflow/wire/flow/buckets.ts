/**
 * A group's buckets. Until OpenFlow 1.4 (1.1.0 §A.3.4.2): length (2), weight (2), watch_port (4), watch_group (4),
 * zeros (4), actions; they have no numbers but their places. From 1.5 on, and in OVS's extension of 1.0 (1.5.1
 * §7.3.4.3): length (2), length of the actions (2), number (4), actions, properties. Mirrors lib/ofp-group.c.
 */
import { BUCKET_MAX, type Bucket, type GroupType } from '../../group-mod.js';
import { knowsBucketIds } from '../../group-version.js';
import { portFromOpenFlow11, portToOpenFlow11 } from '../../port-text.js';
import { OFPP_NONE } from '../../ports.js';
import { OpenFlowError } from '../../switch-connection.js';
import { encodeActions } from '../action/index.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import type { WireContext } from '../message-kind.js';
import { NO_NUMBER, numberOrNull, portOrNull, writePort11 } from '../numbers.js';
import { putU16, putU32, readProperty, refuseProperty } from '../property.js';
import { readActionList } from './flow-actions.js';

const HEADER_SIZE_11 = 16;
const HEADER_SIZE_15 = 8;

/** OFPGBPT_*. */
const WEIGHT = 0;
const WATCH_PORT = 1;
const WATCH_GROUP = 2;

const fail = (code: string): never => {
  throw new OpenFlowError(code);
};

/** Reads `size` bytes of buckets, and like OVS what their actions are in, though it be behind them. */
export function readBuckets(
  body: ByteReader,
  size: number,
  type: GroupType | null,
  context: WireContext,
): readonly Bucket[] {
  const buckets: Bucket[] = [];
  const read = knowsBucketIds(context.version) ? readBucket15 : readBucket11;
  let left = size;
  while (left > 0) {
    const { bucket, length } = read(body, left, buckets.length, type, context);
    buckets.push(bucket);
    left -= length;
  }
  if (new Set(buckets.map(({ bucketId }) => bucketId)).size < buckets.length) fail('OFPGMFC_BAD_BUCKET');
  return buckets;
}

interface Read {
  readonly bucket: Bucket;
  readonly length: number;
}

function readWatchPort(port: number): number | null {
  const read = portFromOpenFlow11(port);
  return read === null ? fail('OFPGMFC_BAD_WATCH') : portOrNull(read);
}

function readBucket11(
  body: ByteReader,
  left: number,
  bucketId: number,
  _type: GroupType | null,
  context: WireContext,
): Read {
  if (left < HEADER_SIZE_11 || body.remaining < HEADER_SIZE_11) fail('OFPGMFC_BAD_BUCKET');
  const fixed = body.part(HEADER_SIZE_11);
  const [length, weight, port, group] = [fixed.u16(), fixed.u16(), fixed.u32(), fixed.u32()];
  if (length < HEADER_SIZE_11 || length > left) fail('OFPGMFC_BAD_BUCKET');
  const actions = readActionList(body, length - HEADER_SIZE_11, context);
  const watchPort = readWatchPort(port);
  return { bucket: { bucketId, weight, watchPort, watchGroup: numberOrNull(group), actions }, length };
}

function readBucket15(
  body: ByteReader,
  left: number,
  _place: number,
  type: GroupType | null,
  context: WireContext,
): Read {
  if (body.remaining < HEADER_SIZE_15) fail('OFPGMFC_BAD_BUCKET');
  const fixed = body.part(HEADER_SIZE_15);
  const [length, actionsLength, bucketId] = [fixed.u16(), fixed.u16(), fixed.u32()];
  const isWrong = length < HEADER_SIZE_15 || length > left || actionsLength > length - HEADER_SIZE_15;
  if (isWrong) fail('OFPGMFC_BAD_BUCKET');
  const actions = readActionList(body, actionsLength, context);
  let weight = type === 'select' ? 1 : 0;
  let port = portToOpenFlow11(OFPP_NONE);
  let watchGroup = NO_NUMBER;
  const properties = body.part(length - HEADER_SIZE_15 - actionsLength);
  while (properties.remaining > 0) {
    const property = readProperty(properties);
    if (property.type === WEIGHT) weight = property.u16();
    else if (property.type === WATCH_PORT) port = property.u32();
    else if (property.type === WATCH_GROUP) watchGroup = property.u32();
    else refuseProperty(property);
  }
  const watchPort = readWatchPort(port);
  if (bucketId > BUCKET_MAX) fail('OFPGMFC_BAD_BUCKET');
  return { bucket: { bucketId, weight, watchPort, watchGroup: numberOrNull(watchGroup), actions }, length };
}

/** Appends buckets, which have numbers where the version knows such. */
export function writeBuckets(
  buckets: readonly Bucket[],
  type: GroupType | null,
  body: ByteWriter,
  context: WireContext,
): void {
  const write = knowsBucketIds(context.version) ? writeBucket15 : writeBucket11;
  for (const bucket of buckets) write(bucket, type, body, context);
}

function writeBucket11(bucket: Bucket, _type: GroupType | null, body: ByteWriter, context: WireContext): void {
  const start = body.size;
  body.u16(0);
  body.u16(bucket.weight);
  writePort11(body, bucket.watchPort);
  body.u32(bucket.watchGroup ?? NO_NUMBER);
  body.zeros(4);
  encodeActions(bucket.actions, body, context);
  body.patchU16(start, body.size - start);
}

function writeBucket15(bucket: Bucket, type: GroupType | null, body: ByteWriter, context: WireContext): void {
  const { bucketId, weight, watchPort, watchGroup, actions } = bucket;
  const start = body.size;
  body.u32(0);
  body.u32(bucketId);
  const actionsAt = body.size;
  encodeActions(actions, body, context);
  body.patchU16(start + 2, body.size - actionsAt);
  if (type === 'select' || weight !== 0) putU16(body, WEIGHT, weight);
  if (watchPort !== null) putU32(body, WATCH_PORT, portToOpenFlow11(watchPort));
  if (watchGroup !== null) putU32(body, WATCH_GROUP, watchGroup);
  body.patchU16(start, body.size - start);
}
