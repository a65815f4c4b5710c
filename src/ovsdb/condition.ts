/**
 * The `where` of an operation: clauses [column, function, value], all of which must hold (RFC 7047 §5.1, <condition>).
 * Mirrors ovsdb/condition.c. Property: a condition is read once against the schema and then answers for any row.
 */
import { compareAtoms } from './atom.js';
import type { Datum } from './database.js';
import { datumsEqual, excludesAll, includesAll, isMapDatum } from './datum.js';
import type { SymbolLookup } from './datum-json.js';
import { datumFromJson } from './datum-json.js';
import { OvsdbError, syntaxError } from './ovsdb-error.js';
import type { ColumnSchema, TableSchema } from './schema.js';
import { findColumn, isOptionalType, isScalarType, typeToEnglish, UNLIMITED } from './schema.js';

const FUNCTIONS = ['==', '!=', '<', '<=', '>', '>=', 'includes', 'excludes'] as const;
type ConditionFunction = (typeof FUNCTIONS)[number];

interface Clause {
  readonly column: ColumnSchema;
  readonly function: ConditionFunction;
  readonly argument: Datum;
}

/** A read condition. `uuid` is set when a clause pins the row, which saves the scan. */
export interface Condition {
  readonly clauses: readonly (Clause | boolean)[];
  readonly uuid: string | undefined;
}

const isOrder = (name: ConditionFunction): boolean => name === '<' || name === '<=' || name === '>' || name === '>=';

function readClause(json: unknown, table: TableSchema, lookup: SymbolLookup): Clause | boolean {
  if (typeof json === 'boolean') return json;
  if (!Array.isArray(json) || json.length !== 3 || typeof json[0] !== 'string' || typeof json[1] !== 'string') {
    throw syntaxError(json, 'Parse error in condition.');
  }
  const [columnName, name] = json as [string, string, unknown];
  const column = findColumn(table, columnName);
  if (column === undefined) {
    throw syntaxError(json, `No column ${columnName} in table ${table.name}.`, 'unknown column');
  }
  const conditionFunction = FUNCTIONS.find((known) => known === name);
  if (conditionFunction === undefined) throw new OvsdbError('unknown function', `No function named ${name}.`);

  let { type } = column;
  if (isOrder(conditionFunction)) {
    if (!(isScalarType(type) || isOptionalType(type)) || type.key.type !== 'integer') {
      throw syntaxError(
        json,
        `Type mismatch: "${name}" operator may not be applied to column ${columnName} of type ${typeToEnglish(type)}.`,
      );
    }
  } else if (!isScalarType(type)) {
    if (conditionFunction === 'excludes') type = { ...type, min: 0, max: UNLIMITED };
    if (conditionFunction === 'includes') type = { ...type, min: 0 };
  }
  return { column, function: conditionFunction, argument: datumFromJson(json[2], type, lookup) };
}

export function readCondition(json: readonly unknown[], table: TableSchema, lookup: SymbolLookup): Condition {
  const clauses = json.map((clause) => readClause(clause, table, lookup));
  const pin = clauses.find(
    (clause) => typeof clause !== 'boolean' && clause.column.name === '_uuid' && clause.function === '==',
  );
  const uuid = typeof pin === 'object' && !isMapDatum(pin.argument) ? pin.argument[0] : undefined;
  return { clauses, uuid: uuid === undefined ? undefined : String(uuid) };
}

function holds(clause: Clause, field: Datum): boolean {
  const { argument } = clause;
  switch (clause.function) {
    case '==':
      return datumsEqual(field, argument);
    case '!=':
      return !datumsEqual(field, argument);
    case 'includes':
      return includesAll(argument, field);
    case 'excludes':
      return excludesAll(argument, field);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return orderHolds(clause.function, field, argument);
  }
}

/** Nothing is in order with an absent value. */
function orderHolds(name: '<' | '<=' | '>' | '>=', field: Datum, argument: Datum): boolean {
  if (isMapDatum(field) || isMapDatum(argument) || field.length === 0 || argument.length === 0) return false;
  const order = compareAtoms(field[0]!, argument[0]!);
  switch (name) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

export const conditionHolds = (condition: Condition, field: (column: string) => Datum): boolean =>
  condition.clauses.every((clause) =>
    typeof clause === 'boolean' ? clause : holds(clause, field(clause.column.name)),
  );
