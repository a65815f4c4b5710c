/**
 * Finds tables, columns and rows by the names that people give: abbreviated, in any case, dashes for underscores; rows
 * by UUID or its beginning, by `.`, or by a name that the table defines. Mirrors get_table(), get_column() and
 * ctl_get_row() of lib/db-ctl-base.c.
 */
import { UserError } from '#src/report/user-error.js';
import type { Atom } from '../database.js';
import { isMapDatum } from '../datum.js';
import { openVSwitchSchema } from '../open-vswitch-schema.js';
import type { ColumnSchema, TableSchema } from '../schema.js';
import { isUuid, partialUuidLength } from '../uuid.js';
import type { Draft, DraftRow } from './draft.js';

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

/** A table's columns in the order in which they are listed. */
export const sortedColumns = (table: TableSchema): readonly ColumnSchema[] => [...table.columns.values()].sort(byName);

/** Rows that another row names: the Controller `br0` is the one of the bridge br0. */
interface RowName {
  readonly table: string;
  readonly column: string;
  /** The column that refers to the row; absent where the row itself is named. */
  readonly reference?: string;
}

const rowNames: ReadonlyMap<string, RowName> = new Map<string, RowName>([
  ['Bridge', { table: 'Bridge', column: 'name' }],
  ['Controller', { table: 'Bridge', column: 'name', reference: 'controller' }],
  ['Interface', { table: 'Interface', column: 'name' }],
  ['Mirror', { table: 'Mirror', column: 'name' }],
  ['Manager', { table: 'Manager', column: 'target' }],
  ['NetFlow', { table: 'Bridge', column: 'name', reference: 'netflow' }],
  ['Port', { table: 'Port', column: 'name' }],
  ['QoS', { table: 'Port', column: 'name', reference: 'qos' }],
  ['sFlow', { table: 'Bridge', column: 'name', reference: 'sflow' }],
  ['Flow_Table', { table: 'Flow_Table', column: 'name' }],
  ['IPFIX', { table: 'Bridge', column: 'name', reference: 'ipfix' }],
  ['AutoAttach', { table: 'Bridge', column: 'name', reference: 'auto_attach' }],
  ['Flow_Sample_Collector_Set', { table: 'Flow_Sample_Collector_Set', column: 'id' }],
]);

const fold = (text: string): string => text.toLowerCase().replaceAll('-', '_');

/** How well what was typed fits a name; 0 when it does not. */
function scoreMatch(name: string, typed: string): number {
  if (name === typed) return Number.POSITIVE_INFINITY;
  if (fold(name) === fold(typed)) return Number.MAX_VALUE;
  return fold(name).startsWith(fold(typed)) ? typed.length : 0;
}

function bestMatches<T extends { readonly name: string }>(candidates: Iterable<T>, typed: string): readonly T[] {
  let best: T[] = [];
  let bestScore = 1;
  for (const candidate of candidates) {
    const score = scoreMatch(candidate.name, typed);
    if (score < bestScore) continue;
    if (score > bestScore) best = [];
    bestScore = score;
    best.push(candidate);
  }
  return best.sort(byName);
}

const namesOf = (items: readonly { readonly name: string }[]): string => items.map(({ name }) => name).join(', ');

export function findTable(typed: string): TableSchema {
  const [table, ...others] = bestMatches(openVSwitchSchema.tables.values(), typed);
  if (table === undefined) throw new UserError(`unknown table "${typed}"`);
  if (others.length > 0) {
    throw new UserError(`"${typed}" matches multiple table names: ${namesOf([table, ...others])}`);
  }
  return table;
}

export function findColumn(table: TableSchema, typed: string): ColumnSchema {
  const [column, ...others] = bestMatches(table.columns.values(), typed);
  if (column === undefined) {
    throw new UserError(`${table.name} does not contain a column whose name matches "${typed}"`);
  }
  if (others.length > 0) {
    const matches = namesOf([column, ...others]);
    throw new UserError(`${table.name} contains more than one column whose name matches "${typed}": ${matches}`);
  }
  return column;
}

/** The columns of a --columns option; null stands for the row's UUID. All columns when there is no option. */
export function findColumns(table: TableSchema, typed: string | undefined): readonly (ColumnSchema | null)[] {
  if (typed === undefined) return [null, ...sortedColumns(table)];
  const names = typed.split(/[, ]+/).filter((name) => name !== '');
  if (names.length === 0) throw new UserError('must specify at least one column name');
  return names.map((name) => (name.toLowerCase() === '_uuid' ? null : findColumn(table, name)));
}

function isNamed(name: Atom, typed: string): boolean {
  if (typeof name !== 'string') return Number(name) === Number(typed);
  return name === typed || (typed.length >= 4 && isUuid(name) && name.startsWith(typed));
}

function findNamedRow(draft: Draft, table: TableSchema, typed: string): DraftRow | undefined {
  const rowName = rowNames.get(table.name);
  if (rowName === undefined) return undefined;
  const naming = openVSwitchSchema.tables.get(rowName.table)!;
  if (naming.columns.get(rowName.column)!.type.key.type === 'integer' && !/^\d+$/.test(typed)) return undefined;
  const matches = draft.rows(rowName.table).filter((row) => {
    const name = row.atom(rowName.column);
    return name !== undefined && isNamed(name, typed);
  });
  if (matches.length > 1) throw new UserError(`multiple rows in ${rowName.table} match "${typed}"`);
  const row = matches[0];
  if (row === undefined || rowName.reference === undefined) return row;
  const references = row.get(rowName.reference);
  return !isMapDatum(references) && references.length === 1 ? draft.row(table.name, String(references[0])) : undefined;
}

function findByPartialUuid(draft: Draft, table: TableSchema, typed: string): DraftRow | undefined {
  if (partialUuidLength(typed) < 4) return undefined;
  const [row, other] = draft.rows(table.name).filter(({ uuid }) => uuid.startsWith(typed.toLowerCase()));
  if (row !== undefined && other !== undefined) {
    throw new UserError(
      `${table.name} contains 2 or more rows whose UUIDs begin with ${typed}: at least ${row.uuid} and ${other.uuid}`,
    );
  }
  return row;
}

export function findRow(draft: Draft, table: TableSchema, typed: string): DraftRow | undefined {
  const byUuid = isUuid(typed) ? draft.row(table.name, typed.toLowerCase()) : undefined;
  if (byUuid !== undefined) return byUuid;
  if (typed === '.') {
    const rows = draft.rows(table.name);
    if (rows.length === 1) return rows[0];
  }
  return findNamedRow(draft, table, typed) ?? findByPartialUuid(draft, table, typed);
}

/** As findRow(); a row that is not there is an error where `mustExist`. */
export function getRow(draft: Draft, table: TableSchema, typed: string, mustExist: boolean): DraftRow | undefined {
  const row = findRow(draft, table, typed);
  if (row === undefined && mustExist) throw new UserError(`no row "${typed}" in table ${table.name}`);
  return row;
}
