/**
 * Values of columns: sets and maps of atoms. Mirrors the ovsdb_datum functions of lib/ovsdb-data.c.
 * Invariant: atoms of a set, and keys of a map, are unique and in ascending order; functions here keep it so and never
 * change their arguments.
 */
import { checkAtom, compareAtoms, defaultAtom } from './atom.js';
import type { Atom, Datum } from './database.js';
import { OvsdbError } from './ovsdb-error.js';
import type { ColumnType } from './schema.js';

export const isMapDatum = (datum: Datum): datum is ReadonlyMap<Atom, Atom> => datum instanceof Map;

/** A set's atoms; of a map, its keys. */
export const keysOf = (datum: Datum): readonly Atom[] => (isMapDatum(datum) ? [...datum.keys()] : datum);
export const valuesOf = (datum: Datum): readonly Atom[] => (isMapDatum(datum) ? [...datum.values()] : []);
export const sizeOf = (datum: Datum): number => (isMapDatum(datum) ? datum.size : datum.length);

const EMPTY_SET: readonly Atom[] = [];
const EMPTY_MAP: ReadonlyMap<Atom, Atom> = new Map();
export const emptyDatum = (type: ColumnType): Datum => (type.value === null ? EMPTY_SET : EMPTY_MAP);

/** What a column holds when nothing was said (RFC 7047 §5.2.1). */
export function defaultDatum(type: ColumnType): Datum {
  if (type.min === 0) return emptyDatum(type);
  const key = defaultAtom(type.key.type);
  return type.value === null ? [key] : new Map([[key, defaultAtom(type.value.type)]]);
}

export const isDefaultDatum = (datum: Datum, type: ColumnType): boolean => datumsEqual(datum, defaultDatum(type));

/** Puts atoms in order; throws when one appears twice. */
export function sortedSet(atoms: readonly Atom[]): readonly Atom[] {
  const sorted = [...atoms].sort(compareAtoms);
  if (sorted.some((atom, i) => i > 0 && atom === sorted[i - 1])) {
    throw new OvsdbError('ovsdb error', 'set contains duplicate');
  }
  return sorted;
}

/** Puts pairs in order; throws when a key appears twice. */
export function sortedMap(pairs: readonly (readonly [Atom, Atom])[]): ReadonlyMap<Atom, Atom> {
  const map = new Map([...pairs].sort(([a], [b]) => compareAtoms(a, b)));
  if (map.size !== pairs.length) throw new OvsdbError('ovsdb error', 'map contains duplicate key');
  return map;
}

/** Fewer elements come first, then the order of keys decides, then that of values. */
export function compareDatums(a: Datum, b: Datum): number {
  const sizes = sizeOf(a) - sizeOf(b);
  if (sizes !== 0) return sizes;
  return compareAtomLists(keysOf(a), keysOf(b)) || compareAtomLists(valuesOf(a), valuesOf(b));
}

function compareAtomLists(a: readonly Atom[], b: readonly Atom[]): number {
  for (let i = 0; i < a.length; i++) {
    const order = compareAtoms(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return 0;
}

export const datumsEqual = (a: Datum, b: Datum): boolean => a === b || compareDatums(a, b) === 0;

/** Whether `b` has an element of `a`; where both are maps, the values must agree too. */
function hasElement(b: Datum, key: Atom, value: Atom | undefined): boolean {
  if (!isMapDatum(b)) return b.includes(key);
  return b.has(key) && (value === undefined || b.get(key) === value);
}

const elements = (datum: Datum): readonly (readonly [Atom, Atom | undefined])[] =>
  isMapDatum(datum) ? [...datum] : datum.map((atom) => [atom, undefined] as const);

/** Whether each element of `a` is in `b`. */
export const includesAll = (a: Datum, b: Datum): boolean =>
  elements(a).every(([key, value]) => hasElement(b, key, value));

/** Whether no element of `a` is in `b`. */
export const excludesAll = (a: Datum, b: Datum): boolean =>
  !elements(a).some(([key, value]) => hasElement(b, key, value));

/** All of `a`, and what `b` adds; where both have a key, `a` keeps its value. */
export function unionOf(a: Datum, b: Datum): Datum {
  if (isMapDatum(a)) {
    const added = [...(b as ReadonlyMap<Atom, Atom>)].filter(([key]) => !a.has(key));
    return added.length === 0 ? a : sortedMap([...a, ...added]);
  }
  const present = new Set(a);
  const added = (b as readonly Atom[]).filter((atom) => !present.has(atom));
  return added.length === 0 ? a : sortedSet([...a, ...added]);
}

/** `a` without the elements of `b`. When `a` is a map and `b` a set, pairs go by their key alone. */
export function differenceOf(a: Datum, b: Datum): Datum {
  if (isMapDatum(a)) {
    const keys = isMapDatum(b) ? undefined : new Set(b);
    const isGone = (key: Atom, value: Atom): boolean => keys?.has(key) ?? hasElement(b, key, value);
    return new Map([...a].filter(([key, value]) => !isGone(key, value)));
  }
  const gone = new Set(keysOf(b));
  return a.filter((atom) => !gone.has(atom));
}

export function checkDatum(datum: Datum, type: ColumnType): void {
  for (const key of keysOf(datum)) checkAtom(key, type.key);
  if (type.value !== null) for (const value of valuesOf(datum)) checkAtom(value, type.value);
}

export const conformsToSize = (datum: Datum, type: ColumnType): boolean => {
  const size = sizeOf(datum);
  return size >= type.min && size <= type.max;
};
