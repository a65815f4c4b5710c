/**
 * Atoms: order, default values and the constraints of their base type. Mirrors the ovsdb_atom functions of
 * lib/ovsdb-data.c. Deliberate difference: an integer is a JavaScript number, so one beyond 2^53 is refused.
 */
import { formatAtom, formatAtoms } from './atom-text.js';
import type { Atom } from './database.js';
import { constraintViolation } from './ovsdb-error.js';
import type { AtomicType, BaseType } from './schema.js';
import { ZERO_UUID } from './uuid.js';

/** Orders strings by code point, as strcmp() orders their UTF-8; UTF-16 order differs beyond U+FFFF. */
function compareStrings(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const xIsSurrogate = x >= 0xd800 && x <= 0xdfff;
    const yIsSurrogate = y >= 0xd800 && y <= 0xdfff;
    if (xIsSurrogate !== yIsSurrogate) return xIsSurrogate ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}

/** Negative, zero or positive, as `a` comes before, with or after `b`. Both are of one type. */
export function compareAtoms(a: Atom, b: Atom): number {
  if (a === b) return 0;
  if (typeof a === 'string') return compareStrings(a, b as string);
  return Number(a) - Number(b);
}

export function defaultAtom(type: AtomicType): Atom {
  switch (type) {
    case 'integer':
      return 0;
    case 'boolean':
      return false;
    case 'string':
      return '';
    case 'uuid':
      return ZERO_UUID;
  }
}

/** Throws the constraint violation, if there is one. References are checked when the transaction commits. */
export function checkAtom(atom: Atom, base: BaseType): void {
  if (base.enum !== undefined && !base.enum.includes(atom)) {
    const allowed = formatAtoms(base.enum, base.type);
    throw constraintViolation(`${formatAtom(atom, base.type)} is not one of the allowed values (${allowed})`);
  }
  if (base.type !== 'integer') return;
  const value = atom as number;
  const { minInteger: min, maxInteger: max } = base;
  const tooSmall = min !== undefined && value < min;
  const tooLarge = max !== undefined && value > max;
  if (!tooSmall && !tooLarge) return;
  if (min !== undefined && max !== undefined) {
    throw constraintViolation(`${value} is not in the valid range ${min} to ${max} (inclusive)`);
  }
  throw constraintViolation(
    tooSmall
      ? `${value} is less than minimum allowed value ${min}`
      : `${value} is greater than maximum allowed value ${max}`,
  );
}
