/**
 * OFPST_TABLE_FEATURES (OpenFlow 1.5.1 §7.3.5.18): what tables can do, told or asked for. Mirrors
 * ofputil_decode_table_features() and ofputil_append_table_features() of lib/ofp-table.c.
 *
 *     a table after the other: length (2), table (1), from 1.5 on command (1), zeros (4), name (32), metadata that can be
 *     matched and written (8 each), capabilities (4), entries (4), then properties: instructions (0), next tables (2),
 *     actions and fields that can be written (4, 12) and applied (6, 14), fields to match (8) and to leave out (10); of
 *     packets that miss, where it is another, one more
 */
import { actionTypesFrom, actionTypesTo, instructionType, instructionTypesTo } from '../../action-types.js';
import type { OpenFlowVersion } from '../../protocol.js';
import { OpenFlowError } from '../../switch-connection.js';
import { formatTables } from '../../table-features-format.js';
import {
  type ActionFeatures,
  fieldBit,
  type FieldSet,
  fieldsOf,
  type InstructionFeatures,
  TABLE_COMMANDS,
  type TableFeatures,
} from '../../table-features.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { decodeFieldHeader, encodeFieldHeader } from '../match/index.js';
import { ofpst } from '../message-code.js';
import { type MessageCode, type MessageKind, readEntries } from '../message-kind.js';
import { type Property, putProperty, readProperty } from '../property.js';
import { readName } from './port-structure.js';

const HEAD_SIZE = 64;
const NAME_SIZE = 32;
const TABLE_ALL = 255;
const EVICTION = 1 << 2;
const VACANCY_EVENTS = 1 << 3;

/** Types of properties; of packets that miss, one more. */
const INSTRUCTIONS = 0;
const NEXT_TABLES = 2;
const WRITE_ACTIONS = 4;
const APPLY_ACTIONS = 6;
const MATCH = 8;
const WILDCARDS = 10;
const WRITE_SET_FIELD = 12;
const APPLY_SET_FIELD = 14;
const REQUIRED = [
  INSTRUCTIONS,
  NEXT_TABLES,
  WRITE_ACTIONS,
  APPLY_ACTIONS,
  MATCH,
  WILDCARDS,
  WRITE_SET_FIELD,
  APPLY_SET_FIELD,
];

const fail = (code: string): never => {
  throw new OpenFlowError(code);
};

/** Headers of properties, one after the other without padding, each of which stands for its type. */
function readTypes(value: ByteReader): readonly number[] {
  const types: number[] = [];
  while (value.remaining > 0) {
    if (value.remaining < 4) fail('OFPBPC_BAD_LEN');
    types.push(value.u16());
    const size = value.u16();
    if (size < 4 || size - 4 > value.remaining) fail('OFPBPC_BAD_LEN');
    value.skip(size - 4);
  }
  return types;
}

function readActions(value: ByteReader, version: OpenFlowVersion): number {
  const bits = readTypes(value).reduce((set, type) => (type < 32 ? set | (1 << type) : set), 0);
  return actionTypesFrom(bits, version);
}

const readInstructions = (value: ByteReader): number =>
  readTypes(value).reduce((set, type) => set | (instructionType(type) ?? 0), 0);

function readNextTables(value: ByteReader): bigint {
  let next = 0n;
  while (value.remaining > 0) {
    const table = value.u8();
    if (table >= TABLE_ALL) fail('OFPBPC_BAD_VALUE');
    next |= 1n << BigInt(table);
  }
  return next;
}

/** Fields; those that nobody knows are passed over. */
function readFields(value: ByteReader): { readonly exact: FieldSet; readonly masked: FieldSet } {
  let exact = 0n;
  let masked = 0n;
  while (value.remaining > 0) {
    try {
      const { field, isMasked } = decodeFieldHeader(value, { tlvTable: null });
      if (isMasked) masked |= fieldBit(field);
      else exact |= fieldBit(field);
    } catch (error) {
      if (!(error instanceof OpenFlowError) || error.code !== 'OFPBMC_BAD_FIELD') throw error;
    }
  }
  return { exact, masked };
}

function readExactFields(value: ByteReader): FieldSet {
  const { exact, masked } = readFields(value);
  if (masked !== 0n) fail('OFPBMC_BAD_MASK');
  return exact;
}

/** What properties have said so far; where a miss is as anything else, nothing is said of it. */
interface Parts {
  instructions?: number;
  next?: bigint;
  writeActions?: number;
  applyActions?: number;
  writeFields?: FieldSet;
  applyFields?: FieldSet;
}

interface Told {
  readonly nonmiss: Parts;
  readonly miss: Parts;
  match: FieldSet;
  mask: FieldSet;
  wildcard: FieldSet;
}

function readFeature(property: Property, told: Told, version: OpenFlowVersion): void {
  if (property.experimenter !== null) return;
  const value = property.value();
  const parts = (property.type & 1) === 0 ? told.nonmiss : told.miss;
  switch (property.type) {
    case INSTRUCTIONS:
    case INSTRUCTIONS + 1:
      parts.instructions = readInstructions(value);
      break;
    case NEXT_TABLES:
    case NEXT_TABLES + 1:
      parts.next = readNextTables(value);
      break;
    case WRITE_ACTIONS:
    case WRITE_ACTIONS + 1:
      parts.writeActions = readActions(value, version);
      break;
    case APPLY_ACTIONS:
    case APPLY_ACTIONS + 1:
      parts.applyActions = readActions(value, version);
      break;
    case MATCH: {
      const { exact, masked } = readFields(value);
      told.match = exact;
      told.mask = masked;
      break;
    }
    case WILDCARDS:
      told.wildcard = readExactFields(value);
      break;
    case WRITE_SET_FIELD:
    case WRITE_SET_FIELD + 1:
      parts.writeFields = readExactFields(value);
      break;
    case APPLY_SET_FIELD:
    case APPLY_SET_FIELD + 1:
      parts.applyFields = readExactFields(value);
      break;
    default:
  }
}

function featuresOf(parts: Parts): InstructionFeatures {
  return {
    next: parts.next ?? 0n,
    instructions: parts.instructions ?? 0,
    write: { actions: parts.writeActions ?? 0, setFields: parts.writeFields ?? 0n },
    apply: { actions: parts.applyActions ?? 0, setFields: parts.applyFields ?? 0n },
  };
}

function readTable(body: ByteReader, version: OpenFlowVersion): TableFeatures {
  if (body.remaining < HEAD_SIZE) fail('OFPBPC_BAD_LEN');
  const start = body.offset;
  const size = body.u16();
  if (size < HEAD_SIZE || size % 8 !== 0 || size - 2 > body.remaining) fail('OFPBPC_BAD_LEN');
  const table = body.part(size - 2);
  const tableId = table.u8();
  const commandNumber = table.u8();
  const command = version >= 15 ? TABLE_COMMANDS[commandNumber] : 'replace';
  if (command === undefined) return fail('OFPTFFC_BAD_COMMAND');
  if (tableId === TABLE_ALL) fail('OFPTFFC_BAD_TABLE');
  table.skip(4);
  const name = readName(table, NAME_SIZE);
  const metadataMatch = table.u64();
  const metadataWrite = table.u64();
  const capabilities = table.u32();
  const maxEntries = table.u32();
  const told: Told = { nonmiss: {}, miss: {}, match: 0n, mask: 0n, wildcard: 0n };
  const seen = new Set<number>();
  const hasProperties = body.offset - start > HEAD_SIZE;
  while (table.remaining > 0) {
    const property = readProperty(table);
    const type = property.experimenter === null ? property.type : TABLE_ALL;
    if (type < 32 && seen.has(type)) fail('OFPTFFC_BAD_FEATURES');
    seen.add(type);
    readFeature(property, told, version);
  }
  const isIncomplete = REQUIRED.some((type) => !seen.has(type));
  if (isIncomplete && (hasProperties || version < 15)) fail('OFPTFFC_BAD_FEATURES');
  const match = told.match | told.mask;
  return {
    command,
    tableId,
    name,
    metadataMatch,
    metadataWrite,
    missConfig: 'default',
    supportsEviction: version >= 14 ? (capabilities & EVICTION) !== 0 : null,
    supportsVacancyEvents: version >= 14 ? (capabilities & VACANCY_EVENTS) !== 0 : null,
    maxEntries,
    nonmiss: featuresOf(told.nonmiss),
    miss: featuresOf(hasProperties ? { ...told.nonmiss, ...told.miss } : told.miss),
    match,
    mask: told.mask,
    wildcard: (told.wildcard | told.mask) & match,
    hasProperties,
  };
}

function writeTypes(body: ByteWriter, property: number, bits: number): void {
  putProperty(body, property, () => {
    for (let type = 0; type < 32; type++) {
      if (((bits >>> type) & 1) === 0) continue;
      body.u16(type);
      body.u16(4);
    }
  });
}

function writeFields(body: ByteWriter, type: number, set: FieldSet, mask: FieldSet, version: OpenFlowVersion): void {
  putProperty(body, type, () => {
    for (const field of fieldsOf(set)) encodeFieldHeader(field, version, (mask & fieldBit(field)) !== 0n, body);
  });
}

/** `miss`: 1 for packets that miss, else 0. */
function writeInstructions(
  body: ByteWriter,
  features: InstructionFeatures,
  miss: 0 | 1,
  version: OpenFlowVersion,
): void {
  writeTypes(body, INSTRUCTIONS + miss, instructionTypesTo(features.instructions, version));
  putProperty(body, NEXT_TABLES + miss, () => {
    for (let table = 0; table < TABLE_ALL; table++) {
      if (((features.next >> BigInt(table)) & 1n) === 1n) body.u8(table);
    }
  });
  const both: readonly (readonly [ActionFeatures, number, number])[] = [
    [features.write, WRITE_ACTIONS, WRITE_SET_FIELD],
    [features.apply, APPLY_ACTIONS, APPLY_SET_FIELD],
  ];
  for (const [{ actions, setFields }, actionType, fieldType] of both) {
    writeTypes(body, actionType + miss, actionTypesTo(actions, version));
    writeFields(body, fieldType + miss, setFields, 0n, version);
  }
}

function writeTable(body: ByteWriter, table: TableFeatures, version: OpenFlowVersion): void {
  const start = body.size;
  body.u16(0);
  body.u8(table.tableId);
  body.u8(version >= 15 ? TABLE_COMMANDS.indexOf(table.command) : 0);
  body.zeros(4);
  body.text(table.name, NAME_SIZE);
  body.u64(table.metadataMatch);
  body.u64(table.metadataWrite);
  const capabilities = (table.supportsEviction ? EVICTION : 0) | (table.supportsVacancyEvents ? VACANCY_EVENTS : 0);
  body.u32(version >= 14 ? capabilities : 0);
  body.u32(table.maxEntries);
  if (table.hasProperties) {
    writeInstructions(body, table.nonmiss, 0, version);
    writeInstructions(body, table.miss, 1, version);
    writeFields(body, MATCH, table.match, table.mask, version);
    writeFields(body, WILDCARDS, table.wildcard, 0n, version);
  }
  body.patchU16(start, body.size - start);
}

interface TableFeaturesMessage<K extends string> {
  readonly kind: K;
  readonly tables: readonly TableFeatures[];
}

const tableFeatures = <K extends string>(
  kind: K,
  codes: readonly MessageCode[],
): MessageKind<TableFeaturesMessage<K>> => ({
  kind,
  codes,
  decode: (body, _code, { version }) =>
    readEntries(
      body,
      () => readTable(body, version),
      (tables) => ({ kind, tables }),
    ),
  encode({ tables }, body, _code, { version }) {
    for (const table of tables) writeTable(body, table, version);
  },
  format: ({ tables }) => formatTables(tables.map((features) => ({ features, counters: null }))),
  split: ({ tables }) => tables.map((table) => ({ kind, tables: [table] })),
});

export type TableFeaturesReplyMessage = TableFeaturesMessage<'table-features-reply'>;

/** A request of no tables asks; one that has some sets what they can do. */
export const tableFeaturesRequest = tableFeatures(
  'table-features-request',
  ofpst('TABLE_FEATURES', 'request', [13, 15], 12, { size: 0, unit: 8 }),
);

export const tableFeaturesReply = tableFeatures(
  'table-features-reply',
  ofpst('TABLE_FEATURES', 'reply', [13, 15], 12, { size: HEAD_SIZE, unit: 8 }),
);
