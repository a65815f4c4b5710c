/**
 * What list and find print, in the formats of --format and --data. Mirrors lib/table.c. Tables of one run are parted by
 * an empty line, but for HTML and JSON.
 */
import type { Datum } from '../database.js';
import { datumToJson } from '../datum-json.js';
import { formatDatum, formatDatumBare } from '../datum-text.js';
import { quoteJson, sortedJson } from '../json.js';
import type { ColumnType } from '../schema.js';
import { isUuid } from '../uuid.js';

export type TableFormat = 'table' | 'list' | 'html' | 'csv' | 'json';
export type CellFormat = 'string' | 'bare' | 'json';

export interface TableStyle {
  readonly format: TableFormat;
  readonly cellFormat: CellFormat;
  readonly hasHeadings: boolean;
  readonly isPretty: boolean;
  /** 0 for no limit. */
  readonly maxColumnWidth: number;
}

export interface Cell {
  readonly datum: Datum;
  readonly type: ColumnType;
}

export interface Table {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

function cellText({ datum, type }: Cell, style: TableStyle): string {
  switch (style.cellFormat) {
    case 'string':
      return formatDatum(datum, type);
    case 'bare':
      return formatDatumBare(datum);
    case 'json':
      return sortedJson(datumToJson(datum, type));
  }
}

/** Writes a table. `isFirst` says that none was written before it. */
export function formatTable(table: Table, style: TableStyle, isFirst: boolean): string {
  const { headings } = table;
  if (style.format === 'json') return formatJson(table, style);
  const rows = table.rows.map((row) => row.map((cell) => cellText(cell, style)));
  const gap = isFirst ? '' : '\n';
  switch (style.format) {
    case 'table':
      return gap + formatColumns(headings, rows, style);
    case 'list':
      return gap + formatList(headings, rows, style);
    case 'csv':
      return gap + formatCsv(headings, rows, style);
    case 'html':
      return formatHtml(headings, rows, style);
  }
}

type TextRows = readonly (readonly string[])[];

/** Widths count bytes, as C's printf() does. */
const width = (text: string): number => Buffer.byteLength(text);
const pad = (text: string, to: number): string => {
  const cut = width(text) > to ? Buffer.from(text).subarray(0, to).toString() : text;
  return cut + ' '.repeat(Math.max(0, to - width(cut)));
};

function formatColumns(headings: readonly string[], rows: TextRows, style: TableStyle): string {
  const widths = headings.map((heading, column) => {
    let widest = rows.reduce((most, row) => Math.max(most, width(row[column]!)), 0);
    if (style.maxColumnWidth > 0) widest = Math.min(widest, style.maxColumnWidth);
    return style.hasHeadings ? Math.max(widest, width(heading)) : widest;
  });
  const line = (cells: readonly string[]): string =>
    `${cells
      .map((cell, column) => pad(cell, widths[column]!))
      .join(' ')
      .replace(/ +$/, '')}\n`;
  let text = '';
  if (style.hasHeadings) text += line(headings) + line(widths.map((count) => '-'.repeat(count)));
  for (const row of rows) text += line(row);
  return text;
}

function formatList(headings: readonly string[], rows: TextRows, style: TableStyle): string {
  return rows
    .map((row) =>
      row.map((text, i) => (style.hasHeadings ? `${headings[i]!.padEnd(20)}: ${text}\n` : `${text}\n`)).join(''),
    )
    .join('\n');
}

function formatCsv(headings: readonly string[], rows: TextRows, style: TableStyle): string {
  const cell = (text: string): string => (/[\n",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = style.hasHeadings ? [headings, ...rows] : rows;
  return lines.map((row) => `${row.map(cell).join(',')}\n`).join('');
}

const HTML_ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (char) => HTML_ESCAPES[char]!);

/** Each UUID becomes a link to its row. */
function htmlCell(element: string, text: string): string {
  let content = '';
  for (let i = 0; i < text.length; ) {
    const uuid = text.slice(i, i + 36);
    if (isUuid(uuid)) {
      content += `<a href="#${uuid}">${uuid.slice(0, 8)}</a>`;
      i += 36;
    } else {
      content += escapeHtml(text[i]!);
      i++;
    }
  }
  return `    <${element}>${content}</${element}>\n`;
}

function formatHtml(headings: readonly string[], rows: TextRows, style: TableStyle): string {
  let text = '<table border=1>\n';
  if (style.hasHeadings) {
    text += `  <tr>\n${headings.map((heading) => htmlCell('th', heading)).join('')}  </tr>\n`;
  }
  for (const row of rows) {
    const cells = row.map((cell, i) =>
      headings[i] === '_uuid'
        ? `    <td><a name="${escapeHtml(cell)}">${escapeHtml(cell.slice(0, 8))}</a></td>\n`
        : htmlCell('td', cell),
    );
    text += `  <tr>\n${cells.join('')}  </tr>\n`;
  }
  return `${text}</table>\n`;
}

function formatJson(table: Table, style: TableStyle): string {
  const json = {
    headings: table.headings,
    data: table.rows.map((row) => row.map(({ datum, type }) => datumToJson(datum, type))),
  };
  return `${style.isPretty ? prettyJson(json, 0) : sortedJson(json)}\n`;
}

/** lib/json.c closes brackets on the line of the last element. */
function prettyJson(value: unknown, depth: number): string {
  const indent = '  '.repeat(depth + 1);
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return `[\n${value.map((element) => indent + prettyJson(element, depth + 1)).join(',\n')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    if (members.length === 0) return '{}';
    return `{\n${members
      .map(([name, member]) => `${indent}${quoteJson(name)}: ${prettyJson(member, depth + 1)}`)
      .join(',\n')}}`;
  }
  return sortedJson(value);
}
