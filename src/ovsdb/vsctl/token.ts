/**
 * The lexical level of ovs-vsctl's arguments: tokens end at one of `:=, []{}!<>`, a backslash takes the next character
 * as it is, and double quotes hide delimiters and stay. Mirrors ovsdb_token_parse() and json_string_unescape().
 */
import { UserError } from '#src/report/user-error.js';

const DELIMITERS = new Set(':=, []{}!<>');

export const isDelimiter = (char: string): boolean => DELIMITERS.has(char);

export interface Token {
  readonly text: string;
  /** Where the token ends. */
  readonly end: number;
}

/** The token that begins at `start`: empty where a delimiter stands there. */
export function readToken(source: string, start: number): Token {
  let text = '';
  let isQuoted = false;
  let i = start;
  while (i < source.length) {
    const char = source[i]!;
    if (char === '\\') {
      if (isQuoted) text += '\\';
      if (i + 1 >= source.length) throw new UserError(`${source.slice(start)}: backslash at end of argument`);
      text += source[i + 1];
      i += 2;
      continue;
    }
    if (!isQuoted && isDelimiter(char)) break;
    if (char === '"') isQuoted = !isQuoted;
    text += char;
    i++;
  }
  if (isQuoted) throw new UserError(`${source.slice(start)}: quoted string extends past end of argument`);
  return { text, end: i };
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** What stands between the quotes of a JSON string. The error is the reason alone, for the caller to place. */
export function unescapeJson(inner: string): { readonly text: string } | { readonly error: string } {
  let text = '';
  for (let i = 0; i < inner.length; i++) {
    const char = inner[i]!;
    if (char === '"') return { error: 'quoted string may not include unescaped "' };
    if (char !== '\\') {
      text += char;
      continue;
    }
    const escaped = inner[++i];
    if (escaped === undefined) return { error: 'quoted string may not end with backslash' };
    if (escaped === 'u') {
      const hex = inner.slice(i + 1, i + 5);
      if (hex.length < 4) return { error: 'quoted string ends within \\u escape' };
      if (!/^[0-9a-f]{4}$/i.test(hex)) return { error: 'malformed \\u escape' };
      if (hex === '0000') return { error: 'null bytes not supported in quoted strings' };
      text += String.fromCharCode(Number.parseInt(hex, 16));
      i += 4;
      continue;
    }
    const plain = ESCAPES[escaped];
    if (plain === undefined) return { error: `bad escape \\${escaped}` };
    text += plain;
  }
  return { text };
}
