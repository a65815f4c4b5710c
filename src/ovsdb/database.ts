/**
 * The configuration database as its users see it: rows to read, transactions to change them, commits to hear of.
 * Configuration has no other way into the switch (RFC 7047; ovs-vswitchd.conf.db(5)).
 */

/** A UUID is a string of the usual 36 characters; the column's type says that it is one. */
export type Atom = string | number | boolean;
/** Optional and scalar columns are sets of at most one atom, as in RFC 7047 §3.2. */
export type Datum = readonly Atom[] | ReadonlyMap<Atom, Atom>;

export interface Row {
  readonly table: string;
  readonly uuid: string;
  get(column: string): Datum;
  /** The atom of a scalar or optional column; undefined when the set is empty. */
  string(column: string): string | undefined;
  integer(column: string): number | undefined;
  boolean(column: string): boolean | undefined;
  strings(column: string): readonly string[];
  integers(column: string): readonly number[];
  /** A string-to-string map: options, other_config, external_ids. */
  map(column: string): ReadonlyMap<string, string>;
  /** The rows that a reference column points at, in the column's order. */
  refs(column: string): readonly Row[];
}

/** One operation of RFC 7047 §5.2, as JSON: {op: 'insert', table, row, 'uuid-name'}, … */
export interface Operation {
  readonly op: string;
  readonly [member: string]: unknown;
}

/** The answer to one operation; {error, details} where it or the commit failed. */
export type OperationResult = Readonly<Record<string, unknown>>;

export interface TransactionResult {
  /** One for each operation, and one more when the commit failed (RFC 7047 §4.1.3). */
  readonly results: readonly OperationResult[];
  readonly committed: boolean;
}

export interface Database {
  /** All rows of a table in a stable order (by creation). */
  rows(table: string): readonly Row[];
  row(table: string, uuid: string): Row | undefined;
  /** Applies all operations or none of them. */
  transact(operations: readonly Operation[]): TransactionResult;
  /** Called after each commit that changed something, with the tables that changed. Returns the way to stop. */
  onCommit(listener: (changedTables: ReadonlySet<string>) => void): () => void;
}
