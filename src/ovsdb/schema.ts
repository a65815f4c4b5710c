/**
 * Database, table, column and type schemas (RFC 7047 §3.2), and the questions that the rest of the room asks of them.
 * Mirrors lib/ovsdb-types.c and ovsdb/{column,table}.c. Invariant: `min` is 0 or 1 and `min` <= `max`.
 * Left out: the atomic type "real" and string length limits, which no column of a switch has.
 */
import type { Atom } from './database.js';

export type AtomicType = 'integer' | 'boolean' | 'string' | 'uuid';

export interface BaseType {
  readonly type: AtomicType;
  /** The only values allowed, in the database's order. */
  readonly enum?: readonly Atom[];
  readonly minInteger?: number;
  readonly maxInteger?: number;
  readonly refTable?: string;
  /** A strong reference keeps its target alive; a weak one goes when its target goes. */
  readonly refType?: 'strong' | 'weak';
}

/** The `max` of a set or map without a limit. */
export const UNLIMITED = Number.POSITIVE_INFINITY;

export interface ColumnType {
  readonly key: BaseType;
  /** Present in maps only. */
  readonly value: BaseType | null;
  readonly min: 0 | 1;
  readonly max: number;
}

export interface ColumnSchema {
  readonly name: string;
  readonly type: ColumnType;
  readonly mutable: boolean;
  /** The value need not survive a restart of the server. */
  readonly ephemeral: boolean;
}

export interface TableSchema {
  readonly name: string;
  readonly columns: ReadonlyMap<string, ColumnSchema>;
  /** Rows of other tables are collected as garbage when no strong reference holds them. */
  readonly isRoot: boolean;
  readonly maxRows: number;
  readonly indexes: readonly (readonly string[])[];
}

export interface DatabaseSchema {
  readonly name: string;
  readonly version: string;
  readonly tables: ReadonlyMap<string, TableSchema>;
}

export const isMapType = (type: ColumnType): boolean => type.value !== null;
export const isScalarType = (type: ColumnType): boolean => type.value === null && type.min === 1 && type.max === 1;
export const isOptionalType = (type: ColumnType): boolean => type.value === null && type.min === 0 && type.max === 1;
export const isSetType = (type: ColumnType): boolean => type.value === null && (type.min !== 1 || type.max !== 1);

export const isStrongReference = (base: BaseType | null): boolean =>
  base?.refTable !== undefined && base.refType !== 'weak';
export const isWeakReference = (base: BaseType | null): boolean =>
  base?.refTable !== undefined && base.refType === 'weak';

/** The type in words, as error messages say it: `set of up to 4096 integers`. */
export function typeToEnglish(type: ColumnType): string {
  if (isScalarType(type)) return type.key.type;
  let text = type.value === null ? 'set' : 'map';
  if (type.max === UNLIMITED) text += type.min === 0 ? ' of' : ` of ${type.min} or more`;
  else text += type.min === 0 ? ` of up to ${type.max}` : ` of ${type.min} to ${type.max}`;
  return type.value === null ? `${text} ${type.key.type}s` : `${text} (${type.key.type}, ${type.value.type}) pairs`;
}

/** The pseudo columns that every row has (RFC 7047 §3.2). */
const UUID_COLUMNS: readonly ColumnSchema[] = ['_uuid', '_version'].map((name) => ({
  name,
  type: { key: { type: 'uuid' }, value: null, min: 1, max: 1 },
  mutable: false,
  ephemeral: false,
}));

/** A column by its name; `_uuid` and `_version` count. */
export function findColumn(table: TableSchema, name: string): ColumnSchema | undefined {
  return table.columns.get(name) ?? UUID_COLUMNS.find((column) => column.name === name);
}

/** All columns, the two pseudo columns first. */
export function allColumns(table: TableSchema): readonly ColumnSchema[] {
  return [...UUID_COLUMNS, ...table.columns.values()];
}
