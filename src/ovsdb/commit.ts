/**
 * What stands between a transaction and the database: referential integrity, garbage collection, row limits, weak
 * references and unique indexes, in the order of ovsdb/transaction.c. Each step throws the error that refuses the commit.
 * Property: a row of a table that is no root is there if and only if a strong reference holds it.
 */
import type { Datum } from './database.js';
import { compareDatums, isMapDatum, sizeOf } from './datum.js';
import { formatDatum } from './datum-text.js';
import { constraintViolation, OvsdbError } from './ovsdb-error.js';
import { isWeakReference } from './schema.js';
import { indexKey, referenceChanges, rowKey } from './store.js';
import type { StoredRow } from './stored-row.js';
import type { Transaction } from './transaction.js';

/** Completes the transaction (garbage and dead weak references go) and checks it. True when anything changed. */
export function prepareCommit(transaction: Transaction): boolean {
  transaction.dropUnchanged();
  if (transaction.changedTables().length === 0) return false;
  const counts = new ReferenceCounts(transaction);
  counts.update();
  counts.collectGarbage();
  checkMaxRows(transaction);
  removeDeadWeakReferences(transaction);
  checkIndexes(transaction);
  transaction.dropUnchanged();
  transaction.renewVersions();
  return transaction.changedTables().length > 0;
}

/** Counts of strong references as they will be, for the rows whose count the transaction changes. */
class ReferenceCounts {
  private readonly transaction: Transaction;
  private readonly counts = new Map<string, { readonly table: string; readonly uuid: string; count: number }>();

  constructor(transaction: Transaction) {
    this.transaction = transaction;
  }

  update(): void {
    const changes = [...this.transaction.allChanges()];
    for (const change of changes) {
      const { removed, added } = referenceChanges(change);
      for (const { table, uuid } of removed) this.add(table, uuid, -1);
      for (const { table, uuid, column } of added) {
        this.add(table, uuid, 1);
        // A target that goes in this transaction is reported below, by its own name.
        if (this.isKnown(table, uuid)) continue;
        const row = change.new!;
        throw new OvsdbError(
          'referential integrity violation',
          `Table ${row.table} column ${column} row ${row.uuid} references nonexistent row ${uuid} in table ${table}.`,
        );
      }
    }
    for (const { old, new: row } of changes) {
      const count = old === undefined || row !== undefined ? 0 : this.count(old.table, old.uuid);
      if (count === 0) continue;
      throw new OvsdbError(
        'referential integrity violation',
        `cannot delete ${old!.table} row ${old!.uuid} because of ${count} remaining reference(s)`,
      );
    }
  }

  /** Deletes rows that nothing holds, and then what they held. */
  collectGarbage(): void {
    const { transaction } = this;
    const pending: StoredRow[] = [];
    for (const { new: row } of transaction.allChanges()) if (row !== undefined) pending.push(row);
    for (const { table, uuid } of this.counts.values()) {
      const row = transaction.row(table, uuid);
      if (row !== undefined) pending.push(row);
    }
    for (let row = pending.pop(); row !== undefined; row = pending.pop()) {
      const isGone = transaction.row(row.table, row.uuid) === undefined;
      if (isGone || row.schema.isRoot || this.count(row.table, row.uuid) > 0) continue;
      transaction.delete(row);
      for (const { table, uuid } of referenceChanges({ old: row, new: undefined }).removed) {
        this.add(table, uuid, -1);
        const target = transaction.row(table, uuid);
        if (target !== undefined) pending.push(target);
      }
    }
  }

  private isKnown(table: string, uuid: string): boolean {
    const { transaction } = this;
    return transaction.row(table, uuid) !== undefined || transaction.store.rows(table).has(uuid);
  }

  private count(table: string, uuid: string): number {
    return this.counts.get(rowKey(table, uuid))?.count ?? this.transaction.store.strongCount(table, uuid);
  }

  private add(table: string, uuid: string, delta: number): void {
    this.counts.set(rowKey(table, uuid), { table, uuid, count: this.count(table, uuid) + delta });
  }
}

function checkMaxRows(transaction: Transaction): void {
  for (const table of transaction.changedTables()) {
    const { maxRows } = transaction.store.schema.tables.get(table)!;
    const count = transaction.rowCount(table);
    if (count <= maxRows) continue;
    throw constraintViolation(
      `transaction causes "${table}" table to contain ${count} rows, greater than the schema-defined limit of ${maxRows} row(s)`,
    );
  }
}

function removeDeadWeakReferences(transaction: Transaction): void {
  const suspects = new Map<string, StoredRow>();
  const suspect = (row: StoredRow | undefined): void => {
    if (row !== undefined) suspects.set(rowKey(row.table, row.uuid), row);
  };
  for (const { new: row } of transaction.allChanges()) suspect(row);
  for (const table of transaction.changedTables()) {
    const isAnyGone = [...transaction.changesOf(table)].some(({ new: row }) => row === undefined);
    if (!isAnyGone) continue;
    for (const referrer of transaction.store.weakReferrersOf(table)) transaction.rows(referrer.name).forEach(suspect);
  }
  for (const row of suspects.values()) removeDeadReferencesOf(row, transaction);
}

function removeDeadReferencesOf(row: StoredRow, transaction: Transaction): void {
  const live = new Map<string, Datum>();
  for (const { name, type } of row.schema.columns.values()) {
    if (!isWeakReference(type.key)) continue;
    const datum = row.get(name);
    // Weak references are keys of sets in the schema of a switch.
    if (isMapDatum(datum)) throw new Error(`weak references in the map ${row.table}.${name} are not supported`);
    const kept = datum.filter((uuid) => transaction.row(type.key.refTable!, uuid as string) !== undefined);
    if (kept.length === datum.length) continue;
    if (kept.length < type.min) {
      const isNew = transaction.change(row.table, row.uuid)?.old === undefined;
      throw constraintViolation(
        `Deletion of ${sizeOf(datum) - kept.length} weak reference(s) to deleted (or never-existing) rows from column ` +
          `"${name}" in "${row.table}" row ${row.uuid} ${isNew ? '(inserted within this transaction) ' : ''}caused this ` +
          'column to become empty, but constraints on this column disallow an empty column.',
      );
    }
    live.set(name, kept);
  }
  transaction.update(row, live);
}

function checkIndexes(transaction: Transaction): void {
  const seen = new Map<string, StoredRow>();
  for (const { new: row } of transaction.allChanges()) {
    if (row === undefined) continue;
    for (const columns of row.schema.indexes) {
      const key = indexKey(row, columns);
      const committed = transaction.store.indexed(key);
      const isUntouched = committed !== undefined && transaction.change(row.table, committed.uuid) === undefined;
      const other = seen.get(key) ?? (isUntouched ? committed : undefined);
      if (other !== undefined) throw duplicateRows(columns, other, row, transaction);
      seen.set(key, row);
    }
  }
}

const englishList = (items: readonly string[]): string =>
  items.length < 3 ? items.join(' and ') : `${items.slice(0, -1).join(', ')}, and ${items.at(-1)}`;

const indexValues = (row: StoredRow, columns: readonly string[]): string =>
  englishList(columns.map((column) => formatDatum(row.get(column), row.schema.columns.get(column)!.type)));

/** The greater row is named first. OVS compares columns in the order of their names' hashes, this in the schema's. */
function compareRows(a: StoredRow, b: StoredRow): number {
  for (const column of a.schema.columns.keys()) {
    const order = compareDatums(a.get(column), b.get(column));
    if (order !== 0) return order;
  }
  return a.uuid < b.uuid ? -1 : 1;
}

function duplicateRows(columns: readonly string[], a: StoredRow, b: StoredRow, transaction: Transaction): OvsdbError {
  const [first, second] = compareRows(a, b) < 0 ? [b, a] : [a, b];
  const names = `column${columns.length > 1 ? 's' : ''} ${englishList(columns.map((column) => `"${column}"`))}`;
  return constraintViolation(
    `Transaction causes multiple rows in "${a.table}" table to have identical values (${indexValues(a, columns)}) ` +
      `for index on ${names}.  First row, with UUID ${first.uuid}, ${historyOf(first, columns, transaction)}  ` +
      `Second row, with UUID ${second.uuid}, ${historyOf(second, columns, transaction)}`,
  );
}

function historyOf(row: StoredRow, columns: readonly string[], transaction: Transaction): string {
  const change = transaction.change(row.table, row.uuid);
  if (change === undefined) {
    return 'existed in the database before this transaction and was not modified by the transaction.';
  }
  if (change.old === undefined) return 'was inserted by this transaction.';
  if (indexKey(change.old, columns) === indexKey(row, columns)) {
    return (
      "existed in the database before this transaction, which modified some of the row's columns " +
      'but not any columns in this index.'
    );
  }
  return `had the following index values before the transaction: ${indexValues(change.old, columns)}.`;
}
