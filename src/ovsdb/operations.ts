/**
 * The operations of a transaction (RFC 7047 §5.2), each against the rows that the transaction sees. Mirrors
 * ovsdb/execution.c. Deliberate difference: `wait` cannot wait, because nothing else runs meanwhile; a condition that
 * does not hold now is a time-out (timeout 0) or "not supported".
 */
import type { Datum, Operation, OperationResult } from './database.js';
import { checkDatum, compareDatums, defaultDatum, sizeOf } from './datum.js';
import type { Condition } from './condition.js';
import { conditionHolds, readCondition } from './condition.js';
import type { SymbolLookup } from './datum-json.js';
import { datumFromJson, datumToJson } from './datum-json.js';
import { sortedJson } from './json.js';
import { applyMutation, readMutations } from './mutation.js';
import { OperationReader } from './operation-reader.js';
import { OvsdbError, syntaxError } from './ovsdb-error.js';
import type { ColumnSchema, TableSchema } from './schema.js';
import { allColumns, findColumn } from './schema.js';
import type { StoredRow } from './stored-row.js';
import type { Transaction } from './transaction.js';
import { isUuid, makeUuid } from './uuid.js';

type Execute = (transaction: Transaction, reader: OperationReader, operation: Operation) => OperationResult;

const operations: ReadonlyMap<string, Execute> = new Map<string, Execute>([
  ['insert', insert],
  ['select', select],
  ['update', update],
  ['mutate', mutate],
  ['delete', deleteRows],
  ['wait', wait],
  ['commit', commit],
  ['abort', abort],
  ['comment', comment],
  ['assert', assert],
]);

/** Runs one operation. `place` names it in errors: `1 of 3`. */
export function executeOperation(transaction: Transaction, operation: Operation, place: string): OperationResult {
  const reader = new OperationReader(operation, `ovsdb operation ${place}`);
  let result: OperationResult;
  try {
    const name = reader.required('op', 'id');
    const execute = operations.get(name);
    if (execute === undefined) throw reader.fail(`No operation "${name}"`);
    result = execute(transaction, reader, operation);
  } catch (error) {
    // What is wrong with the operation's form matters more than what came of running it.
    if (error instanceof OvsdbError) reader.finish();
    throw error;
  }
  reader.finish();
  return result;
}

const lookupIn =
  (transaction: Transaction): SymbolLookup =>
  (name) =>
    transaction.named(name).uuid;

function readTable(transaction: Transaction, reader: OperationReader): TableSchema {
  const name = reader.required('table', 'id');
  const table = transaction.store.schema.tables.get(name);
  if (table === undefined) throw reader.fail(`No table named ${name}.`);
  return table;
}

function readRow(json: unknown, table: TableSchema, lookup: SymbolLookup): ReadonlyMap<string, Datum> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw syntaxError(json, 'row must be JSON object');
  }
  const values = new Map<string, Datum>();
  for (const [name, value] of Object.entries(json)) {
    const column = findColumn(table, name);
    if (column === undefined) throw syntaxError(json, `No column ${name} in table ${table.name}.`, 'unknown column');
    values.set(name, datumFromJson(value, column.type, lookup));
  }
  return values;
}

function readColumns(json: readonly unknown[] | undefined, table: TableSchema): readonly ColumnSchema[] | undefined {
  if (json === undefined) return undefined;
  const columns: ColumnSchema[] = [];
  for (const name of json) {
    const column = typeof name === 'string' ? findColumn(table, name) : undefined;
    if (typeof name === 'string' && column === undefined) throw syntaxError(json, `${name} is not a valid column name`);
    if (column === undefined || columns.some((seen) => seen.name === column.name)) {
      throw syntaxError(json, 'array of distinct column names expected');
    }
    columns.push(column);
  }
  return columns;
}

function matchingRows(transaction: Transaction, table: TableSchema, condition: Condition): readonly StoredRow[] {
  const pinned = condition.uuid === undefined ? undefined : transaction.row(table.name, condition.uuid);
  const candidates = condition.uuid === undefined ? transaction.rows(table.name) : pinned === undefined ? [] : [pinned];
  return candidates.filter((row) => conditionHolds(condition, (column) => row.get(column)));
}

function insert(transaction: Transaction, reader: OperationReader): OperationResult {
  const table = readTable(transaction, reader);
  const wantedUuid = reader.optional('uuid', 'string');
  const name = reader.optional('uuid-name', 'id');
  const json = reader.required('row', 'object');

  let uuid: string | undefined;
  if (wantedUuid !== undefined) {
    if (!isUuid(wantedUuid)) throw syntaxError(wantedUuid, 'bad uuid');
    uuid = wantedUuid.toLowerCase();
    if (transaction.row(table.name, uuid) !== undefined || transaction.change(table.name, uuid) !== undefined) {
      const details =
        'This UUID would duplicate a UUID already present within the table or deleted within the same transaction.';
      throw syntaxError(wantedUuid, details, 'duplicate uuid');
    }
  }
  if (name !== undefined) {
    const named = transaction.named(name);
    if (named.isInserted) {
      const details = 'This "uuid-name" appeared on an earlier "insert" operation.';
      throw syntaxError(name, details, 'duplicate uuid-name');
    }
    named.uuid = uuid ?? named.uuid;
    named.isInserted = true;
    uuid = named.uuid;
  }
  const values = readRow(json, table, lookupIn(transaction));
  const row = transaction.insert(table, uuid ?? makeUuid(transaction.rng), values);
  // What was given has been checked; a column's default may break its constraints too.
  for (const column of table.columns.values()) {
    const datum = row.get(column.name);
    if (sizeOf(datum) === 1) checkDatum(datum, column.type);
  }
  return { uuid: ['uuid', row.uuid] };
}

function select(transaction: Transaction, reader: OperationReader): OperationResult {
  const table = readTable(transaction, reader);
  const where = reader.required('where', 'array');
  const columnNames = reader.optional('columns', 'array');
  const sortNames = reader.optional('sort', 'array');
  const condition = readCondition(where, table, lookupIn(transaction));
  const columns = readColumns(columnNames, table) ?? allColumns(table);
  const sortColumns = readColumns(sortNames, table) ?? [];
  const found = [...matchingRows(transaction, table, condition)].sort((a, b) => compareRows(a, b, sortColumns));
  const isDistinct = columns.some(({ name }) => name === '_uuid');
  const seen = new Set<string>();
  const rows: unknown[] = [];
  for (const row of found) {
    const json = Object.fromEntries(columns.map(({ name, type }) => [name, datumToJson(row.get(name), type)]));
    const text = isDistinct ? '' : sortedJson(json);
    if (!isDistinct && seen.has(text)) continue;
    seen.add(text);
    rows.push(json);
  }
  return { rows };
}

function compareRows(a: StoredRow, b: StoredRow, columns: readonly ColumnSchema[]): number {
  for (const { name } of columns) {
    const order = compareDatums(a.get(name), b.get(name));
    if (order !== 0) return order;
  }
  return 0;
}

function update(transaction: Transaction, reader: OperationReader, operation: Operation): OperationResult {
  const table = readTable(transaction, reader);
  const where = reader.required('where', 'array');
  const json = reader.required('row', 'object');
  const lookup = lookupIn(transaction);
  const values = readRow(json, table, lookup);
  for (const name of values.keys()) {
    if (findColumn(table, name)?.mutable === true) continue;
    const details = `Cannot update immutable column ${name} in table ${table.name}.`;
    throw syntaxError(operation, details, 'constraint violation');
  }
  const rows = matchingRows(transaction, table, readCondition(where, table, lookup));
  for (const row of rows) transaction.update(row, values);
  return { count: rows.length };
}

function mutate(transaction: Transaction, reader: OperationReader): OperationResult {
  const table = readTable(transaction, reader);
  const where = reader.required('where', 'array');
  const json = reader.required('mutations', 'array');
  const lookup = lookupIn(transaction);
  const mutations = readMutations(json, table, lookup);
  const rows = matchingRows(transaction, table, readCondition(where, table, lookup));
  for (const row of rows) {
    const values = new Map<string, Datum>();
    for (const mutation of mutations) {
      const { name } = mutation.column;
      values.set(name, applyMutation(mutation, values.get(name) ?? row.get(name)));
    }
    transaction.update(row, values);
  }
  return { count: rows.length };
}

function deleteRows(transaction: Transaction, reader: OperationReader): OperationResult {
  const where = reader.required('where', 'array');
  const table = readTable(transaction, reader);
  const rows = matchingRows(transaction, table, readCondition(where, table, lookupIn(transaction)));
  for (const row of rows) transaction.delete(row);
  return { count: rows.length };
}

function wait(transaction: Transaction, reader: OperationReader): OperationResult {
  const timeoutMs = reader.optional('timeout', 'integer');
  const where = reader.required('where', 'array');
  const columnNames = reader.optional('columns', 'array');
  const until = reader.required('until', 'string');
  const json = reader.required('rows', 'array');
  const table = readTable(transaction, reader);
  const lookup = lookupIn(transaction);
  const condition = readCondition(where, table, lookup);
  const columns = readColumns(columnNames, table) ?? allColumns(table);
  if (timeoutMs !== undefined && timeoutMs < 0) throw syntaxError(timeoutMs, 'timeout must be nonnegative');
  if (until !== '==' && until !== '!=') throw syntaxError(until, '"until" must be "==" or "!="');

  const shape = (field: (column: ColumnSchema) => Datum): string =>
    sortedJson(columns.map((column) => datumToJson(field(column), column.type)));
  const expected = new Set(
    json.map((row) => {
      const values = readRow(row, table, lookup);
      return shape(({ name, type }) => values.get(name) ?? defaultDatum(type));
    }),
  );
  const actual = new Set(matchingRows(transaction, table, condition).map((row) => shape(({ name }) => row.get(name))));
  const isEqual = actual.size === expected.size && [...actual].every((row) => expected.has(row));
  if ((until === '==') === isEqual) return {};
  if (timeoutMs === 0) throw new OvsdbError('timed out', '"where" clause test failed');
  throw new OvsdbError('not supported', 'triggers not supported');
}

function commit(_transaction: Transaction, reader: OperationReader): OperationResult {
  reader.required('durable', 'boolean');
  return {};
}

function abort(): OperationResult {
  throw new OvsdbError('aborted', 'aborted by request');
}

function comment(_transaction: Transaction, reader: OperationReader): OperationResult {
  reader.required('comment', 'string');
  return {};
}

/** Nobody but the caller uses this database, so nobody holds a lock. */
function assert(_transaction: Transaction, reader: OperationReader): OperationResult {
  const lock = reader.required('lock', 'id');
  throw new OvsdbError('not owner', `Asserted lock ${lock} not held.`);
}
