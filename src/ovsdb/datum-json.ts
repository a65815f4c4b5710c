/**
 * Values as RFC 7047 §5.1 writes them in JSON: `5`, `["uuid", "..."]`, `["set", [...]]`, `["map", [[k, v], ...]]`.
 * Mirrors ovsdb_datum_from_json() and ovsdb_datum_to_json(). Reading takes any JSON whatever and ends in a value that
 * fits the type or in an OvsdbError.
 */
import { checkAtom } from './atom.js';
import type { Atom, Datum } from './database.js';
import { isMapDatum, sortedMap, sortedSet } from './datum.js';
import { OvsdbError, syntaxError } from './ovsdb-error.js';
import type { AtomicType, BaseType, ColumnType } from './schema.js';
import { UNLIMITED } from './schema.js';
import { isUuid } from './uuid.js';

/** Gives the UUID that a name of the transaction stands for (RFC 7047 §5.1, <named-uuid>). */
export type SymbolLookup = (name: string) => string;

export const isId = (text: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);

/** The inner part of `[name, inner]`; undefined where the JSON is something else. */
function unwrap(json: unknown, name: string): unknown {
  return Array.isArray(json) && json.length === 2 && json[0] === name ? json[1] : undefined;
}

function readUuid(json: unknown, lookup: SymbolLookup | null): string {
  const uuid = unwrap(json, 'uuid');
  if (typeof uuid === 'string') {
    if (!isUuid(uuid)) throw syntaxError(json, `"${uuid}" is not a valid UUID`);
    return uuid.toLowerCase();
  }
  const name = unwrap(json, 'named-uuid');
  if (lookup !== null && typeof name === 'string') {
    if (!isId(name)) throw syntaxError(json, 'named-uuid string is not a valid <id>');
    return lookup(name);
  }
  throw syntaxError(json, 'expected ["uuid", <string>]');
}

function readAtom(json: unknown, base: BaseType, lookup: SymbolLookup | null): Atom {
  const atom = readUncheckedAtom(json, base.type, lookup);
  checkAtom(atom, base);
  return atom;
}

function readUncheckedAtom(json: unknown, type: AtomicType, lookup: SymbolLookup | null): Atom {
  switch (type) {
    case 'integer':
      // Adding zero turns -0, which is no integer of the database, into 0.
      if (Number.isSafeInteger(json)) return (json as number) + 0;
      break;
    case 'boolean':
    case 'string':
      if (typeof json === type) return json as Atom;
      break;
    case 'uuid':
      return readUuid(json, lookup);
  }
  throw syntaxError(json, `expected ${type}`);
}

/** RFC 7047 has no limit on a set; C prints its own as the largest unsigned integer. */
const sizeInText = (max: number): number => (max === UNLIMITED ? 0xffff_ffff : max);

function readElements(json: unknown, kind: 'set' | 'map', type: ColumnType): readonly unknown[] {
  const inner = unwrap(json, kind);
  if (!Array.isArray(inner)) throw syntaxError(json, `expected ["${kind}", <array>]`);
  if (inner.length < type.min || inner.length > type.max) {
    throw syntaxError(
      json,
      type.min === 1 && type.max === 1
        ? `${kind} must have exactly one member but ${inner.length} are present`
        : `${kind} must have ${type.min} to ${sizeInText(type.max)} members but ${inner.length} are present`,
    );
  }
  return inner;
}

export function datumFromJson(json: unknown, type: ColumnType, lookup: SymbolLookup | null): Datum {
  const { key, value } = type;
  if (value !== null) {
    const pairs = readElements(json, 'map', type).map((pair): readonly [Atom, Atom] => {
      if (!Array.isArray(pair) || pair.length !== 2) throw syntaxError(pair, 'expected 2-element array');
      return [readAtom(pair[0], key, lookup), readAtom(pair[1], value, lookup)];
    });
    return sortedMap(pairs);
  }
  if (Array.isArray(json) && json[0] === 'set') {
    return sortedSet(readElements(json, 'set', type).map((atom) => readAtom(atom, key, lookup)));
  }
  return [readAtom(json, key, lookup)];
}

/** As datumFromJson(), without an exception; for readers that try one type and then another. */
export function tryDatumFromJson(json: unknown, type: ColumnType, lookup: SymbolLookup | null): Datum | OvsdbError {
  try {
    return datumFromJson(json, type, lookup);
  } catch (error) {
    if (error instanceof OvsdbError) return error;
    throw error;
  }
}

const atomToJson = (atom: Atom, type: AtomicType): unknown => (type === 'uuid' ? ['uuid', atom] : atom);

export function datumToJson(datum: Datum, type: ColumnType): unknown {
  if (isMapDatum(datum)) {
    const valueType = type.value?.type ?? 'string';
    return ['map', [...datum].map(([key, value]) => [atomToJson(key, type.key.type), atomToJson(value, valueType)])];
  }
  if (datum.length === 1) return atomToJson(datum[0]!, type.key.type);
  return ['set', datum.map((atom) => atomToJson(atom, type.key.type))];
}
