/**
 * Arguments about columns: `column`, `column:key`, `column:key=value`, and conditions with other operators. Mirrors
 * parse_column_key_value(), set_column() and check_condition() of lib/db-ctl-base.c.
 */
import { UserError } from '#src/report/user-error.js';
import type { Datum } from '../database.js';
import { compareDatums, excludesAll, includesAll, isMapDatum, sizeOf, unionOf } from '../datum.js';
import type { ColumnSchema, TableSchema } from '../schema.js';
import { UNLIMITED } from '../schema.js';
import type { DraftRow } from './draft.js';
import { findColumn } from './names.js';
import type { Symbols } from './symbols.js';
import { readToken } from './token.js';
import { readAtom, readDatum } from './value-reader.js';

export interface ColumnArgument {
  readonly column: ColumnSchema;
  readonly key: string | undefined;
}

interface Head extends ColumnArgument {
  /** What follows the column and the key. */
  readonly rest: string;
}

function readHead(argument: string, table: TableSchema): Head {
  const name = readToken(argument, 0);
  if (name.text === '') throw new UserError(`${argument}: missing column name`);
  const column = findColumn(table, name.text);
  if (argument[name.end] !== ':') return { column, key: undefined, rest: argument.slice(name.end) };
  const key = readToken(argument, name.end + 1);
  return { column, key: key.text, rest: argument.slice(key.end) };
}

/** Finds the argument's column, for the checks that come before any command runs. */
export function checkColumnArgument(argument: string, table: TableSchema): void {
  const name = readToken(argument, 0);
  if (name.text === '') throw new UserError(`${argument}: missing column name`);
  findColumn(table, name.text);
}

export function readColumnArgument(argument: string, table: TableSchema): ColumnArgument {
  const { column, key, rest } = readHead(argument, table);
  if (rest !== '') throw new UserError(`${argument}: trailing garbage "${rest}" in argument`);
  return { column, key };
}

function readOperator<T extends string>(argument: string, rest: string, operators: readonly T[]): readonly [T, string] {
  let best: T | undefined;
  for (const operator of operators) {
    const isLonger = best === undefined || operator.length > best.length;
    if (isLonger && rest.startsWith(operator) && rest.length > operator.length) best = operator;
  }
  if (best !== undefined) return [best, rest.slice(best.length)];
  const quoted = operators.map((operator) => `"${operator}"`);
  const list = quoted.length < 3 ? quoted.join(' or ') : `${quoted.slice(0, -1).join(', ')}, or ${quoted.at(-1)}`;
  throw new UserError(`${argument}: argument does not end in ${list} followed by a value.`);
}

export function requireMutable(row: DraftRow, column: ColumnSchema): void {
  if (column.mutable || row.committed === undefined) return;
  throw new UserError(`cannot modify read-only column ${column.name} in table ${row.schema.name}`);
}

/**
 * Carries out `column[:key]=value`. With `isLast`, a key is set when the transaction commits, as the real tool does in
 * its last command.
 */
export function setColumn(row: DraftRow, argument: string, symbols: Symbols, isLast: boolean): void {
  const { column, key: keyText, rest } = readHead(argument, row.schema);
  const [, valueText] = readOperator(argument, rest, ['=']);
  requireMutable(row, column);
  const { type } = column;
  if (keyText === undefined) {
    row.set(column.name, readDatum(valueText, type, symbols));
    return;
  }
  if (type.value === null) throw new UserError(`cannot specify key to set for non-map column ${column.name}`);
  const key = readAtom(keyText, type.key, symbols);
  const value = readAtom(valueText, type.value, symbols);
  if (isLast) row.putElement(column.name, key, value);
  else row.set(column.name, unionOf(new Map([[key, value]]), row.get(column.name)));
}

const OPERATORS = [
  '=',
  '!=',
  '<',
  '>',
  '<=',
  '>=',
  '{=}',
  '{!=}',
  '{<}',
  '{>}',
  '{<=}',
  '{>=}',
  '{in}',
  '{not-in}',
] as const;
type Operator = (typeof OPERATORS)[number];

function relationHolds(a: Datum, b: Datum, operator: Operator): boolean {
  switch (operator) {
    case '=':
    case '{=}':
      return compareDatums(a, b) === 0;
    case '!=':
    case '{!=}':
      return compareDatums(a, b) !== 0;
    case '<':
      return compareDatums(a, b) < 0;
    case '>':
      return compareDatums(a, b) > 0;
    case '<=':
      return compareDatums(a, b) <= 0;
    case '>=':
      return compareDatums(a, b) >= 0;
    case '{<}':
      return sizeOf(b) > sizeOf(a) && includesAll(a, b);
    case '{>}':
      return sizeOf(a) > sizeOf(b) && includesAll(b, a);
    case '{<=}':
    case '{in}':
      return includesAll(a, b);
    case '{>=}':
      return includesAll(b, a);
    case '{not-in}':
      return excludesAll(a, b);
  }
}

/** Whether `column[:key]OPERATORvalue` holds for a row. */
export function columnConditionHolds(row: DraftRow, argument: string, symbols: Symbols): boolean {
  const { column, key: keyText, rest } = readHead(argument, row.schema);
  const [operator, valueText] = readOperator(argument, rest, OPERATORS);
  const { type } = column;
  const have = row.get(column.name);
  if (keyText === undefined) return relationHolds(have, readDatum(valueText, type, symbols), operator);
  if (type.value === null || !isMapDatum(have)) {
    throw new UserError(`cannot specify key to check for non-map column ${column.name}`);
  }
  const key = readAtom(keyText, type.key, symbols);
  const want = readDatum(valueText, { ...type, key: type.value, value: null, max: UNLIMITED }, symbols);
  const value = have.get(key);
  // A key that is not there fails a plain comparison and is the empty set to those of sets.
  if (value === undefined) return operator.startsWith('{') && relationHolds([], want, operator);
  return relationHolds([value], want, operator);
}
