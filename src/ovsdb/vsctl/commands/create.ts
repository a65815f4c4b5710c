/** Commands that make and delete rows of any table, and `comment`, which the database does not keep. */
import { UserError } from '#src/report/user-error.js';
import { isUuid } from '../../uuid.js';
import { setColumn } from '../column-argument.js';
import type { CommandSyntax } from '../command.js';
import type { CommandContext } from '../context.js';
import type { DraftRow } from '../draft.js';
import type { TableSchema } from '../../schema.js';
import { findTable, getRow } from '../names.js';

function insertRow(context: CommandContext, table: TableSchema): DraftRow {
  const id = context.option('--id');
  if (id === undefined) return context.draft.insert(table.name);
  if (isUuid(id)) return context.draft.insert(table.name, id.toLowerCase(), true);
  const { symbol } = context.symbols.create(id);
  // Rows of a root table stay without a reference.
  if (table.isRoot) symbol.hasStrongReference = true;
  return context.draft.insert(table.name, symbol.uuid);
}

const create: CommandSyntax = {
  name: 'create',
  minArgs: 2,
  maxArgs: Number.POSITIVE_INFINITY,
  arguments: 'TABLE COLUMN[:KEY]=VALUE...',
  options: ['--id='],
  writes: true,
  check(context) {
    const table = findTable(context.arg(0));
    if (context.hasOption('--id') || table.isRoot) return;
    context.run.log.warn(
      'db_ctl_base',
      `applying "create" command to table ${table.name} without --id option will have no effect`,
    );
  },
  run(context) {
    const row = insertRow(context, findTable(context.arg(0)));
    for (const argument of context.args.slice(1)) setColumn(row, argument, context.symbols, false);
    context.createdRow = row;
    return undefined;
  },
};

const destroy: CommandSyntax = {
  name: 'destroy',
  minArgs: 1,
  maxArgs: Number.POSITIVE_INFINITY,
  arguments: 'TABLE [RECORD]...',
  options: ['--if-exists', '--all'],
  writes: true,
  check(context) {
    findTable(context.arg(0));
  },
  run(context) {
    const table = findTable(context.arg(0));
    const records = context.args.slice(1);
    const mustExist = !context.hasOption('--if-exists');
    if (context.hasOption('--all')) {
      if (records.length > 0) throw new UserError('--all and records argument should not be specified together');
      if (!mustExist) throw new UserError('--all and --if-exists should not be specified together');
      for (const row of context.draft.rows(table.name)) context.draft.delete(row);
      return undefined;
    }
    if (records.length === 0) {
      context.run.log.warn('db_ctl_base', 'either --all or records argument should be specified');
    }
    for (const record of records) {
      const row = getRow(context.draft, table, record, mustExist);
      if (row !== undefined) context.draft.delete(row);
    }
    return undefined;
  },
};

const comment: CommandSyntax = {
  name: 'comment',
  minArgs: 0,
  maxArgs: Number.POSITIVE_INFINITY,
  arguments: '[ARG]...',
  options: [],
  writes: false,
  run: () => undefined,
};

export const createCommands: readonly CommandSyntax[] = [create, destroy, comment];
