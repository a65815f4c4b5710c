/**
 * Changes of groups as text: `group_id=1,type=select,bucket=weight:5,actions=output:1`.
 * Mirrors parse_ofp_group_mod_str__(), parse_bucket_str() and parse_select_group_field() (lib/ofp-group.c).
 */
import { FIELD_BY_NAME, type Field } from '#flowtable/fields.js';
import { UserError } from '../report/user-error.js';
import { parseActionList } from './action/action-list.js';
import { parseExactFieldText } from './field-text.js';
import { isMaskValid, valueOnes } from './field-value.js';
import {
  BUCKET_ALL,
  BUCKET_FIRST,
  BUCKET_LAST,
  BUCKET_MAX,
  type Bucket,
  type GroupMod,
  type GroupModCommand,
  type GroupSelection,
  type GroupType,
  NO_SELECTION,
  OFPG_ALL,
  OFPG_MAX,
} from './group-mod.js';
import { splitKeyValues } from './key-value.js';
import { parseU16, parseU32, parseU64 } from './number-text.js';
import { parsePort } from './port-text.js';
import { OFPP_CONTROLLER, OFPP_MAX, OFPP_NONE, type PortNames } from './ports.js';
import { P_ANY, P_OF10_ANY, P_OF15, type Protocols, protocolsOfField } from './protocol.js';

export interface ParsedGroupMod {
  readonly mod: GroupMod;
  readonly protocols: Protocols;
}

/** What OpenFlow 1.5 brought, and OVS's extension of 1.0 has. */
const P_BUCKET_IDS: Protocols = P_OF10_ANY | P_OF15;
const MAX_METHOD_LENGTH = 16;

const TYPE_WORDS: ReadonlyMap<string, GroupType> = new Map([
  ['all', 'all'],
  ['select', 'select'],
  ['indirect', 'indirect'],
  ['ff', 'fast_failover'],
  ['fast_failover', 'fast_failover'],
]);

/** Commands as a line of a file may name them; the beginning of a name is enough. */
const COMMAND_WORDS: readonly (readonly [string, GroupModCommand])[] = [
  ['add', 'add'],
  ['delete', 'delete'],
  ['modify', 'modify'],
  ['add_or_mod', 'add-or-modify'],
  ['insert_bucket', 'insert-bucket'],
  ['remove_bucket', 'remove-bucket'],
];

function splitCommand(text: string): { readonly command: GroupModCommand; readonly rest: string } {
  const line = text.replace(/^[ \t\r\n]+/, '');
  const word = /^[^, \t\r\n]*/.exec(line)![0];
  const found = COMMAND_WORDS.find(([name]) => name.startsWith(word));
  return found === undefined ? { command: 'add', rest: line } : { command: found[1], rest: line.slice(word.length) };
}

/** A group as it is being read. */
class Draft {
  readonly command: GroupModCommand;
  private readonly ports: PortNames;
  protocols: Protocols = P_ANY;
  groupId: number | null = null;
  type: GroupType | null = null;
  commandBucketId: number | null = null;
  selection: GroupSelection = NO_SELECTION;

  constructor(command: GroupModCommand, ports: PortNames) {
    this.command = command;
    this.ports = ports;
    if (this.hasBucketCommand) this.limit(P_BUCKET_IDS);
  }

  get hasType(): boolean {
    return this.command === 'add' || this.command === 'modify' || this.command === 'add-or-modify';
  }

  get hasBuckets(): boolean {
    return this.hasType || this.command === 'insert-bucket';
  }

  get hasBucketCommand(): boolean {
    return this.command === 'insert-bucket' || this.command === 'remove-bucket';
  }

  limit(protocols: Protocols): void {
    this.protocols &= protocols;
  }

  private requireType(what: string): void {
    if (!this.hasType) throw new UserError(`${what} not needed`);
  }

  readTerm(name: string, value: string): void {
    switch (name) {
      case 'command_bucket_id':
        this.commandBucketId = this.parseCommandBucketId(value);
        return;
      case 'group_id':
        this.groupId = parseGroupId(value);
        return;
      case 'type': {
        this.requireType('type is');
        const type = TYPE_WORDS.get(value);
        if (type === undefined) throw new UserError(`invalid group type ${value}`);
        this.type = type;
        return;
      }
      case 'selection_method':
        this.requireType('selection method is');
        if (value.length >= MAX_METHOD_LENGTH) {
          throw new UserError(`selection method is longer than ${MAX_METHOD_LENGTH - 1} bytes long`);
        }
        this.selection = { ...this.selection, method: value };
        this.limit(P_BUCKET_IDS);
        return;
      case 'selection_method_param':
        this.requireType('selection method param is');
        this.selection = { ...this.selection, parameter: parseU64(value) };
        this.limit(P_BUCKET_IDS);
        return;
      case 'fields':
        this.requireType('fields are');
        this.readFields(value);
        this.limit(P_BUCKET_IDS);
        return;
      default:
        throw new UserError(`unknown keyword ${name}`);
    }
  }

  private parseCommandBucketId(text: string): number {
    if (!this.hasBucketCommand) throw new UserError('command bucket id is not needed');
    const named = { all: BUCKET_ALL, first: BUCKET_FIRST, last: BUCKET_LAST }[text];
    const id = named ?? parseU32(text);
    if (id > BUCKET_MAX && id < BUCKET_FIRST) throw new UserError(`invalid command bucket id ${id}`);
    if (id === BUCKET_ALL && this.command !== 'remove-bucket') {
      throw new UserError('command_bucket_id=all is not permitted');
    }
    return id;
  }

  /** `ip_src,ip_dst=255.255.0.0`: fields with the masks of their bits that count. */
  private readFields(text: string): void {
    const fields = [...this.selection.fields];
    for (const { key, value, end } of splitKeyValues(text)) {
      const field = FIELD_BY_NAME.get(key);
      // As in OVS, errors name what follows the field.
      const rest = text.slice(end);
      if (field === undefined || !field.openflow) throw new UserError(`${rest}: unknown field ${key}`);
      if (fields.some((entry) => entry.field === field)) throw new UserError(`${key}: duplicate field`);
      const mask = value === '' ? valueOnes(field) : this.parseFieldMask(field, value, rest);
      fields.push({ field, mask });
      this.limit(protocolsOfField(field, mask === valueOnes(field) ? 'exact' : 'any-mask'));
    }
    fields.sort((a, b) => a.field.id - b.field.id);
    this.selection = { ...this.selection, fields };
  }

  private parseFieldMask(field: Field, text: string, rest: string): bigint {
    const mask = parseExactFieldText(field, text, this.ports);
    if (mask === 0n) throw new UserError(`${rest}: values are wildcards here and must not be all-zeros`);
    if (!isMaskValid(field, mask)) throw new UserError(`${text}: invalid mask for field ${field.name}`);
    return mask;
  }

  /** What must be there, once all is read but the buckets. */
  check(): void {
    if (this.groupId === null) throw new UserError('must specify a group_id');
    if (this.hasType && this.type === null) throw new UserError('must specify a type');
    if (this.selection.method !== 'hash' && this.selection.fields.length > 0) {
      throw new UserError('fields may only be specified with "selection_method=hash"');
    }
    if (this.selection.method === '' && this.selection.parameter !== 0n) {
      throw new UserError('selection_method_param is only allowed with "selection_method"');
    }
    if (this.command === 'insert-bucket' && this.commandBucketId === null) {
      throw new UserError('must specify a command bucket id');
    }
  }

  parseBucket(text: string): Bucket {
    let weight = this.type === 'select' ? 1 : 0;
    let bucketId = BUCKET_ALL;
    let watchPort: number | null = null;
    let watchGroup: number | null = null;
    const words: string[] = [];
    for (const { key, value } of splitKeyValues(text)) {
      switch (key.toLowerCase()) {
        case 'weight':
          weight = parseU16(value, 'weight');
          break;
        case 'watch_port':
          watchPort = this.parseWatchPort(value);
          break;
        case 'watch_group':
          watchGroup = parseU32(value);
          if (watchGroup > OFPG_MAX) throw new UserError(`invalid watch_group id ${watchGroup}`);
          break;
        case 'bucket_id':
          bucketId = parseU32(value);
          if (bucketId > BUCKET_MAX) throw new UserError(`invalid bucket_id id ${bucketId}`);
          this.limit(P_BUCKET_IDS);
          break;
        case 'action':
        case 'actions':
          words.push(value);
          break;
        default:
          words.push(`${key}(${value})`);
      }
    }
    if (words.length === 0) throw new UserError('bucket must specify actions');
    if (this.type === 'fast_failover' && watchPort === null && watchGroup === null) {
      throw new UserError('fast failover bucket requires watch_port or watch_group');
    }
    const { actions, protocols } = parseActionList(words.join(','), { ports: this.ports, allowsInstructions: false });
    // As in OVS, each bucket's actions make one forget how the group could travel before.
    this.protocols = protocols;
    return { bucketId, weight, watchPort, watchGroup, actions };
  }

  private parseWatchPort(text: string): number | null {
    const port = parsePort(text, this.ports);
    const isUnfit = port === null || (port >= OFPP_MAX && port !== OFPP_NONE && port !== OFPP_CONTROLLER);
    if (isUnfit) throw new UserError(`${text}: invalid watch_port`);
    return port === OFPP_NONE ? null : port;
  }
}

function parseGroupId(text: string): number {
  if (text === 'all') return OFPG_ALL;
  const id = parseU32(text);
  if (id !== OFPG_ALL && id > OFPG_MAX) throw new UserError(`invalid group id ${id}`);
  return id;
}

/** Parses a change; command null: the text names it, or adds. Throws UserError in ovs-ofctl's words. */
export function parseGroupMod(text: string, command: GroupModCommand | null, ports: PortNames): ParsedGroupMod {
  const named = command === null ? splitCommand(text) : { command, rest: text };
  const draft = new Draft(named.command, ports);
  if (named.command === 'delete' && named.rest === '') {
    const mod: GroupMod = {
      command: 'delete',
      type: 'all',
      groupId: OFPG_ALL,
      commandBucketId: BUCKET_ALL,
      buckets: [],
      selection: NO_SELECTION,
    };
    return { mod, protocols: draft.protocols };
  }
  const start = named.rest.indexOf('bucket=');
  if (start >= 0 && !draft.hasBuckets) throw new UserError('bucket is not needed');
  const head = start < 0 ? named.rest : named.rest.slice(0, start);
  for (const { key, value } of splitKeyValues(head)) draft.readTerm(key, value);
  draft.check();
  const buckets = start < 0 ? [] : readBuckets(draft, named.rest.slice(start));
  if (draft.type === 'indirect' && buckets.length > 1) {
    throw new UserError('Indirect groups can have at most one bucket.');
  }
  const mod: GroupMod = {
    command: draft.command,
    type: draft.type ?? 'all',
    groupId: draft.groupId!,
    commandBucketId: draft.commandBucketId ?? BUCKET_ALL,
    buckets,
    selection: draft.selection,
  };
  return { mod, protocols: draft.protocols };
}

/** `bucket=…,bucket=…`: each ends where the next begins. */
function readBuckets(draft: Draft, text: string): readonly Bucket[] {
  const buckets: Bucket[] = [];
  for (const part of text.split('bucket=').slice(1)) {
    const bucket = draft.parseBucket(part);
    buckets.push(bucket);
    if (draft.command !== 'insert-bucket' && draft.type !== 'select' && bucket.weight !== 0) {
      throw new UserError('Only select groups can have bucket weights.');
    }
  }
  return buckets;
}
