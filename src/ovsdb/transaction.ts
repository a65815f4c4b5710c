/**
 * The changes of one transaction over the committed rows: reads see them, the database does not, until commit.
 * Mirrors the first half of ovsdb/transaction.c. Invariant: the store is untouched as long as this lives.
 */
import type { Rng } from '#datapath/environment.js';
import type { Datum } from './database.js';
import { datumsEqual, defaultDatum } from './datum.js';
import type { TableSchema } from './schema.js';
import type { RowChange, Store } from './store.js';
import type { RowLookup } from './stored-row.js';
import { StoredRow } from './stored-row.js';
import { makeUuid } from './uuid.js';

interface NamedUuid {
  uuid: string;
  isInserted: boolean;
}

export class Transaction {
  readonly store: Store;
  readonly rng: Rng;
  private readonly lookup: RowLookup;
  private readonly changes = new Map<string, Map<string, RowChange>>();
  private readonly names = new Map<string, NamedUuid>();

  constructor(store: Store, rng: Rng, lookup: RowLookup) {
    this.store = store;
    this.rng = rng;
    this.lookup = lookup;
  }

  /** The UUID that a name stands for; it may be used before the insert that defines it. */
  named(name: string): NamedUuid {
    let known = this.names.get(name);
    if (known === undefined) {
      known = { uuid: makeUuid(this.rng), isInserted: false };
      this.names.set(name, known);
    }
    return known;
  }

  row(table: string, uuid: string): StoredRow | undefined {
    const change = this.change(table, uuid);
    return change === undefined ? this.store.rows(table).get(uuid) : change.new;
  }

  /** What the transaction did to a row so far. */
  change(table: string, uuid: string): RowChange | undefined {
    return this.changes.get(table)?.get(uuid);
  }

  changesOf(table: string): Iterable<RowChange> {
    return this.changes.get(table)?.values() ?? [];
  }

  changedTables(): readonly string[] {
    return [...this.changes.keys()];
  }

  *allChanges(): Iterable<RowChange> {
    for (const rows of this.changes.values()) yield* rows.values();
  }

  /** All rows in order of creation. */
  rows(table: string): readonly StoredRow[] {
    const committed = this.store.rows(table);
    const changed = this.changes.get(table);
    if (changed === undefined) return [...committed.values()];
    const rows: StoredRow[] = [];
    for (const [uuid, row] of committed) {
      const change = changed.get(uuid);
      const now = change === undefined ? row : change.new;
      if (now !== undefined) rows.push(now);
    }
    for (const change of changed.values()) {
      if (change.old === undefined && change.new !== undefined) rows.push(change.new);
    }
    return rows;
  }

  rowCount(table: string): number {
    let count = this.store.rows(table).size;
    for (const change of this.changesOf(table)) {
      count += Number(change.new !== undefined) - Number(change.old !== undefined);
    }
    return count;
  }

  insert(schema: TableSchema, uuid: string, values: ReadonlyMap<string, Datum>): StoredRow {
    const fields = new Map<string, Datum>();
    for (const { name, type } of schema.columns.values()) fields.set(name, values.get(name) ?? defaultDatum(type));
    const row = new StoredRow(schema, uuid, makeUuid(this.rng), fields, this.lookup);
    this.put(row.table, uuid, { old: undefined, new: row });
    return row;
  }

  update(row: StoredRow, values: ReadonlyMap<string, Datum>): void {
    const different = [...values].filter(([column, datum]) => !datumsEqual(row.get(column), datum));
    if (different.length > 0) this.replace(row, row.with(new Map(different)));
  }

  delete(row: StoredRow): void {
    this.replace(row, undefined);
  }

  /** Forgets changes that came to nothing in the end. */
  dropUnchanged(): void {
    for (const [table, rows] of this.changes) {
      for (const [uuid, change] of rows) if (isUnchanged(change)) rows.delete(uuid);
      if (rows.size === 0) this.changes.delete(table);
    }
  }

  /** Gives each row that differs from before a new version. */
  renewVersions(): void {
    for (const [table, rows] of this.changes) {
      for (const [uuid, { old, new: row }] of rows) {
        if (old === undefined || row === undefined) continue;
        this.put(table, uuid, { old, new: row.withVersion(makeUuid(this.rng)) });
      }
    }
  }

  private replace(row: StoredRow, now: StoredRow | undefined): void {
    const change = this.change(row.table, row.uuid);
    this.put(row.table, row.uuid, { old: change === undefined ? row : change.old, new: now });
  }

  private put(table: string, uuid: string, change: RowChange): void {
    let rows = this.changes.get(table);
    if (rows === undefined) {
      rows = new Map();
      this.changes.set(table, rows);
    }
    rows.set(uuid, change);
  }
}

function isUnchanged({ old, new: row }: RowChange): boolean {
  if (old === undefined || row === undefined) return old === row;
  if (old === row) return true;
  return [...old.schema.columns.keys()].every((column) => datumsEqual(old.get(column), row.get(column)));
}
