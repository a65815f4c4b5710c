/** Commands that change columns of any table: set, add, remove, clear. */
import { UserError } from '#src/report/user-error.js';
import type { Datum } from '../../database.js';
import { differenceOf, emptyDatum, isMapDatum, sizeOf, unionOf } from '../../datum.js';
import { OvsdbError } from '../../ovsdb-error.js';
import type { ColumnSchema, ColumnType } from '../../schema.js';
import { UNLIMITED } from '../../schema.js';
import { checkColumnArgument, requireMutable, setColumn } from '../column-argument.js';
import type { CommandSyntax } from '../command.js';
import type { CommandContext } from '../context.js';
import { findColumn, findTable, getRow } from '../names.js';
import type { Symbols } from '../symbols.js';
import { readDatum } from '../value-reader.js';

const set: CommandSyntax = {
  name: 'set',
  minArgs: 3,
  maxArgs: Number.POSITIVE_INFINITY,
  arguments: 'TABLE RECORD COLUMN[:KEY]=VALUE...',
  options: ['--if-exists'],
  writes: true,
  check(context) {
    const table = findTable(context.arg(0));
    for (const argument of context.args.slice(2)) checkColumnArgument(argument, table);
  },
  run(context) {
    const row = getRow(context.draft, findTable(context.arg(0)), context.arg(1), !context.hasOption('--if-exists'));
    if (row === undefined) return undefined;
    for (const argument of context.args.slice(2)) setColumn(row, argument, context.symbols, context.isLast);
    return undefined;
  },
};

/** Elements without a limit on their number, which is checked when all are known. */
const anyNumberOf = (type: ColumnType): ColumnType => ({ ...type, min: 1, max: UNLIMITED });

const elementsOf = (type: ColumnType): string => (type.value === null ? 'values' : 'pairs');

const checkColumn = (context: CommandContext): void => {
  findColumn(findTable(context.arg(0)), context.arg(2));
};

const add: CommandSyntax = {
  name: 'add',
  minArgs: 4,
  maxArgs: Number.POSITIVE_INFINITY,
  arguments: 'TABLE RECORD COLUMN [KEY=]VALUE...',
  options: ['--if-exists'],
  writes: true,
  check: checkColumn,
  run(context) {
    const table = findTable(context.arg(0));
    const column = findColumn(table, context.arg(2));
    const row = getRow(context.draft, table, context.arg(1), !context.hasOption('--if-exists'));
    if (row === undefined) return undefined;
    requireMutable(row, column);
    const { name, type } = column;
    let result = context.isLast ? emptyDatum(type) : row.get(name);
    for (const argument of context.args.slice(3)) {
      result = unionOf(result, readDatum(argument, anyNumberOf(type), context.symbols));
    }
    if (context.isLast) {
      if (isMapDatum(result)) for (const [key, value] of result) row.putElement(name, key, value);
      else for (const atom of result) row.putElement(name, atom, undefined);
      return undefined;
    }
    if (sizeOf(result) > type.max) {
      throw new UserError(
        `"add" operation would put ${sizeOf(result)} ${elementsOf(type)} in column ${name} of table ${table.name} ` +
          `but the maximum number is ${type.max}`,
      );
    }
    row.set(name, result);
    return undefined;
  },
};

/** What to remove: of a map, pairs or keys alone. */
function readRemoved(argument: string, column: ColumnSchema, symbols: Symbols): Datum {
  const type = anyNumberOf(column.type);
  try {
    return readDatum(argument, type, symbols);
  } catch (error) {
    if (type.value === null || !(error instanceof UserError || error instanceof OvsdbError)) throw error;
    return readDatum(argument, { ...type, value: null }, symbols);
  }
}

const remove: CommandSyntax = {
  name: 'remove',
  minArgs: 4,
  maxArgs: Number.POSITIVE_INFINITY,
  arguments: 'TABLE RECORD COLUMN KEY|VALUE|KEY=VALUE...',
  options: ['--if-exists'],
  writes: true,
  check: checkColumn,
  run(context) {
    const table = findTable(context.arg(0));
    const column = findColumn(table, context.arg(2));
    const row = getRow(context.draft, table, context.arg(1), !context.hasOption('--if-exists'));
    if (row === undefined) return undefined;
    requireMutable(row, column);
    const { name, type } = column;
    let result = row.get(name);
    for (const argument of context.args.slice(3)) {
      result = differenceOf(result, readRemoved(argument, column, context.symbols));
    }
    if (sizeOf(result) < type.min) {
      throw new UserError(
        `"remove" operation would put ${sizeOf(result)} ${elementsOf(type)} in column ${name} of table ` +
          `${table.name} but the minimum number is ${type.min}`,
      );
    }
    row.set(name, result);
    return undefined;
  },
};

const clear: CommandSyntax = {
  name: 'clear',
  minArgs: 3,
  maxArgs: Number.POSITIVE_INFINITY,
  arguments: 'TABLE RECORD COLUMN...',
  options: ['--if-exists'],
  writes: true,
  check(context) {
    const table = findTable(context.arg(0));
    for (const argument of context.args.slice(2)) findColumn(table, argument);
  },
  run(context) {
    const table = findTable(context.arg(0));
    const row = getRow(context.draft, table, context.arg(1), !context.hasOption('--if-exists'));
    if (row === undefined) return undefined;
    for (const argument of context.args.slice(2)) {
      const column = findColumn(table, argument);
      requireMutable(row, column);
      if (column.type.min > 0) {
        throw new UserError(
          `"clear" operation cannot be applied to column ${column.name} of table ${table.name}, ` +
            'which is not allowed to be empty',
        );
      }
      row.set(column.name, emptyDatum(column.type));
    }
    return undefined;
  },
};

export const setCommands: readonly CommandSyntax[] = [set, add, remove, clear];
