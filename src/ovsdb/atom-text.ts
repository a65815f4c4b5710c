/**
 * How an atom is written for people and shells: `true`, `42`, bare or quoted strings. Mirrors ovsdb_atom_to_string() and
 * ovsdb_atom_to_bare() of lib/ovsdb-data.c. A string is quoted unless it reads as an identifier and as nothing else.
 */
import type { Atom } from './database.js';
import { quoteJson } from './json.js';
import type { AtomicType } from './schema.js';
import { isUuid } from './uuid.js';

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

const needsQuotes = (text: string): boolean =>
  !IDENTIFIER.test(text) || text === 'true' || text === 'false' || isUuid(text);

export function formatAtom(atom: Atom, type: AtomicType): string {
  return type === 'string' && needsQuotes(atom as string) ? quoteJson(atom as string) : String(atom);
}

/** A set of more than one, in brackets. */
export function formatAtoms(atoms: readonly Atom[], type: AtomicType): string {
  return `[${atoms.map((atom) => formatAtom(atom, type)).join(', ')}]`;
}
