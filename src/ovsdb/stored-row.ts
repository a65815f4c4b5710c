/**
 * A row as the database keeps and hands it out: immutable, so that whoever holds one sees what it was when read.
 * Only refs() looks at the database of the present.
 */
import type { Atom, Datum, Row } from './database.js';
import { isMapDatum } from './datum.js';
import type { TableSchema } from './schema.js';

export type RowLookup = (table: string, uuid: string) => Row | undefined;

export class StoredRow implements Row {
  readonly schema: TableSchema;
  readonly uuid: string;
  readonly version: string;
  private readonly fields: ReadonlyMap<string, Datum>;
  private readonly lookup: RowLookup;

  constructor(
    schema: TableSchema,
    uuid: string,
    version: string,
    fields: ReadonlyMap<string, Datum>,
    lookup: RowLookup,
  ) {
    this.schema = schema;
    this.uuid = uuid;
    this.version = version;
    this.fields = fields;
    this.lookup = lookup;
  }

  get table(): string {
    return this.schema.name;
  }

  /** The same row with some columns changed. */
  with(changes: ReadonlyMap<string, Datum>): StoredRow {
    return new StoredRow(this.schema, this.uuid, this.version, new Map([...this.fields, ...changes]), this.lookup);
  }

  withVersion(version: string): StoredRow {
    return new StoredRow(this.schema, this.uuid, version, this.fields, this.lookup);
  }

  get(column: string): Datum {
    const datum = this.fields.get(column);
    if (datum !== undefined) return datum;
    if (column === '_uuid') return [this.uuid];
    if (column === '_version') return [this.version];
    throw new Error(`table ${this.table} has no column ${column}`);
  }

  string(column: string): string | undefined {
    return this.atom(column, 'string') as string | undefined;
  }

  integer(column: string): number | undefined {
    return this.atom(column, 'number') as number | undefined;
  }

  boolean(column: string): boolean | undefined {
    return this.atom(column, 'boolean') as boolean | undefined;
  }

  strings(column: string): readonly string[] {
    return this.atoms(column, 'string') as readonly string[];
  }

  integers(column: string): readonly number[] {
    return this.atoms(column, 'number') as readonly number[];
  }

  map(column: string): ReadonlyMap<string, string> {
    const datum = this.get(column);
    const { value } = this.schema.columns.get(column)?.type ?? {};
    if (isMapDatum(datum) && value?.type === 'string') return datum as ReadonlyMap<string, string>;
    throw new Error(`column ${column} of table ${this.table} does not map strings to strings`);
  }

  refs(column: string): readonly Row[] {
    const { key, value } = this.schema.columns.get(column)?.type ?? {};
    const datum = this.get(column);
    const target = value ?? key;
    if (target?.refTable === undefined) throw new Error(`column ${column} of table ${this.table} refers to no table`);
    const uuids = isMapDatum(datum) ? [...datum.values()] : datum;
    return uuids.map((uuid) => this.lookup(target.refTable!, uuid as string)).filter((row) => row !== undefined);
  }

  private atom(column: string, type: 'string' | 'number' | 'boolean'): Atom | undefined {
    return this.atoms(column, type)[0];
  }

  private atoms(column: string, type: 'string' | 'number' | 'boolean'): readonly Atom[] {
    const datum = this.get(column);
    if (isMapDatum(datum)) throw new Error(`column ${column} of table ${this.table} is a map`);
    // All atoms of a column have one type, so the first speaks for all.
    if (datum.length > 0 && typeof datum[0] !== type) {
      throw new Error(`column ${column} of table ${this.table} does not hold a ${type}`);
    }
    return datum;
  }
}
