/** Commands that read any table: get, list, find, and wait-until. */
import { UserError } from '#src/report/user-error.js';
import { formatAtom } from '../../atom-text.js';
import { isMapDatum } from '../../datum.js';
import { formatDatum } from '../../datum-text.js';
import type { ColumnSchema, ColumnType } from '../../schema.js';
import { checkColumnArgument, columnConditionHolds, readColumnArgument } from '../column-argument.js';
import type { CommandSyntax } from '../command.js';
import type { DraftRow } from '../draft.js';
import { findColumns, findRow, findTable, getRow } from '../names.js';
import type { Table } from '../table-output.js';
import { readAtom } from '../value-reader.js';

const isUuidColumn = (argument: string): boolean => /^[_-]uuid$/i.test(argument);

const get: CommandSyntax = {
  name: 'get',
  minArgs: 2,
  maxArgs: Number.POSITIVE_INFINITY,
  arguments: 'TABLE RECORD [COLUMN[:KEY]]...',
  options: ['--if-exists', '--id='],
  writes: false,
  check(context) {
    const table = findTable(context.arg(0));
    for (const argument of context.args.slice(2)) {
      if (!isUuidColumn(argument)) checkColumnArgument(argument, table);
    }
  },
  run(context) {
    const id = context.option('--id');
    const mustExist = !context.hasOption('--if-exists');
    if (id !== undefined && !mustExist) {
      throw new UserError('--if-exists and --id may not be specified together');
    }
    const table = findTable(context.arg(0));
    const row = getRow(context.draft, table, context.arg(1), mustExist);
    if (row === undefined) return undefined;
    if (id !== undefined) {
      const { symbol, isNew } = context.symbols.create(id);
      if (!isNew) throw new UserError(`row id "${id}" specified on "get" command was used before it was defined`);
      symbol.uuid = row.uuid;
      // The row is there already, whoever refers to it.
      symbol.hasStrongReference = true;
    }
    for (const argument of context.args.slice(2)) {
      if (isUuidColumn(argument)) {
        context.print(row.uuid);
        continue;
      }
      const { column, key: keyText } = readColumnArgument(argument, table);
      const datum = row.get(column.name);
      if (keyText === undefined) {
        context.print(formatDatum(datum, column.type));
        continue;
      }
      if (column.type.value === null || !isMapDatum(datum)) {
        throw new UserError(`cannot specify key to get for non-map column ${column.name}`);
      }
      const value = datum.get(readAtom(keyText, column.type.key, context.symbols));
      if (value === undefined && mustExist) {
        throw new UserError(`no key "${keyText}" in ${table.name} record "${context.arg(1)}" column ${column.name}`);
      }
      context.print(value === undefined ? '' : formatAtom(value, column.type.value.type));
    }
    return undefined;
  },
};

const uuidType: ColumnType = { key: { type: 'uuid' }, value: null, min: 1, max: 1 };

function makeTable(columns: readonly (ColumnSchema | null)[], rows: readonly DraftRow[]): Table {
  return {
    headings: columns.map((column) => column?.name ?? '_uuid'),
    rows: rows.map((row) =>
      columns.map((column) =>
        column === null ? { datum: [row.uuid], type: uuidType } : { datum: row.get(column.name), type: column.type },
      ),
    ),
  };
}

const list: CommandSyntax = {
  name: 'list',
  minArgs: 1,
  maxArgs: Number.POSITIVE_INFINITY,
  arguments: 'TABLE [RECORD]...',
  options: ['--if-exists', '--columns='],
  writes: false,
  check(context) {
    findColumns(findTable(context.arg(0)), context.option('--columns'));
  },
  run(context) {
    const table = findTable(context.arg(0));
    const columns = findColumns(table, context.option('--columns'));
    const mustExist = !context.hasOption('--if-exists');
    const records = context.args.slice(1);
    const rows =
      records.length === 0
        ? context.draft.rows(table.name)
        : records.map((record) => getRow(context.draft, table, record, mustExist)).filter((row) => row !== undefined);
    context.table = makeTable(columns, rows);
    return undefined;
  },
};

const find: CommandSyntax = {
  name: 'find',
  minArgs: 1,
  maxArgs: Number.POSITIVE_INFINITY,
  arguments: 'TABLE [COLUMN[:KEY]=VALUE]...',
  options: ['--columns='],
  writes: false,
  check(context) {
    const table = findTable(context.arg(0));
    findColumns(table, context.option('--columns'));
    for (const argument of context.args.slice(1)) checkColumnArgument(argument, table);
  },
  run(context) {
    const table = findTable(context.arg(0));
    const columns = findColumns(table, context.option('--columns'));
    const conditions = context.args.slice(1);
    const rows = context.draft
      .rows(table.name)
      .filter((row) => conditions.every((condition) => columnConditionHolds(row, condition, context.symbols)));
    context.table = makeTable(columns, rows);
    return undefined;
  },
};

const waitUntil: CommandSyntax = {
  name: 'wait-until',
  minArgs: 2,
  maxArgs: Number.POSITIVE_INFINITY,
  arguments: 'TABLE RECORD [COLUMN[:KEY]=VALUE]...',
  options: [],
  writes: false,
  check(context) {
    const table = findTable(context.arg(0));
    for (const argument of context.args.slice(2)) checkColumnArgument(argument, table);
  },
  run(context) {
    const row = findRow(context.draft, findTable(context.arg(0)), context.arg(1));
    const conditions = context.args.slice(2);
    context.isWaiting =
      row === undefined || !conditions.every((condition) => columnConditionHolds(row, condition, context.symbols));
    return undefined;
  },
};

export const getCommands: readonly CommandSyntax[] = [get, list, find, waitUntil];
