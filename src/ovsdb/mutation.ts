/**
 * Changes of a column in place: [column, mutator, value] (RFC 7047 §5.1, <mutation>). Mirrors ovsdb/mutation.c.
 * Deliberate difference: arithmetic that leaves the exact integers (2^53) is a range error, not that of 64 bits.
 */
import { checkAtom } from './atom.js';
import type { Atom, Datum } from './database.js';
import { conformsToSize, differenceOf, isMapDatum, sizeOf, sortedSet, unionOf } from './datum.js';
import type { SymbolLookup } from './datum-json.js';
import { datumFromJson, tryDatumFromJson } from './datum-json.js';
import { constraintViolation, OvsdbError, syntaxError } from './ovsdb-error.js';
import type { ColumnSchema, TableSchema } from './schema.js';
import { findColumn, isMapType, isSetType, typeToEnglish, UNLIMITED } from './schema.js';

const MUTATORS = ['+=', '-=', '*=', '/=', '%=', 'insert', 'delete'] as const;
type Mutator = (typeof MUTATORS)[number];

export interface Mutation {
  readonly column: ColumnSchema;
  readonly mutator: Mutator;
  readonly argument: Datum;
}

function readMutation(json: unknown, table: TableSchema, lookup: SymbolLookup): Mutation {
  if (!Array.isArray(json) || json.length !== 3 || typeof json[0] !== 'string' || typeof json[1] !== 'string') {
    throw syntaxError(json, 'Parse error in mutation.');
  }
  const [columnName, name] = json as [string, string, unknown];
  const column = findColumn(table, columnName);
  if (column === undefined) {
    throw syntaxError(json, `No column ${columnName} in table ${table.name}.`, 'unknown column');
  }
  if (!column.mutable) {
    const details = `Cannot mutate immutable column ${columnName} in table ${table.name}.`;
    throw syntaxError(json, details, 'constraint violation');
  }
  const mutator = MUTATORS.find((known) => known === name);
  if (mutator === undefined) throw new OvsdbError('unknown mutator', `No mutator named ${name}.`);
  return { column, mutator, argument: readArgument(json, column, mutator, lookup) };
}

function readArgument(json: readonly unknown[], column: ColumnSchema, mutator: Mutator, lookup: SymbolLookup): Datum {
  const { type } = column;
  const mismatch = (): OvsdbError =>
    syntaxError(
      json,
      `Type mismatch: "${mutator}" operator may not be applied to column ${column.name} of type ${typeToEnglish(type)}.`,
    );
  switch (mutator) {
    case '+=':
    case '-=':
    case '*=':
    case '/=':
    case '%=':
      if (isMapType(type) || type.key.type !== 'integer') throw mismatch();
      return datumFromJson(json[2], { key: { type: 'integer' }, value: null, min: 1, max: 1 }, lookup);
    case 'insert':
      if (!isSetType(type) && !isMapType(type)) throw mismatch();
      return datumFromJson(json[2], { ...type, min: 0 }, lookup);
    case 'delete': {
      if (!isSetType(type) && !isMapType(type)) throw mismatch();
      const pairs = tryDatumFromJson(json[2], { ...type, min: 0, max: UNLIMITED }, lookup);
      if (!(pairs instanceof OvsdbError)) return pairs;
      // Pairs of a map may be named by their keys alone.
      if (isMapType(type))
        return datumFromJson(json[2], { key: type.key, value: null, min: 0, max: UNLIMITED }, lookup);
      throw pairs;
    }
  }
}

export const readMutations = (
  json: readonly unknown[],
  table: TableSchema,
  lookup: SymbolLookup,
): readonly Mutation[] => json.map((mutation) => readMutation(mutation, table, lookup));

function calculate(mutator: '+=' | '-=' | '*=' | '/=' | '%=', x: number, y: number): number {
  switch (mutator) {
    case '+=':
      return x + y;
    case '-=':
      return x - y;
    case '*=':
      return x * y;
    case '/=':
      return Math.trunc(x / y);
    case '%=':
      return x % y;
  }
}

/** The column's new value. Throws when it breaks the column's constraints. */
export function applyMutation(mutation: Mutation, datum: Datum): Datum {
  const { mutator, argument, column } = mutation;
  switch (mutator) {
    case 'insert':
    case 'delete': {
      const result = mutator === 'insert' ? unionOf(datum, argument) : differenceOf(datum, argument);
      if (!conformsToSize(result, column.type)) {
        const type = typeToEnglish(column.type);
        throw constraintViolation(`Attempted to store ${sizeOf(result)} elements in ${type}.`);
      }
      return result;
    }
    default:
      return calculateAll(mutator, datum, argument, column);
  }
}

function calculateAll(
  mutator: '+=' | '-=' | '*=' | '/=' | '%=',
  datum: Datum,
  argument: Datum,
  column: ColumnSchema,
): Datum {
  if (isMapDatum(datum) || isMapDatum(argument)) throw new Error('arithmetic on a map passed the type check');
  const operand = argument[0] as number;
  const results: Atom[] = [];
  for (const atom of datum) {
    if (operand === 0 && (mutator === '/=' || mutator === '%='))
      throw new OvsdbError('domain error', 'Division by zero.');
    // Adding zero turns -0 into 0.
    const result = calculate(mutator, atom as number, operand) + 0;
    if (!Number.isSafeInteger(result)) {
      throw new OvsdbError('range error', `Result of "${mutator}" operation is out of range.`);
    }
    results.push(result);
  }
  for (const result of results) checkAtom(result, column.type.key);
  try {
    return sortedSet(results);
  } catch (error) {
    if (!(error instanceof OvsdbError)) throw error;
    throw constraintViolation(`Result of "${mutator}" operation contains duplicates.`);
  }
}
