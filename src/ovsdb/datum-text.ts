/**
 * Values as ovs-vsctl writes them: `[]`, `[1, 2]`, `{key=value}`, or the atom alone where there can be but one.
 * Mirrors ovsdb_datum_to_string() and ovsdb_datum_to_bare().
 */
import { formatAtom } from './atom-text.js';
import type { Datum } from './database.js';
import { isMapDatum, sizeOf } from './datum.js';
import type { ColumnType } from './schema.js';

export function formatDatum(datum: Datum, type: ColumnType): string {
  const valueType = type.value?.type ?? 'string';
  const elements = isMapDatum(datum)
    ? [...datum].map(([key, value]) => `${formatAtom(key, type.key.type)}=${formatAtom(value, valueType)}`)
    : datum.map((atom) => formatAtom(atom, type.key.type));
  const text = elements.join(', ');
  if (type.max === 1 && sizeOf(datum) > 0) return text;
  return type.value === null ? `[${text}]` : `{${text}}`;
}

/** Strings without quotes, elements apart by a blank: for shell scripts. */
export function formatDatumBare(datum: Datum): string {
  const elements = isMapDatum(datum) ? [...datum].map(([key, value]) => `${key}=${value}`) : datum.map(String);
  return elements.join(' ');
}
