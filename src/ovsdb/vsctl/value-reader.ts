/**
 * Values as people type them at ovs-vsctl: `5`, `1-4`, `yes`, `"a b"`, `@row`, `[1, 2]`, `{key=value, ...}`, brackets
 * being optional. Mirrors ovsdb_atom_from_string() and ovsdb_datum_from_string() of lib/ovsdb-data.c.
 * Throws UserError or a constraint violation (OvsdbError).
 */
import { UserError } from '#src/report/user-error.js';
import { checkAtom } from '../atom.js';
import type { Atom, Datum } from '../database.js';
import { sortedMap, sortedSet } from '../datum.js';
import { constraintViolation } from '../ovsdb-error.js';
import type { BaseType, ColumnType } from '../schema.js';
import { isMapType, typeToEnglish, UNLIMITED } from '../schema.js';
import { isUuid } from '../uuid.js';
import type { Symbols } from './symbols.js';
import { isDelimiter, readToken, unescapeJson } from './token.js';

/** More integers than this are not made of one range. */
const RANGE_LIMIT = 4096;

/** A whole number as strtoll() reads it, if it is exact in a double. */
function parseInteger(text: string): number | undefined {
  if (!/^\s*[+-]?\d+$/.test(text)) return undefined;
  const value = Number(text) + 0;
  return Number.isSafeInteger(value) ? value : undefined;
}

export function readAtom(text: string, base: BaseType, symbols: Symbols): Atom {
  const atom = readUncheckedAtom(text, base, symbols);
  checkAtom(atom, base);
  return atom;
}

function readUncheckedAtom(text: string, base: BaseType, symbols: Symbols): Atom {
  switch (base.type) {
    case 'integer': {
      const value = parseInteger(text);
      if (value === undefined) throw new UserError(`"${text}" is not a valid integer or range`);
      return value;
    }
    case 'boolean':
      if (/^(true|yes|on|1)$/.test(text)) return true;
      if (/^(false|no|off|0)$/.test(text)) return false;
      throw new UserError(`"${text}" is not a valid boolean (use "true" or "false")`);
    case 'string':
      return readString(text);
    case 'uuid':
      if (text.startsWith('@')) return symbols.reference(text, base);
      if (!isUuid(text)) throw new UserError(`"${text}" is not a valid UUID`);
      return text.toLowerCase();
  }
}

function readString(text: string): string {
  if (text === '') {
    throw new UserError('An empty string is not valid as input; use "" to represent the empty string');
  }
  if (!text.startsWith('"')) return text;
  if (text.length < 2 || !text.endsWith('"')) throw new UserError(`${text}: missing quote at end of quoted string`);
  const unescaped = unescapeJson(text.slice(1, -1));
  if ('error' in unescaped) throw new UserError(`${text}: ${unescaped.error}`);
  return unescaped.text;
}

/** One element of a set, or several for a range of integers. */
function readElements(text: string, base: BaseType, symbols: Symbols): readonly Atom[] {
  const range = base.type === 'integer' ? /^(\s*[+-]?\d+)-(\s*[+-]?\d+)$/.exec(text) : null;
  const start = range === null ? undefined : parseInteger(range[1]!);
  const end = range === null ? undefined : parseInteger(range[2]!);
  if (start === undefined || end === undefined) return [readAtom(text, base, symbols)];
  if (end < start) throw new UserError(`"${text}" is not a valid range. Range end cannot be before start.`);
  checkAtom(start, base);
  checkAtom(end, base);
  if (end - start >= RANGE_LIMIT) {
    throw constraintViolation(`Range "${start}-${end}" is too big. Maximum allowed size is ${RANGE_LIMIT}.`);
  }
  return Array.from({ length: end - start + 1 }, (_, i) => start + i);
}

function skipSpaces(source: string, start: number): number {
  let i = start;
  while (i < source.length && /\s/.test(source[i]!)) i++;
  return i;
}

export function readDatum(source: string, type: ColumnType, symbols: Symbols): Datum {
  const isMap = isMapType(type);
  const [open, close] = isMap ? ['{', '}'] : ['[', ']'];
  let i = skipSpaces(source, 0);
  if (i >= source.length) throw new UserError(`use "${open}${close}" to specify the empty ${isMap ? 'map' : 'set'}`);
  const isEnclosed = source[i] === open;
  if (isEnclosed) i = skipSpaces(source, i + 1);

  const keys: Atom[] = [];
  const pairs: (readonly [Atom, Atom])[] = [];
  while (i < source.length && !(isEnclosed && source[i] === close)) {
    if (isDelimiter(source[i]!)) {
      throw new UserError(`${source}: unexpected "${source[i]}" parsing ${typeToEnglish(type)}`);
    }
    const start = i;
    const token = readToken(source, i);
    i = token.end;
    if (type.value === null) {
      keys.push(...readElements(token.text, type.key, symbols));
    } else {
      const key = readAtom(token.text, type.key, symbols);
      i = skipSpaces(source, i);
      if (source[i] !== '=') throw missingEquals(source, start, i);
      const value = readToken(source, skipSpaces(source, i + 1));
      pairs.push([key, readAtom(value.text, type.value, symbols)]);
      i = value.end;
    }
    i = skipSpaces(source, i);
    if (source[i] === ',') i = skipSpaces(source, i + 1);
  }
  if (isEnclosed) {
    if (source[i] !== close) throw new UserError(`${source}: missing "${close}" at end of data`);
    if (skipSpaces(source, i + 1) < source.length) {
      throw new UserError(`${source}: trailing garbage after "${close}"`);
    }
  }
  checkSize(source, type, isMap ? pairs.length : keys.length);
  try {
    return isMap ? sortedMap(pairs) : sortedSet(keys);
  } catch {
    throw new UserError(`${source}: ${isMap ? 'map contains duplicate key' : 'set contains duplicate value'}`);
  }
}

/** Where the argument ends, C prints a null byte, which ends the message too. */
function missingEquals(source: string, start: number, end: number): UserError {
  const message = `${source.slice(start)}: syntax error at "`;
  return new UserError(end >= source.length ? message : `${message}${source[end]}" expecting "="`);
}

function checkSize(source: string, type: ColumnType, size: number): void {
  const things = `${size} ${isMapType(type) ? 'pair(s)' : 'value(s)'} specified`;
  if (size < type.min) throw new UserError(`${source}: ${things} but the minimum number is ${type.min}`);
  if (type.max !== UNLIMITED && size > type.max) {
    throw new UserError(`${source}: ${things} but the maximum number is ${type.max}`);
  }
}
