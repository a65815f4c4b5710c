/**
 * `show`: the database as a tree from Open_vSwitch down, with the columns that people want to see. Mirrors cmd_show()
 * of lib/db-ctl-base.c. Deliberate difference: rows come in the order of their creation, where OVS has that of UUIDs,
 * which are random.
 */
import { isDefaultDatum } from '../../datum.js';
import { formatDatum } from '../../datum-text.js';
import type { CommandSyntax } from '../command.js';
import type { DraftRow } from '../draft.js';

interface ShownTable {
  /** What names a row; without it the UUID does. */
  readonly name: string | undefined;
  readonly columns: readonly string[];
}

const shownTables: ReadonlyMap<string, ShownTable> = new Map([
  ['Open_vSwitch', { name: undefined, columns: ['manager_options', 'bridges', 'ovs_version'] }],
  ['Bridge', { name: 'name', columns: ['controller', 'fail_mode', 'datapath_type', 'ports'] }],
  ['Port', { name: 'name', columns: ['tag', 'trunks', 'interfaces'] }],
  ['Interface', { name: 'name', columns: ['type', 'options', 'error', 'bfd_status'] }],
  ['Controller', { name: 'target', columns: ['is_connected'] }],
  ['Manager', { name: 'target', columns: ['is_connected'] }],
]);

function format(row: DraftRow, column: string): string {
  return formatDatum(row.get(column), row.schema.columns.get(column)!.type);
}

function showRow(row: DraftRow, level: number): readonly string[] {
  const table = row.schema.name;
  const { name, columns } = shownTables.get(table)!;
  const lines = [`${'    '.repeat(level)}${name === undefined ? row.uuid : `${table} ${format(row, name)}`}`];
  for (const column of columns) {
    const { type } = row.schema.columns.get(column)!;
    if (type.key.refTable !== undefined) {
      for (const referred of row.refs(column)) lines.push(...showRow(referred, level + 1));
    } else if (!isDefaultDatum(row.get(column), type)) {
      lines.push(`${'    '.repeat(level + 1)}${column}: ${format(row, column)}`);
    }
  }
  return lines;
}

export const show: CommandSyntax = {
  name: 'show',
  minArgs: 0,
  maxArgs: 0,
  arguments: '',
  options: [],
  writes: false,
  run(context) {
    for (const row of context.draft.rows('Open_vSwitch')) {
      for (const line of showRow(row, 0)) context.print(line);
    }
    return undefined;
  },
};
