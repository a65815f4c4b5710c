/**
 * What tables can do, as messages tell it. Mirrors struct ofputil_table_features and what ofproto says of its tables
 * (query_tables() of ofproto/ofproto.c): the same of all, but that the last cannot go to another.
 */
import { FIELDS, type Field, fieldNamed } from '#flowtable/fields.js';
import { allActionTypes, allInstructionTypes } from './action-types.js';
import type { TableMiss, TableStatsEntry } from './table-mod.js';

/** A bit for each field by its id. */
export type FieldSet = bigint;

export interface ActionFeatures {
  /** A set of action-types.ts. */
  readonly actions: number;
  readonly setFields: FieldSet;
}

export interface InstructionFeatures {
  /** A bit for each table that may come next. */
  readonly next: bigint;
  /** A set of action-types.ts. */
  readonly instructions: number;
  readonly write: ActionFeatures;
  readonly apply: ActionFeatures;
}

/** OFPTFC_*, from OpenFlow 1.5 on. */
export const TABLE_COMMANDS = ['replace', 'modify', 'enable', 'disable'] as const;
export type TableCommand = (typeof TABLE_COMMANDS)[number];

export interface TableFeatures {
  readonly command: TableCommand;
  readonly tableId: number;
  readonly name: string;
  readonly metadataMatch: bigint;
  readonly metadataWrite: bigint;
  readonly missConfig: TableMiss;
  /** Null where the version does not tell. */
  readonly supportsEviction: boolean | null;
  readonly supportsVacancyEvents: boolean | null;
  readonly maxEntries: number;
  /** Of flows, and of what becomes of packets that miss them. */
  readonly nonmiss: InstructionFeatures;
  readonly miss: InstructionFeatures;
  readonly match: FieldSet;
  readonly mask: FieldSet;
  readonly wildcard: FieldSet;
  /** Only a message with properties says what a table can do. */
  readonly hasProperties: boolean;
}

export const NO_ACTION_FEATURES: ActionFeatures = { actions: 0, setFields: 0n };
export const NO_INSTRUCTION_FEATURES: InstructionFeatures = {
  next: 0n,
  instructions: 0,
  write: NO_ACTION_FEATURES,
  apply: NO_ACTION_FEATURES,
};

export const NO_TABLE_FEATURES: TableFeatures = {
  command: 'replace',
  tableId: 0,
  name: '',
  metadataMatch: 0n,
  metadataWrite: 0n,
  missConfig: 'default',
  supportsEviction: null,
  supportsVacancyEvents: null,
  maxEntries: 0,
  nonmiss: NO_INSTRUCTION_FEATURES,
  miss: NO_INSTRUCTION_FEATURES,
  match: 0n,
  mask: 0n,
  wildcard: 0n,
  hasProperties: false,
};

export const fieldBit = (field: Field): FieldSet => 1n << BigInt(field.id);

export function fieldsOf(set: FieldSet): readonly Field[] {
  return FIELDS.filter((field) => (set & fieldBit(field)) !== 0n);
}

export const fieldSet = (test: (field: Field) => boolean): FieldSet =>
  FIELDS.reduce((set, field) => (test(field) ? set | fieldBit(field) : set), 0n);

/** Fields that OpenFlow 1.0's or 1.1's own bits of wildcards stand for (ofp10_wc_map, ofp11_wc_map). */
const WILDCARDS_10: readonly (readonly [bits: number, field: string])[] = [
  [1 << 0, 'in_port'],
  [1 << 1, 'vlan_vid'],
  [1 << 2, 'eth_src'],
  [1 << 3, 'eth_dst'],
  [1 << 4, 'eth_type'],
  [1 << 5, 'nw_proto'],
  [1 << 6, 'tcp_src'],
  [1 << 7, 'tcp_dst'],
  [0x3f << 8, 'ip_src'],
  [0x3f << 14, 'ip_dst'],
  [1 << 20, 'vlan_pcp'],
  [1 << 21, 'nw_tos'],
];
const WILDCARDS_11: readonly (readonly [bits: number, field: string])[] = [
  [1 << 0, 'in_port'],
  [1 << 1, 'vlan_vid'],
  [1 << 2, 'vlan_pcp'],
  [1 << 3, 'eth_type'],
  [1 << 4, 'nw_tos'],
  [1 << 5, 'nw_proto'],
  [1 << 6, 'tcp_src'],
  [1 << 7, 'tcp_dst'],
  [1 << 8, 'mpls_label'],
  [1 << 9, 'mpls_tc'],
  [1 << 11, 'eth_src'],
  [1 << 12, 'eth_dst'],
  [1 << 13, 'ip_src'],
  [1 << 14, 'ip_dst'],
  [1 << 15, 'metadata'],
];

const wildcardRows = (version: 10 | 11): typeof WILDCARDS_10 => (version === 10 ? WILDCARDS_10 : WILDCARDS_11);

export function fieldsFromWildcards(bits: number, version: 10 | 11): FieldSet {
  return wildcardRows(version).reduce(
    (set, [mask, name]) => ((bits & mask) !== 0 ? set | fieldBit(fieldNamed(name)) : set),
    0n,
  );
}

export function fieldsToWildcards(set: FieldSet, version: 10 | 11): number {
  return wildcardRows(version).reduce(
    (bits, [mask, name]) => ((set & fieldBit(fieldNamed(name))) !== 0n ? bits | mask : bits),
    0,
  );
}

/** What OVS has no words for in a version falls away when it is sent. */
const ALL_ACTIONS = allActionTypes(10) | allActionTypes(11) | allActionTypes(12);

const isMatchable = (field: Field): boolean => field.oxm.length > 0 && field.openflow;
const MATCHABLE = fieldSet(isMatchable);
const MASKABLE = fieldSet((field) => isMatchable(field) && field.maskable);
const WRITABLE = fieldSet((field) => isMatchable(field) && field.writable);
const ALL_ONES = 0xffff_ffff_ffff_ffffn;

/** A bridge's own table; `lastTable` is the highest that OpenFlow sees. */
export function switchTableFeatures(entry: TableStatsEntry, lastTable: number): TableFeatures {
  const { tableId } = entry;
  const mayGoOn = tableId < lastTable;
  // All tables behind this one.
  const next = ((1n << BigInt(lastTable + 1)) - 1n) & ~((1n << BigInt(tableId + 1)) - 1n);
  const actions = { actions: ALL_ACTIONS, setFields: WRITABLE };
  const instructions = { next, instructions: allInstructionTypes(13, mayGoOn), write: actions, apply: actions };
  return {
    ...NO_TABLE_FEATURES,
    tableId,
    name: entry.name,
    metadataMatch: ALL_ONES,
    metadataWrite: ALL_ONES,
    missConfig: entry.miss,
    supportsEviction: false,
    supportsVacancyEvents: false,
    maxEntries: entry.maxEntries,
    nonmiss: instructions,
    miss: instructions,
    match: MATCHABLE,
    mask: MASKABLE,
    wildcard: MATCHABLE,
    hasProperties: true,
  };
}
