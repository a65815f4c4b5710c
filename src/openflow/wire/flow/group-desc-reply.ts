/**
 * Groups as they are configured (OpenFlow 1.5.1 §7.3.5.10): length (2), type (1), zeros (1), group (4), then from
 * OpenFlow 1.5 on the length of the buckets (2) and zeros (6), buckets, and properties.
 */
import { formatGroup } from '../../group-format.js';
import { GROUP_TYPES, type GroupDescription, NO_SELECTION } from '../../group-mod.js';
import { knowsBucketIds } from '../../group-version.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { nxst, ofpst } from '../message-code.js';
import { type MessageKind, readEntries, type WireContext } from '../message-kind.js';
import { readBuckets, writeBuckets } from './buckets.js';
import { readGroupProperties, writeGroupProperties } from './group-selection.js';
import { readRest } from './rest.js';

export interface GroupDescReply {
  readonly kind: 'group-desc-reply';
  readonly groups: readonly GroupDescription[];
}

const SIZE_11 = 8;
const SIZE_15 = 16;

const replyOf = (groups: readonly GroupDescription[]): GroupDescReply => ({ kind: 'group-desc-reply', groups });

function readGroup(body: ByteReader, context: WireContext): GroupDescription {
  const has15 = knowsBucketIds(context.version);
  const size = has15 ? SIZE_15 : SIZE_11;
  const fixed = body.part(size);
  const [length, typeNumber] = [fixed.u16(), fixed.u8()];
  const type = GROUP_TYPES[typeNumber] ?? null;
  fixed.skip(1);
  const groupId = fixed.u32();
  if (length < size || length - size > body.remaining) throw new OpenFlowError('OFPBRC_BAD_LEN');
  if (!has15)
    return { groupId, type, buckets: readBuckets(body, length - size, type, context), selection: NO_SELECTION };
  const bucketsLength = fixed.u16();
  if (length < size + bucketsLength) throw new OpenFlowError('OFPBRC_BAD_LEN');
  const buckets = readBuckets(body, bucketsLength, type, context);
  const properties = readRest(body, length - size - bucketsLength);
  return { groupId, type, buckets, selection: readGroupProperties(properties, { type, command: 'add' }) };
}

function writeGroup(group: GroupDescription, body: ByteWriter, context: WireContext): void {
  const { groupId, type, buckets, selection } = group;
  const start = body.size;
  body.u16(0);
  body.u8(type === null ? GROUP_TYPES.length : GROUP_TYPES.indexOf(type));
  body.zeros(1);
  body.u32(groupId);
  if (knowsBucketIds(context.version)) {
    const lengthAt = body.size;
    body.zeros(8);
    const bucketsAt = body.size;
    writeBuckets(buckets, type, body, context);
    body.patchU16(lengthAt, body.size - bucketsAt);
    writeGroupProperties(selection, context.version, body);
  } else {
    writeBuckets(buckets, type, body, context);
  }
  body.patchU16(start, body.size - start);
}

const BODY = { size: 0, unit: 8 };

export const groupDescReply: MessageKind<GroupDescReply> = {
  kind: 'group-desc-reply',
  codes: [...nxst('GROUP_DESC', 'reply', [10, 10], 8, BODY), ...ofpst('GROUP_DESC', 'reply', [11, 15], 7, BODY)],
  decode: (body, _code, context) => readEntries(body, () => readGroup(body, context), replyOf),
  encode({ groups }, body, _code, context) {
    for (const group of groups) writeGroup(group, body, context);
  },
  format: ({ groups }, _code, { version, ports, names }) =>
    groups.map((group) => `\n ${formatGroup(group, version, { ports, names })}`).join(''),
  split: ({ groups }) => groups.map((group) => replyOf([group])),
};
