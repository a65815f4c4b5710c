/** Table numbers as text. Mirrors ofputil_table_from_string() (lib/ofp-table.c); tables have no names in Upcall yet. */

/** 0 to 255, or null. */
export function parseTable(text: string): number | null {
  if (!/^\s*\+?\d+$/.test(text)) return null;
  const number = Number(text);
  return number <= 255 ? number : null;
}
