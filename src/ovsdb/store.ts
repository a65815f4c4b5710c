/**
 * What is committed: rows by table, how many strong references hold each row, and the unique indexes.
 * Invariant: the counts and the indexes are those of the rows. Only a transaction that passed its checks calls apply().
 */
import type { Atom } from './database.js';
import { keysOf, valuesOf } from './datum.js';
import { quoteJson, sortedJson } from './json.js';
import type { DatabaseSchema, TableSchema } from './schema.js';
import { isStrongReference, isWeakReference } from './schema.js';
import type { StoredRow } from './stored-row.js';

/** A row's place: table and UUID. */
export interface RowReference {
  readonly table: string;
  readonly uuid: string;
}

export interface RowChange {
  readonly old: StoredRow | undefined;
  /** Undefined when the row goes. */
  readonly new: StoredRow | undefined;
}

export const rowKey = (table: string, uuid: string): string => `${table} ${uuid}`;

/** The strong references of a row, except those to itself. */
export function strongReferences(row: StoredRow): readonly (RowReference & { readonly column: string })[] {
  const references: (RowReference & { readonly column: string })[] = [];
  for (const [column, { type }] of row.schema.columns) {
    const collect = (table: string | undefined, atoms: readonly Atom[]): void => {
      for (const uuid of atoms) if (uuid !== row.uuid) references.push({ table: table!, uuid: uuid as string, column });
    };
    if (isStrongReference(type.key)) collect(type.key.refTable, keysOf(row.get(column)));
    if (isStrongReference(type.value)) collect(type.value?.refTable, valuesOf(row.get(column)));
  }
  return references;
}

/** Where a row stands in one of its table's unique indexes. */
export const indexKey = (row: StoredRow, columns: readonly string[]): string =>
  `${quoteJson(row.table)}${sortedJson(columns.map((column) => [column, [...row.get(column)]]))}`;

export class Store {
  readonly schema: DatabaseSchema;
  private readonly tables: ReadonlyMap<string, Map<string, StoredRow>>;
  private readonly strongCounts = new Map<string, number>();
  private readonly indexes = new Map<string, StoredRow>();
  /** For each table, those that have weak references to it. */
  private readonly weakReferrers = new Map<string, TableSchema[]>();

  constructor(schema: DatabaseSchema) {
    this.schema = schema;
    this.tables = new Map([...schema.tables.keys()].map((table) => [table, new Map()]));
    for (const table of schema.tables.values()) {
      for (const { type } of table.columns.values()) {
        const target = isWeakReference(type.key) ? type.key.refTable : undefined;
        if (target === undefined) continue;
        const referrers = this.weakReferrers.get(target) ?? [];
        if (!referrers.includes(table)) this.weakReferrers.set(target, [...referrers, table]);
      }
    }
  }

  rows(table: string): ReadonlyMap<string, StoredRow> {
    const rows = this.tables.get(table);
    if (rows === undefined) throw new Error(`the database has no table ${table}`);
    return rows;
  }

  strongCount(table: string, uuid: string): number {
    return this.strongCounts.get(rowKey(table, uuid)) ?? 0;
  }

  indexed(key: string): StoredRow | undefined {
    return this.indexes.get(key);
  }

  weakReferrersOf(table: string): readonly TableSchema[] {
    return this.weakReferrers.get(table) ?? [];
  }

  apply(changes: Iterable<RowChange>): void {
    const all = [...changes];
    for (const { old } of all) {
      if (old === undefined) continue;
      for (const columns of old.schema.indexes) this.indexes.delete(indexKey(old, columns));
      this.count(old, -1);
    }
    for (const { old, new: row } of all) {
      if (row === undefined) {
        if (old !== undefined) this.tables.get(old.table)?.delete(old.uuid);
        continue;
      }
      this.tables.get(row.table)?.set(row.uuid, row);
      for (const columns of row.schema.indexes) this.indexes.set(indexKey(row, columns), row);
      this.count(row, 1);
    }
  }

  private count(row: StoredRow, delta: number): void {
    for (const { table, uuid } of strongReferences(row)) {
      const key = rowKey(table, uuid);
      const count = (this.strongCounts.get(key) ?? 0) + delta;
      if (count === 0) this.strongCounts.delete(key);
      else this.strongCounts.set(key, count);
    }
  }
}
