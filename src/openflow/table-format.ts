/**
 * Settings of tables as ovs-ofctl prints them. Mirrors ofputil_table_desc_format() and ofputil_table_mod_format()
 * (lib/ofp-table.c).
 */
import type { TableStatusMessage } from './async-message.js';
import { formatBitNames } from './bit-names.js';
import type { PortNames } from './ports.js';
import { DEFAULT_EVICTION_FLAGS, type TableDescription, type TableMod } from './table-mod.js';
import { formatTable } from './table-text.js';

const EVICTION_FLAGS: readonly string[] = ['OTHER', 'IMPORTANCE', 'LIFETIME'];

const evictionFlagsText = (flags: number): string =>
  flags === DEFAULT_EVICTION_FLAGS ? '(default)' : formatBitNames(flags, EVICTION_FLAGS, '|');

const onOff = (isOn: boolean): string => (isOn ? 'on' : 'off');

/** One table of dump-table-desc. */
export function formatTableDescription(
  { tableId, eviction, evictionFlags, vacancy }: TableDescription,
  names: PortNames,
): string {
  const thresholds =
    vacancy === null ? '' : ` vacancy_down=${vacancy.down}% vacancy_up=${vacancy.up}% vacancy=${vacancy.vacancy}%`;
  return (
    `\n  table ${formatTable(tableId, names)}:\n   eviction=${onOff(eviction)} eviction_flags=${evictionFlagsText(evictionFlags)}\n` +
    `   vacancy=${onOff(vacancy !== null)}${thresholds}\n`
  );
}

/** What follows the message's name when a table's vacancy has crossed a threshold. */
export const formatTableStatus = ({ reason, table }: TableStatusMessage, names: PortNames): string =>
  ` reason=${reason === 'vacancy-down' ? 'VACANCY_DOWN' : 'VACANCY_UP'}\n` +
  `table_desc:-${formatTableDescription(table, names)}`;

/** What follows the message's name in a change of a table; `strangeEviction`: where it is neither on nor off. */
export function formatTableMod(
  { tableId, miss, eviction, vacancy }: TableMod,
  names: PortNames,
  strangeEviction: string | null = null,
): string {
  const parts = [tableId === 255 ? ' table_id: ALL_TABLES' : ` table_id=${formatTable(tableId, names)}`];
  if (miss !== null && miss !== 'default') parts.push(`flow_miss_config=${miss}`);
  if (strangeEviction !== null) parts.push(`eviction=${strangeEviction}`);
  else if (eviction !== null) parts.push(`eviction=${onOff(eviction)}`);
  if (vacancy !== null) {
    parts.push(`vacancy=${onOff(vacancy.isOn)}${vacancy.isOn ? ` vacancy:${vacancy.down},${vacancy.up}` : ''}`);
  }
  return parts.join(', ');
}
