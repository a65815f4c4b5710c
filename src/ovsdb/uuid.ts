/**
 * UUIDs (RFC 4122) as strings: making random ones, recognising whole and partial ones. Mirrors lib/uuid.c.
 * Invariant: a UUID kept in the database is in lower case, so that string order is UUID order.
 */
import type { Rng } from '#datapath/environment.js';

export const ZERO_UUID = '00000000-0000-0000-0000-000000000000';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isUuid = (text: string): boolean => UUID.test(text);

/** A random UUID (version 4) made of four words of the source. */
export function makeUuid(rng: Rng): string {
  const hex = [
    rng.next32(),
    (rng.next32() & 0xffff0fff) | 0x4000,
    (rng.next32() & 0x3fffffff) | 0x80000000,
    rng.next32(),
  ]
    .map((word) => (word >>> 0).toString(16).padStart(8, '0'))
    .join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const DASHES = new Set([8, 13, 18, 23]);

/** How many characters of the text could begin a UUID, or 0 when some cannot: dashes may be left out at the end only. */
export function partialUuidLength(text: string): number {
  if (text.length > 36) return 0;
  for (let i = 0; i < text.length; i++) {
    if (DASHES.has(i) ? text[i] !== '-' : !/[0-9a-f]/i.test(text[i]!)) return 0;
  }
  return text.length;
}
