/**
 * Groups as ovs-ofctl prints them. Mirrors ofp_print_group(), ofputil_group_mod_format__(),
 * ofputil_group_stats_format() and ofputil_group_features_format() (lib/ofp-group.c).
 */
import { type ActionTextOptions, formatActions } from './action/action-list.js';
import { formatFieldText } from './field-text.js';
import { valueOnes } from './field-value.js';
import { formatDuration } from './duration.js';
import {
  BUCKET_ALL,
  BUCKET_FIRST,
  BUCKET_LAST,
  type Bucket,
  GROUP_TYPES,
  type GroupDescription,
  type GroupFeatures,
  type GroupMod,
  type GroupModCommand,
  type GroupSelection,
  type GroupStatsEntry,
  type GroupType,
  OFPG_ALL,
  OFPG_ANY,
} from './group-mod.js';
import { knowsBucketIds } from './group-version.js';
import { formatHex } from './number-text.js';
import { formatPort } from './port-text.js';
import { NO_PORT_NAMES } from './ports.js';
import type { OpenFlowVersion } from './protocol.js';
import { allActionTypes, formatActionTypes } from './action-types.js';

const TYPE_TEXT: Readonly<Record<GroupType, string>> = {
  all: 'all',
  select: 'select',
  indirect: 'indirect',
  fast_failover: 'ff',
};

const COMMAND_TEXT: Readonly<Record<GroupModCommand, string>> = {
  add: 'ADD',
  modify: 'MOD',
  'add-or-modify': 'ADD_OR_MOD',
  delete: 'DEL',
  'insert-bucket': 'INSERT_BUCKET',
  'remove-bucket': 'REMOVE_BUCKET',
};

function bucketIdText(id: number): string {
  if (id === BUCKET_FIRST) return 'first';
  if (id === BUCKET_LAST) return 'last';
  return id === BUCKET_ALL ? 'all' : String(id);
}

function formatBucket(
  bucket: Bucket,
  type: GroupType | null,
  version: OpenFlowVersion,
  options: ActionTextOptions,
): string {
  const parts: string[] = [];
  if (knowsBucketIds(version)) parts.push(`bucket_id:${bucketIdText(bucket.bucketId)}`);
  if (bucket.weight !== (type === 'select' ? 1 : 0)) parts.push(`weight:${bucket.weight}`);
  if (bucket.watchPort !== null) {
    parts.push(`watch_port:${formatPort(bucket.watchPort, options.names ? options.ports : NO_PORT_NAMES)}`);
  }
  if (bucket.watchGroup !== null) parts.push(`watch_group:${bucket.watchGroup}`);
  parts.push(`actions=${formatActions(bucket.actions, options)}`);
  return `bucket=${parts.join(',')}`;
}

function formatSelection({ method, parameter, fields }: GroupSelection): string {
  if (method === '') return '';
  let text = `,selection_method=${method}`;
  if (parameter !== 0n) text += `,selection_method_param=${parameter}`;
  const words = fields.map(({ field, mask }) =>
    mask === valueOnes(field)
      ? field.name
      : `${field.name}=${formatFieldText(field, mask, valueOnes(field), NO_PORT_NAMES)}`,
  );
  if (words.length === 1) text += `,fields=${words[0]}`;
  else if (words.length > 1) text += `,fields(${words.join(',')})`;
  return text;
}

interface GroupText {
  readonly groupId: number;
  readonly type: GroupType | null;
  readonly buckets: readonly Bucket[];
  readonly selection: GroupSelection;
}

function formatGroupParts(
  group: GroupText,
  version: OpenFlowVersion,
  showsType: boolean,
  options: ActionTextOptions,
): string {
  const type = showsType ? `,type=${group.type === null ? 'unknown' : TYPE_TEXT[group.type]}` : '';
  const head = `group_id=${group.groupId}${type}${formatSelection(group.selection)}`;
  return [head, ...group.buckets.map((bucket) => formatBucket(bucket, group.type, version, options))].join(',');
}

/** A group's number, or the name of those that stand for several. */
export function formatGroupId(groupId: number): string {
  if (groupId === OFPG_ALL) return 'ALL';
  return groupId === OFPG_ANY ? 'ANY' : String(groupId);
}

/** One group of dump-groups. */
export function formatGroup(group: GroupDescription, version: OpenFlowVersion, options: ActionTextOptions): string {
  return formatGroupParts(group, version, true, options);
}

/** What follows the message's name in a change of a group, beginning with a new line. */
export function formatGroupMod(mod: GroupMod, version: OpenFlowVersion, options: ActionTextOptions): string {
  const isBucketCommand = mod.command === 'insert-bucket' || mod.command === 'remove-bucket';
  const place =
    isBucketCommand && knowsBucketIds(version) ? `command_bucket_id:${bucketIdText(mod.commandBucketId)},` : '';
  return `\n ${COMMAND_TEXT[mod.command]} ${place}${formatGroupParts(mod, version, !isBucketCommand, options)}`;
}

/** A bucket of which the switch does not count packets is not shown. */
const COUNTER_UNKNOWN = 0xffff_ffff_ffff_ffffn;

/** One group of dump-group-stats. */
export function formatGroupStats(stats: GroupStatsEntry, version: OpenFlowVersion): string {
  const parts = [`group_id=${stats.groupId}`];
  // OpenFlow 1.1 and 1.2 do not tell how long a group has been there.
  if (stats.duration !== null && (version === 10 || version >= 13)) {
    parts.push(`duration=${formatDuration(stats.duration)}`);
  }
  parts.push(`ref_count=${stats.refCount}`, `packet_count=${stats.packets}`, `byte_count=${stats.bytes}`);
  stats.buckets.forEach(({ packets, bytes }, index) => {
    if (packets === COUNTER_UNKNOWN) return;
    parts.push(`bucket${index}:packet_count=${packets}`, `byte_count=${bytes}`);
  });
  return parts.join(',');
}

/** What a switch's groups can do, as its message has it; of each type in the order of OpenFlow's numbers. */
export interface GroupFeatureTables {
  /** A bit for each type. */
  readonly types: number;
  readonly capabilities: number;
  readonly maxGroups: readonly number[];
  /** Sets of action types. */
  readonly actionTypes: readonly number[];
}

/** dump-group-features, after the message's name. */
export function formatGroupFeatureTables(features: GroupFeatureTables): string {
  const lines = [
    '',
    ' Group table:',
    `    Types:  0x${features.types.toString(16)}`,
    `    Capabilities:  0x${features.capabilities.toString(16)}`,
  ];
  GROUP_TYPES.forEach((type, i) => {
    if ((features.types & (1 << i)) === 0) return;
    lines.push(`    ${type.replace('_', ' ')} group:`);
    lines.push(`       max_groups=${formatHex(features.maxGroups[i]!)}`);
    lines.push(`       actions: ${formatActionTypes(features.actionTypes[i]!)}`);
  });
  return `${lines.join('\n')}\n`;
}

/** Those of a switch whose groups are all alike, and may have all actions of the version. */
export function formatGroupFeatures(features: GroupFeatures, version: OpenFlowVersion): string {
  return formatGroupFeatureTables({
    types: features.types.reduce((set, type) => set | (1 << GROUP_TYPES.indexOf(type)), 0),
    capabilities: features.capabilities,
    maxGroups: GROUP_TYPES.map(() => features.maxGroups),
    actionTypes: GROUP_TYPES.map(() => allActionTypes(version)),
  });
}
