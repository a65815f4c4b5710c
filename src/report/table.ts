/**
 * Tables as aligned text, without boxes: columns are as wide as their widest cell, numbers stand to the right.
 *
 * Invariant: cells may hold colour codes; alignment counts the characters that are seen.
 */
import { visibleWidth } from './colour.js';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

const GAP = '  ';

/** Lines of the table, heading first; no line ends with spaces. */
export const renderTable = (columns: readonly Column[], rows: readonly (readonly string[])[]): string[] => {
  const widths = columns.map((column, i) =>
    rows.reduce((width, row) => Math.max(width, visibleWidth(row[i] ?? '')), visibleWidth(column.title)),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, i) => {
        const cell = cells[i] ?? '';
        const padding = ' '.repeat(widths[i]! - visibleWidth(cell));
        return column.align === 'right' ? padding + cell : cell + padding;
      })
      .join(GAP)
      .trimEnd();
  return [line(columns.map((column) => column.title)), ...rows.map(line)];
};

/** Pairs of name and value, one a line, values aligned. */
export const renderPairs = (pairs: readonly (readonly [name: string, value: string])[]): string[] => {
  const width = Math.max(0, ...pairs.map(([name]) => visibleWidth(name)));
  return pairs.map(([name, value]) => `${name}${' '.repeat(width - visibleWidth(name))}${GAP}${value}`.trimEnd());
};
