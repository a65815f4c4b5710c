/**
 * OFPT_GROUP_MOD: command (2), type (1), zeros (1), group (4), buckets; from OpenFlow 1.5 on, and in NXT_GROUP_MOD of OVS's
 * extension of 1.0, the length of the buckets (2), zeros (2) and the bucket that the command is about (4) stand in front
 * of them, and properties behind (OpenFlow 1.5.1 §7.3.4.3). Mirrors lib/ofp-group.c.
 */
import {
  BUCKET_ALL,
  BUCKET_FIRST,
  BUCKET_LAST,
  BUCKET_MAX,
  type Bucket,
  GROUP_TYPES,
  type GroupMod,
  type GroupModCommand,
  type GroupSelection,
  NO_SELECTION,
} from '../../group-mod.js';
import { formatGroupMod } from '../../group-format.js';
import { checkGroupMod, knowsBucketIds, withBucketIds } from '../../group-version.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import { nxt, ofpt } from '../message-code.js';
import type { MessageKind, WireContext } from '../message-kind.js';
import { readBuckets, writeBuckets } from './buckets.js';
import { readGroupProperties, writeGroupProperties } from './group-selection.js';

export interface GroupModMessage {
  readonly kind: 'group-mod';
  readonly mod: GroupMod;
}

/** OFPGC_*; the last is OVS's own. */
const COMMANDS: ReadonlyMap<number, GroupModCommand> = new Map([
  [0, 'add'],
  [1, 'modify'],
  [2, 'delete'],
  [3, 'insert-bucket'],
  [5, 'remove-bucket'],
  [0x8000, 'add-or-modify'],
]);
const NUMBERS: ReadonlyMap<GroupModCommand, number> = new Map([...COMMANDS].map(([number, name]) => [name, number]));

const fail = (code: string): never => {
  throw new OpenFlowError(code);
};

/** Which bucket may a command be about? */
function isPlaceOf(command: GroupModCommand | null, bucketId: number): boolean {
  const isOne = bucketId <= BUCKET_MAX || bucketId === BUCKET_FIRST || bucketId === BUCKET_LAST;
  if (command === 'insert-bucket') return isOne;
  return bucketId === BUCKET_ALL || (command === 'remove-bucket' && isOne);
}

function decodeGroupMod(body: ByteReader, context: WireContext): GroupMod {
  const command = COMMANDS.get(body.u16()) ?? null;
  const type = GROUP_TYPES[body.u8()] ?? null;
  body.skip(1);
  const groupId = body.u32();
  let commandBucketId = BUCKET_ALL;
  let buckets: readonly Bucket[];
  let selection: GroupSelection = NO_SELECTION;
  if (knowsBucketIds(context.version)) {
    const bucketsLength = body.u16();
    body.skip(2);
    commandBucketId = body.u32();
    if (!isPlaceOf(command, commandBucketId)) fail('OFPGMFC_BAD_BUCKET');
    if (bucketsLength > body.remaining) fail('OFPBRC_BAD_LEN');
    buckets = readBuckets(body, bucketsLength, type, context);
    selection = readGroupProperties(body, { type, command });
  } else {
    buckets = readBuckets(body, body.remaining, type, context);
    if (context.version >= 13 && command === 'delete' && buckets.length > 0) fail('OFPGMFC_INVALID_GROUP');
  }
  if (type === null) return fail('OFPGMFC_BAD_TYPE');
  // An indirect group has one bucket, whatever else may be wrong with the command.
  if (command === null)
    return fail(type === 'indirect' && buckets.length !== 1 ? 'OFPGMFC_INVALID_GROUP' : 'OFPGMFC_BAD_COMMAND');
  const mod = { command, type, groupId, commandBucketId, buckets, selection };
  checkGroupMod(mod);
  return mod;
}

const SIZE_11 = { size: 8, unit: 8 };
const SIZE_15 = { size: 16, unit: 8 };

export const groupModMessage: MessageKind<GroupModMessage> = {
  kind: 'group-mod',
  codes: [
    nxt('GROUP_MOD', [10, 10], 31, SIZE_15),
    ofpt('GROUP_MOD', [11, 14], 15, SIZE_11),
    ofpt('GROUP_MOD', [15, 15], 15, SIZE_15),
  ],
  decode: (body, _code, context) => ({ kind: 'group-mod', mod: decodeGroupMod(body, context) }),
  encode({ mod }, body, _code, context) {
    const { command, type, groupId, commandBucketId, buckets, selection } = mod;
    body.u16(NUMBERS.get(command)!);
    body.u8(GROUP_TYPES.indexOf(type));
    body.zeros(1);
    body.u32(groupId);
    if (!knowsBucketIds(context.version)) {
      writeBuckets(buckets, type, body, context);
      return;
    }
    const lengthAt = body.size;
    body.zeros(4);
    body.u32(commandBucketId);
    const bucketsAt = body.size;
    writeBuckets(withBucketIds(buckets), type, body, context);
    body.patchU16(lengthAt, body.size - bucketsAt);
    writeGroupProperties(selection, context.version, body);
  },
  format: ({ mod }, _code, { version, ports, names }) => formatGroupMod(mod, version, { ports, names }),
};
