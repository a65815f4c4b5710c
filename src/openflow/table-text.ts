/** Table numbers as text. Mirrors ofputil_table_from_string() and ofputil_format_table() (lib/ofp-table.c). */
import { formatName, unquote } from './port-text.js';
import type { PortNames } from './ports.js';

/** 0 to 255, by number or by name; null for what is neither. */
export function parseTable(text: string, { tables }: PortNames): number | null {
  if (/^\s*\+?\d+$/.test(text)) {
    const number = Number(text);
    return number <= 255 ? number : null;
  }
  if (text.startsWith('-')) return null;
  return tables?.numberOf(unquote(text)) ?? null;
}

/** The table's name where there is one, else its number. */
export function formatTable(table: number, { tables }: PortNames): string {
  const name = tables?.nameOf(table);
  return name === undefined ? String(table) : formatName(name);
}
