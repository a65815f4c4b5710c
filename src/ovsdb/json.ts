/**
 * JSON written as OVS's tools write it: no blanks, members sorted by name, and only the escapes that lib/json.c makes.
 */

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** A string in quotes. */
export function quoteJson(text: string): string {
  let quoted = '"';
  for (const char of text) {
    const escaped = ESCAPES[char];
    if (escaped !== undefined) quoted += escaped;
    else if (char < ' ') quoted += `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
    else quoted += char;
  }
  return `${quoted}"`;
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : a > b ? 1 : 0;

/** Nesting beyond this is cut, as lib/json.c refuses to read it: hostile input must not exhaust the stack. */
const DEPTH_LIMIT = 1000;

/** Any JSON value; members of objects sorted. What JSON cannot hold (undefined, functions) is written as null. */
export function sortedJson(value: unknown, depth = 0): string {
  if (typeof value === 'string') return quoteJson(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null';
  if (typeof value === 'boolean') return String(value);
  if (depth > DEPTH_LIMIT) return 'null';
  if (Array.isArray(value)) return `[${value.map((element) => sortedJson(element, depth + 1)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .sort(byName)
      .map(([name, member]) => `${quoteJson(name)}:${sortedJson(member, depth + 1)}`);
    return `{${members.join(',')}}`;
  }
  return 'null';
}
