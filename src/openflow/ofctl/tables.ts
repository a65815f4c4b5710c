/**
 * mod-table, dump-tables and dump-table-desc. Mirrors ofctl_mod_table() of utilities/ovs-ofctl.c and
 * parse_ofp_table_mod() (lib/ofp-table.c).
 */
import { UserError } from '../../report/user-error.js';
import { scanInteger } from '../number-text.js';
import { type OpenFlowVersion, protocolsOfVersion } from '../protocol.js';
import { NO_PORT_NAMES, type PortNames } from '../ports.js';
import { offering, type SwitchConnection } from '../switch-connection.js';
import { switchTableFeatures } from '../table-features.js';
import { formatTables, type ShownTable } from '../table-features-format.js';
import { formatTableDescription, formatTableMod } from '../table-format.js';
import type { TableMod, TableStatsEntry } from '../table-mod.js';
import { parseTable } from '../table-text.js';
import { decodeMessage, encodeParts } from '../wire/message.js';
import { type TableFeaturesReplyMessage, tableFeaturesReply } from '../wire/switch/table-features.js';
import { type TableStatsReplyMessage, tableStatsReply } from '../wire/switch/table-stats.js';
import type { OfctlCommand } from './command.js';
import type { Invocation } from './invocation.js';
import { highestVersion } from './options.js';

const ALL_TABLES = 255;
const LAST_TABLE = 254;
const MAX_PERCENT = 100;

interface ParsedTableMod {
  readonly mod: TableMod;
  readonly versions: readonly OpenFlowVersion[];
  /** The name that the table is to have, where that is what is asked for. */
  readonly name?: string;
}

const BEFORE_13: readonly OpenFlowVersion[] = [11, 12];
const SINCE_13: readonly OpenFlowVersion[] = [13, 14, 15];
const SINCE_14: readonly OpenFlowVersion[] = [14, 15];

function parsePercent(text: string | undefined, which: string): number {
  if (text === undefined) throw new UserError(`Vacancy ${which} value missing`);
  const { value, length } = scanInteger(text);
  if (length === 0 || length !== text.length || value > BigInt(MAX_PERCENT)) {
    throw new UserError(`Invalid vacancy ${which} value "${text}"`);
  }
  return Number(value);
}

/** `vacancy:DOWN,UP`. */
function parseVacancy(setting: string): NonNullable<TableMod['vacancy']> {
  const [downText, upText] = setting
    .slice('vacancy:'.length)
    .split(',')
    .filter((word) => word !== '');
  const down = parsePercent(downText, 'down');
  const up = parsePercent(upText, 'up');
  if (down > up) {
    throw new UserError('Invalid vacancy range, vacancy up should be greater than vacancy down (OFPBPC_BAD_VALUE)');
  }
  return { isOn: true, down, up };
}

function parseTableMod(tableText: string, setting: string, names: PortNames): ParsedTableMod {
  const tableId = tableText.toLowerCase() === 'all' ? ALL_TABLES : parseTable(tableText, names);
  if (tableId === null) throw new UserError(`unknown table "${tableText}"`);
  const none: TableMod = { tableId, miss: null, eviction: null, vacancy: null };
  switch (setting) {
    case 'controller':
    case 'continue':
    case 'drop':
      if (tableId === LAST_TABLE && setting === 'continue') {
        throw new UserError("last table's flow miss handling can not be continue");
      }
      return { mod: { ...none, miss: setting }, versions: BEFORE_13 };
    case 'evict':
    case 'noevict':
      return { mod: { ...none, eviction: setting === 'evict' }, versions: SINCE_14 };
    case 'novacancy':
      return { mod: { ...none, vacancy: { isOn: false, down: 0, up: 0 } }, versions: SINCE_14 };
    default:
  }
  const word = setting.split(':')[0]!;
  if ('vacancy'.startsWith(word)) return { mod: { ...none, vacancy: parseVacancy(setting) }, versions: SINCE_14 };
  if (tableId !== ALL_TABLES && setting.startsWith('name:')) {
    return { mod: none, versions: SINCE_13, name: setting.slice('name:'.length) };
  }
  throw new UserError(`invalid table_mod setting ${setting}`);
}

/** From 1.4 on a change names all settings of the table, so those that stay are asked for first. */
function withPresentSettings(
  invocation: Invocation,
  connection: Parameters<typeof offering>[0],
  mod: TableMod,
): TableMod {
  invocation.nextXid();
  const described = offering(connection, 'tableDescriptions').tableDescriptions();
  const present = described.find(({ tableId }) => tableId === mod.tableId);
  const { vacancy } = present ?? { vacancy: null };
  return {
    ...mod,
    eviction: mod.eviction ?? present?.eviction ?? false,
    vacancy:
      mod.vacancy ??
      (vacancy === null ? { isOn: false, down: 0, up: 0 } : { isOn: true, down: vacancy.down, up: vacancy.up }),
  };
}

/** All tables' features are asked for and sent back with the name changed. */
function nameTable(
  invocation: Invocation,
  connection: SwitchConnection,
  { version, tableId, name }: { readonly version: OpenFlowVersion; readonly tableId: number; readonly name: string },
): void {
  if (tableId >= LAST_TABLE) throw new UserError(`switch does not have table ${tableId}`);
  invocation.nextXid();
  const xid = invocation.nextXid();
  invocation.refusable(version, xid, invocation.header('OFPST_TABLE_FEATURES request', version, xid), () =>
    offering(connection, 'setTableName').setTableName(tableId, name),
  );
}

export const modTable: OfctlCommand = {
  name: 'mod-table',
  usage: 'switch mod',
  minArgs: 3,
  maxArgs: 3,
  writes: true,
  run(invocation, [name = '', table = '', setting = '']) {
    const names = invocation.tablesToAccept(name);
    const { mod, versions, name: tableName } = parseTableMod(table, setting, names);
    const allowed = versions.filter((one) => (protocolsOfVersion(one) & invocation.options.allowed) !== 0);
    if (allowed.length === 0) {
      const names = versions.map((one) => `OpenFlow${one}`).join(', ');
      throw new UserError(`table_mod '${setting}' requires one of the OpenFlow versions ${names}`);
    }
    const { connection } = invocation.open(name);
    const version = allowed.at(-1)!;
    if (tableName !== undefined) {
      nameTable(invocation, connection, { version, tableId: mod.tableId, name: tableName });
      return;
    }
    const needsPresent = [14, 15].some(
      (one) => (protocolsOfVersion(one as OpenFlowVersion) & invocation.options.allowed) !== 0,
    );
    const tables =
      needsPresent && mod.tableId === ALL_TABLES ? Array.from({ length: LAST_TABLE }, (_, id) => id) : [mod.tableId];
    for (const tableId of tables) {
      const wanted = { ...mod, tableId };
      const sent = needsPresent ? withPresentSettings(invocation, connection, wanted) : wanted;
      const xid = invocation.sendQuietly();
      const message = `${invocation.header('OFPT_TABLE_MOD', version, xid)}${formatTableMod(sent, NO_PORT_NAMES)}`;
      invocation.refusable(version, xid, message, () => offering(connection, 'tableMod').tableMod(sent));
    }
  },
};

/** Tables as the version's messages tell of them. */
function carriedTables(
  connection: SwitchConnection,
  version: OpenFlowVersion,
  what: 'statistics' | 'features',
): readonly ShownTable[] {
  const entries: readonly TableStatsEntry[] = offering(connection, 'tableStats').tableStats();
  const last = entries.at(-1)?.tableId ?? 0;
  const tables = entries.map((entry) => ({
    features: switchTableFeatures(entry, last),
    counters: { active: entry.active, lookups: entry.lookups, matched: entry.matched },
  }));
  if (what === 'statistics') {
    const parts = encodeParts(tableStatsReply, version, 0, { kind: 'table-stats-reply', tables });
    return parts.flatMap((part) => (decodeMessage(part).message as TableStatsReplyMessage).tables);
  }
  const features = tables.map((table) => table.features);
  const parts = encodeParts(tableFeaturesReply, version, 0, { kind: 'table-features-reply', tables: features });
  return parts.flatMap((part) =>
    (decodeMessage(part).message as TableFeaturesReplyMessage).tables.map((table) => ({
      features: table,
      counters: null,
    })),
  );
}

export const dumpTables: OfctlCommand = {
  name: 'dump-tables',
  usage: 'switch',
  minArgs: 1,
  maxArgs: 1,
  writes: false,
  run(invocation, [name = '']) {
    const { connection, version } = invocation.open(name);
    const head = invocation.header('OFPST_TABLE reply', version, invocation.nextXid());
    invocation.print(`${head}${formatTables(carriedTables(connection, version, 'statistics'))}`);
  },
};

export const dumpTableDesc: OfctlCommand = {
  name: 'dump-table-desc',
  usage: 'switch',
  minArgs: 1,
  maxArgs: 1,
  writes: false,
  run(invocation, [name = '']) {
    const version = highestVersion(invocation.options.allowed);
    if (version < 14) throw new UserError("dump-table-desc needs OpenFlow 1.4 or later ('-O OpenFlow14')");
    const { connection } = invocation.open(name);
    const names = invocation.showsNames ? connection.ports : NO_PORT_NAMES;
    const head = invocation.header('OFPST_TABLE_DESC reply', version, invocation.nextXid());
    const tables = offering(connection, 'tableDescriptions').tableDescriptions();
    invocation.print(`${head}${tables.map((table) => formatTableDescription(table, names)).join('')}`);
  },
};

export const dumpTableFeatures: OfctlCommand = {
  name: 'dump-table-features',
  usage: 'switch',
  minArgs: 1,
  maxArgs: 1,
  writes: false,
  run(invocation, [name = '']) {
    if (highestVersion(invocation.options.allowed) < 13) {
      throw new UserError("dump-table-features needs OpenFlow 1.3 or later ('-O OpenFlow13')");
    }
    const { connection, version } = invocation.open(name);
    const text = formatTables(carriedTables(connection, version, 'features'));
    invocation.print(`${text.replace(/^\n/, '')}\n`);
  },
};
