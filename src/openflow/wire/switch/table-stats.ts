/**
 * OFPST_TABLE (OpenFlow 1.5.1 §7.3.5.4): counters of tables, and up to OpenFlow 1.2 what they can do. Mirrors
 * ofputil_append_table_stats_reply() and ofputil_decode_table_stats_reply() of lib/ofp-table.c.
 *
 *     1.0 (64 bytes): table (1), zeros (3), name (32), wildcards, entries, active (4 each), lookups, matched (8 each)
 *     1.1 (88): table (1), zeros (7), name (32), wildcards, match, instructions, actions to write and to apply, what
 *               becomes of a miss, entries, active (4 each), lookups, matched (8 each)
 *     1.2 (128): table (1), zeros (7), name (32), match, wildcards (8 each), actions to write and to apply (4 each),
 *               fields to write and to apply, metadata to match and to write (8 each), instructions, miss, entries,
 *               active (4 each), lookups, matched (8 each)
 *     later (24): table (1), zeros (3), active (4), lookups, matched (8 each)
 */
import { actionTypesFrom, actionTypesTo, instructionTypesFrom, instructionTypesTo } from '../../action-types.js';
import type { OpenFlowVersion } from '../../protocol.js';
import { formatTables, type ShownTable } from '../../table-features-format.js';
import {
  fieldSet,
  type FieldSet,
  fieldsFromWildcards,
  fieldsOf,
  fieldsToWildcards,
  NO_INSTRUCTION_FEATURES,
  NO_TABLE_FEATURES,
  type TableFeatures,
} from '../../table-features.js';
import type { TableMiss } from '../../table-mod.js';
import { bareMessage } from '../bare-message.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { oxmOfField } from '../match/field-header.js';
import { ofpst, VOID } from '../message-code.js';
import { type MessageKind, readEntries } from '../message-kind.js';
import { readName } from './port-structure.js';

export const tableStatsRequest = bareMessage('table-stats-request', ofpst('TABLE', 'request', [10, 15], 3, VOID));

export interface TableStatsReplyMessage {
  readonly kind: 'table-stats-reply';
  readonly tables: readonly (ShownTable & { readonly counters: NonNullable<ShownTable['counters']> })[];
}
type CountedTable = TableStatsReplyMessage['tables'][number];

const NAME_SIZE = 32;
const OXM_BASIC = 0x8000;

/** OFPTC11_TABLE_MISS_*. */
const MISSES: readonly TableMiss[] = ['controller', 'continue', 'drop'];
/** OVS's own numbers, which is what its reply of OpenFlow 1.1 has. */
const OWN_MISSES: readonly TableMiss[] = ['default', 'controller', 'continue', 'drop'];

export const missOf = (config: number): TableMiss => MISSES[config & 3] ?? 'controller';
export const missNumber = (miss: TableMiss): number => Math.max(0, MISSES.indexOf(miss));

/** The bit of a field in OpenFlow 1.2's sets: its number, where it has one of the basic class below 64. */
function oxmBit(set: FieldSet, version: OpenFlowVersion): bigint {
  return fieldsOf(set).reduce((bits, field) => {
    const { oxmClass, oxmField } = oxmOfField(field, version);
    return oxmClass === OXM_BASIC && oxmField < 64 ? bits | (1n << BigInt(oxmField)) : bits;
  }, 0n);
}

function fieldsFromOxm(bits: bigint, version: OpenFlowVersion): FieldSet {
  return fieldSet((field) => {
    if (field.oxm.length === 0) return false;
    const { oxmClass, oxmField, since } = oxmOfField(field, version);
    return since <= version && oxmClass === OXM_BASIC && oxmField < 64 && ((bits >> BigInt(oxmField)) & 1n) === 1n;
  });
}

const readCounters = (body: ByteReader): CountedTable['counters'] => ({
  active: body.u32(),
  lookups: body.u64(),
  matched: body.u64(),
});

function readTable10(body: ByteReader): CountedTable {
  const tableId = body.u8();
  body.skip(3);
  const name = readName(body, NAME_SIZE);
  const match = fieldsFromWildcards(body.u32(), 10);
  const features = { ...NO_TABLE_FEATURES, tableId, name, match, wildcard: match, maxEntries: body.u32() };
  return { features, counters: readCounters(body) };
}

function readTable11(body: ByteReader): CountedTable {
  const tableId = body.u8();
  body.skip(7);
  const name = readName(body, NAME_SIZE);
  const wildcard = fieldsFromWildcards(body.u32(), 11);
  const match = fieldsFromWildcards(body.u32(), 11) | wildcard;
  const instructions = instructionTypesFrom(body.u32(), 11);
  // OVS takes those to write for those to apply, too.
  const actions = { actions: actionTypesFrom(body.u32(), 11), setFields: 0n };
  body.skip(4);
  const nonmiss = { ...NO_INSTRUCTION_FEATURES, instructions, write: actions, apply: actions };
  const missConfig = missOf(body.u32());
  const maxEntries = body.u32();
  const features = { ...NO_TABLE_FEATURES, tableId, name, match, wildcard, nonmiss, miss: nonmiss };
  return { features: { ...features, missConfig, maxEntries }, counters: readCounters(body) };
}

function readTable12(body: ByteReader): CountedTable {
  const tableId = body.u8();
  body.skip(7);
  const name = readName(body, NAME_SIZE);
  const matchBits = body.u64();
  const wildcard = fieldsFromOxm(body.u64(), 12);
  const match = fieldsFromOxm(matchBits, 12) | wildcard;
  const writeActions = actionTypesFrom(body.u32(), 12);
  const applyActions = actionTypesFrom(body.u32(), 12);
  const write = { actions: writeActions, setFields: fieldsFromOxm(body.u64(), 12) };
  const apply = { actions: applyActions, setFields: fieldsFromOxm(body.u64(), 12) };
  const metadataMatch = body.u64();
  const metadataWrite = body.u64();
  const nonmiss = { ...NO_INSTRUCTION_FEATURES, instructions: instructionTypesFrom(body.u32(), 12), write, apply };
  const missConfig = missOf(body.u32());
  const maxEntries = body.u32();
  const features: TableFeatures = {
    ...NO_TABLE_FEATURES,
    tableId,
    name,
    match,
    wildcard,
    nonmiss,
    miss: nonmiss,
    metadataMatch,
    metadataWrite,
    missConfig,
    maxEntries,
  };
  return { features, counters: readCounters(body) };
}

function readTable(body: ByteReader, version: OpenFlowVersion): CountedTable {
  if (version === 10) return readTable10(body);
  if (version === 11) return readTable11(body);
  if (version === 12) return readTable12(body);
  const tableId = body.u8();
  body.skip(3);
  return { features: { ...NO_TABLE_FEATURES, tableId }, counters: readCounters(body) };
}

/** OpenFlow 1.0 and 1.1 do not tell fields that cannot be matched from those that need not be. */
const wildOrNot = ({ match, wildcard }: TableFeatures): FieldSet => ~match | wildcard;

function writeTable({ features, counters }: CountedTable, body: ByteWriter, version: OpenFlowVersion): void {
  const { nonmiss } = features;
  body.u8(features.tableId);
  body.zeros(version === 11 || version === 12 ? 7 : 3);
  if (version < 13) body.text(features.name, NAME_SIZE);
  if (version === 10) {
    body.u32(fieldsToWildcards(wildOrNot(features), 10));
    body.u32(features.maxEntries);
  } else if (version === 11) {
    body.u32(fieldsToWildcards(wildOrNot(features), 11));
    body.u32(fieldsToWildcards(features.match, 11));
    body.u32(instructionTypesTo(nonmiss.instructions, 11));
    body.u32(actionTypesTo(nonmiss.write.actions, 11));
    body.u32(actionTypesTo(nonmiss.apply.actions, 11));
    body.u32(OWN_MISSES.indexOf(features.missConfig));
    body.u32(features.maxEntries);
  } else if (version === 12) {
    body.u64(oxmBit(features.match, 12));
    body.u64(oxmBit(features.wildcard, 12));
    body.u32(actionTypesTo(nonmiss.write.actions, 12));
    body.u32(actionTypesTo(nonmiss.apply.actions, 12));
    body.u64(oxmBit(nonmiss.write.setFields, 12));
    body.u64(oxmBit(nonmiss.apply.setFields, 12));
    body.u64(features.metadataMatch);
    body.u64(features.metadataWrite);
    body.u32(instructionTypesTo(nonmiss.instructions, 12));
    body.u32(missNumber(features.missConfig));
    body.u32(features.maxEntries);
  }
  body.u32(counters.active);
  body.u64(counters.lookups);
  body.u64(counters.matched);
}

export const tableStatsReply: MessageKind<TableStatsReplyMessage> = {
  kind: 'table-stats-reply',
  codes: [
    ...ofpst('TABLE', 'reply', [10, 10], 3, { size: 0, unit: 64 }),
    ...ofpst('TABLE', 'reply', [11, 11], 3, { size: 0, unit: 88 }),
    ...ofpst('TABLE', 'reply', [12, 12], 3, { size: 0, unit: 128 }),
    ...ofpst('TABLE', 'reply', [13, 15], 3, { size: 0, unit: 24 }),
  ],
  decode: (body, _code, { version }) =>
    readEntries(
      body,
      () => readTable(body, version),
      (tables) => ({ kind: 'table-stats-reply', tables }),
    ),
  encode({ tables }, body, _code, { version }) {
    for (const table of tables) writeTable(table, body, version);
  },
  format: ({ tables }) => formatTables(tables),
  split: ({ tables }) => tables.map((table) => ({ kind: 'table-stats-reply', tables: [table] })),
};
