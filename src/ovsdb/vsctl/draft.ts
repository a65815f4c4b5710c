/**
 * The database as the commands of one ovs-vsctl run see and change it, before anything is committed. Mirrors the
 * transactions of lib/ovsdb-idl.c: reads see earlier writes, and in the end all becomes one list of operations.
 * Rows that the draft inserts have UUIDs of its own until the database gives them real ones.
 */
import type { Atom, Database, Datum, Operation, Row } from '../database.js';
import { datumsEqual, defaultDatum, isDefaultDatum, isMapDatum } from '../datum.js';
import { datumToJson } from '../datum-json.js';
import { openVSwitchSchema } from '../open-vswitch-schema.js';
import type { TableSchema } from '../schema.js';

/** A change of single elements, which the commands after it do not see (they have none: it is for the last one). */
interface PartialChange {
  readonly inserted: Map<Atom, Atom | undefined>;
  readonly replacedKeys: Set<Atom>;
}

export class DraftRow {
  readonly schema: TableSchema;
  readonly uuid: string;
  /** The row in the database; undefined for one that the draft inserts. */
  readonly committed: Row | undefined;
  readonly written = new Map<string, Datum>();
  readonly partial = new Map<string, PartialChange>();
  /** The UUID was asked for, and the row shall have it. */
  readonly keepsUuid: boolean;
  isDeleted = false;
  private readonly draft: Draft;

  constructor(draft: Draft, schema: TableSchema, uuid: string, committed: Row | undefined, keepsUuid: boolean) {
    this.draft = draft;
    this.schema = schema;
    this.uuid = uuid;
    this.committed = committed;
    this.keepsUuid = keepsUuid;
  }

  get(column: string): Datum {
    const type = this.schema.columns.get(column)?.type;
    if (type === undefined) throw new Error(`table ${this.schema.name} has no column ${column}`);
    return this.written.get(column) ?? this.committed?.get(column) ?? defaultDatum(type);
  }

  set(column: string, datum: Datum): void {
    this.written.set(column, datum);
  }

  /** The atom of a scalar or optional column. */
  atom(column: string): Atom | undefined {
    const datum = this.get(column);
    if (isMapDatum(datum)) throw new Error(`column ${column} is a map`);
    return datum[0];
  }

  text(column: string): string {
    return String(this.atom(column) ?? '');
  }

  map(column: string): ReadonlyMap<Atom, Atom> {
    const datum = this.get(column);
    if (!isMapDatum(datum)) throw new Error(`column ${column} is not a map`);
    return datum;
  }

  /** Rows that a column refers to, by the order of their creation. */
  refs(column: string): readonly DraftRow[] {
    const { key, value } = this.schema.columns.get(column)!.type;
    const table = (value ?? key).refTable;
    if (table === undefined) throw new Error(`column ${column} refers to no table`);
    const datum = this.get(column);
    const uuids = isMapDatum(datum) ? [...datum.values()] : datum;
    return this.draft.inOrderOfCreation(
      table,
      uuids.map((uuid) => this.draft.row(table, String(uuid))).filter((row) => row !== undefined),
    );
  }

  /** Inserts into a set, or puts a pair into a map, when the transaction commits. */
  putElement(column: string, key: Atom, value: Atom | undefined): void {
    let change = this.partial.get(column);
    if (change === undefined) {
      change = { inserted: new Map(), replacedKeys: new Set() };
      this.partial.set(column, change);
    }
    change.inserted.set(key, value);
    const now = this.get(column);
    if (isMapDatum(now) && now.has(key)) change.replacedKeys.add(key);
  }
}

export interface DraftOperations {
  readonly operations: readonly Operation[];
  /** Which operation inserts which row of the draft. */
  readonly insertIndexes: ReadonlyMap<string, number>;
  readonly isChanged: boolean;
}

export class Draft {
  private readonly database: Database;
  /** Rows of the database that some command looked at, by table and UUID. */
  private readonly touched = new Map<string, Map<string, DraftRow>>();
  private readonly inserted: DraftRow[] = [];
  /** The same rows by table and UUID; of two with one UUID, which the database will refuse, the first. */
  private readonly insertedByUuid = new Map<string, DraftRow>();
  private uuidCount = 0;

  constructor(database: Database) {
    this.database = database;
  }

  /** A UUID for a row that is not in the database yet; it never gets there. */
  makeUuid(): string {
    return `00000000-0000-4000-8000-${(++this.uuidCount).toString(16).padStart(12, '0')}`;
  }

  /** All rows that are not deleted, in order of creation. */
  rows(table: string): readonly DraftRow[] {
    const committed = this.database.rows(table).map((row) => this.touch(row));
    const inserted = this.inserted.filter((row) => row.schema.name === table);
    return [...committed, ...inserted].filter((row) => !row.isDeleted);
  }

  row(table: string, uuid: string): DraftRow | undefined {
    const committed = this.database.row(table, uuid);
    const row = committed === undefined ? this.insertedByUuid.get(`${table} ${uuid}`) : this.touch(committed);
    return row?.isDeleted ? undefined : row;
  }

  /** The one row of Open_vSwitch; made when it is missing, as the real tool does. */
  root(): DraftRow {
    return this.rows('Open_vSwitch')[0] ?? this.insert('Open_vSwitch');
  }

  insert(table: string, uuid: string = this.makeUuid(), keepsUuid = false): DraftRow {
    const schema = openVSwitchSchema.tables.get(table);
    if (schema === undefined) throw new Error(`the database has no table ${table}`);
    const row = new DraftRow(this, schema, uuid, undefined, keepsUuid);
    this.inserted.push(row);
    const name = `${table} ${uuid}`;
    if (!this.insertedByUuid.has(name)) this.insertedByUuid.set(name, row);
    return row;
  }

  delete(row: DraftRow): void {
    row.isDeleted = true;
  }

  /** Sorts rows of one table by creation, where sets of references are sorted by UUID. */
  inOrderOfCreation(table: string, rows: readonly DraftRow[]): readonly DraftRow[] {
    if (rows.length < 2) return rows;
    const wanted = new Set(rows.map((row) => row.uuid));
    return this.rows(table).filter((row) => wanted.has(row.uuid));
  }

  /** What to send to the database. Rows that no strong reference will hold are left to its garbage collection. */
  operations(): DraftOperations {
    const operations: Operation[] = [];
    const insertIndexes = new Map<string, number>();
    let isChanged = false;
    const names = new Map(
      this.inserted
        .filter((row) => !row.isDeleted && !row.keepsUuid)
        .map((row) => [row.uuid, `row${row.uuid.replaceAll('-', '_')}`]),
    );
    for (const row of this.allRows()) {
      const { committed, schema } = row;
      if (committed !== undefined && !row.isDeleted && row.written.size === 0 && row.partial.size === 0) continue;
      const table = schema.name;
      const where = [['_uuid', '==', substituteNames(['uuid', row.uuid], names)]];
      if (row.isDeleted) {
        if (committed === undefined || !schema.isRoot) continue;
        operations.push({ op: 'delete', table, where });
        isChanged = true;
        continue;
      }
      const json = Object.fromEntries(
        [...row.written]
          .filter(([column, datum]) => committed !== undefined || !isDefaultDatum(datum, typeOf(row, column)))
          .map(([column, datum]) => [column, substituteNames(datumToJson(datum, typeOf(row, column)), names)]),
      );
      if (committed === undefined) {
        insertIndexes.set(row.uuid, operations.length);
        const name = names.get(row.uuid);
        operations.push({
          op: 'insert',
          table,
          row: json,
          ...(name === undefined ? { uuid: row.uuid } : { 'uuid-name': name }),
        });
        isChanged = true;
      } else if (row.written.size > 0) {
        operations.push({ op: 'update', table, where, row: json });
        isChanged ||= [...row.written].some(([column, datum]) => !datumsEqual(committed.get(column), datum));
      }
      const mutations = partialMutations(row).map((mutation) => substituteNames(mutation, names));
      if (mutations.length > 0) {
        operations.push({ op: 'mutate', table, where, mutations });
        isChanged = true;
      }
    }
    return { operations, insertIndexes, isChanged };
  }

  private touch(row: Row): DraftRow {
    let rows = this.touched.get(row.table);
    if (rows === undefined) {
      rows = new Map();
      this.touched.set(row.table, rows);
    }
    let draftRow = rows.get(row.uuid);
    if (draftRow === undefined) {
      draftRow = new DraftRow(this, openVSwitchSchema.tables.get(row.table)!, row.uuid, row, true);
      rows.set(row.uuid, draftRow);
    }
    return draftRow;
  }

  private *allRows(): Iterable<DraftRow> {
    yield* this.inserted;
    for (const rows of this.touched.values()) yield* rows.values();
  }
}

const typeOf = (row: DraftRow, column: string) => row.schema.columns.get(column)!.type;

/** Elements that are there already, by the time of the commit, need no mutation. */
function partialMutations(row: DraftRow): readonly unknown[] {
  const mutations: unknown[] = [];
  for (const [column, { inserted, replacedKeys }] of row.partial) {
    const type = typeOf(row, column);
    const now = row.get(column);
    const isThere = (key: Atom, value: Atom | undefined): boolean =>
      isMapDatum(now) ? now.get(key) === value : now.includes(key);
    const missing = [...inserted].filter(([key, value]) => !isThere(key, value));
    if (missing.length === 0) continue;
    const replaced = missing.map(([key]) => key).filter((key) => replacedKeys.has(key));
    if (replaced.length > 0) {
      mutations.push([column, 'delete', asSet(datumToJson(replaced, { ...type, value: null }))]);
    }
    const datum: Datum =
      type.value === null ? missing.map(([key]) => key) : new Map(missing.map(([key, value]) => [key, value!]));
    mutations.push([column, 'insert', asSet(datumToJson(datum, type))]);
  }
  return mutations;
}

/** One element may stand alone; in a mutation it reads better, and is as good, in a set. */
const asSet = (json: unknown): unknown =>
  Array.isArray(json) && (json[0] === 'set' || json[0] === 'map') ? json : ['set', [json]];

/** Puts names in the place of the draft's own UUIDs (RFC 7047 §5.1, <named-uuid>). */
function substituteNames(json: unknown, names: ReadonlyMap<string, string>): unknown {
  if (!Array.isArray(json)) return json;
  if (json.length === 2 && json[0] === 'uuid') {
    const name = names.get(String(json[1]));
    return name === undefined ? json : ['named-uuid', name];
  }
  return json.map((element) => substituteNames(element, names));
}
