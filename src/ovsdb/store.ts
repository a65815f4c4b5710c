/**
 * What is committed: rows by table, how many strong references hold each row, and the unique indexes.
 * Invariant: the counts and the indexes are those of the rows. Only a transaction that passed its checks calls apply().
 */
import type { Atom } from './database.js';
import { keysOf, valuesOf } from './datum.js';
import { quoteJson, sortedJson } from './json.js';
import type { ColumnType, DatabaseSchema, TableSchema } from './schema.js';
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

export interface StrongReference extends RowReference {
  readonly column: string;
}

/** The strong references in one column of a row, except those to itself. */
function strongReferencesOf(row: StoredRow | undefined, column: string): readonly StrongReference[] {
  const type = row?.schema.columns.get(column)?.type;
  if (row === undefined || type === undefined) return [];
  const references: StrongReference[] = [];
  const collect = (table: string | undefined, atoms: readonly Atom[]): void => {
    for (const uuid of atoms) if (uuid !== row.uuid) references.push({ table: table!, uuid: uuid as string, column });
  };
  if (isStrongReference(type.key)) collect(type.key.refTable, keysOf(row.get(column)));
  if (isStrongReference(type.value)) collect(type.value?.refTable, valuesOf(row.get(column)));
  return references;
}

const holdsStrongReferences = ({ key, value }: ColumnType): boolean =>
  isStrongReference(key) || isStrongReference(value);

/** What a change takes from the strong references in the database and what it adds; what stays is in neither. */
export function referenceChanges({ old, new: row }: RowChange): {
  readonly removed: readonly StrongReference[];
  readonly added: readonly StrongReference[];
} {
  const removed: StrongReference[] = [];
  const added: StrongReference[] = [];
  for (const { name, type } of (old ?? row)?.schema.columns.values() ?? []) {
    if (!holdsStrongReferences(type)) continue;
    if (old !== undefined && row !== undefined && old.get(name) === row.get(name)) continue;
    const before = strongReferencesOf(old, name);
    const after = strongReferencesOf(row, name);
    // A map may refer to one row twice, so what stays is counted.
    const counts = new Map<string, number>();
    for (const { uuid } of before) counts.set(uuid, (counts.get(uuid) ?? 0) + 1);
    for (const reference of after) {
      const count = counts.get(reference.uuid) ?? 0;
      if (count === 0) added.push(reference);
      else counts.set(reference.uuid, count - 1);
    }
    for (const reference of before) {
      const count = counts.get(reference.uuid) ?? 0;
      if (count === 0) continue;
      removed.push(reference);
      counts.set(reference.uuid, count - 1);
    }
  }
  return { removed, added };
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
    for (const change of all) {
      const { removed, added } = referenceChanges(change);
      for (const { table, uuid } of removed) this.count(table, uuid, -1);
      for (const { table, uuid } of added) this.count(table, uuid, 1);
      const { old } = change;
      for (const columns of old?.schema.indexes ?? []) this.indexes.delete(indexKey(old!, columns));
    }
    for (const { old, new: row } of all) {
      if (row === undefined) {
        if (old !== undefined) this.tables.get(old.table)?.delete(old.uuid);
        continue;
      }
      this.tables.get(row.table)?.set(row.uuid, row);
      for (const columns of row.schema.indexes) this.indexes.set(indexKey(row, columns), row);
    }
  }

  private count(table: string, uuid: string, delta: number): void {
    const key = rowKey(table, uuid);
    const count = (this.strongCounts.get(key) ?? 0) + delta;
    if (count === 0) this.strongCounts.delete(key);
    else this.strongCounts.set(key, count);
  }
}
