/** Masks that are prefixes: their length, and leading bits set and asked for. */
import type { Field } from './fields.js';
import type { FlowKey } from './flow-key.js';

/** Leading 1-bits of a field's mask, or 0 when the mask is not a prefix. */
export function prefixLength(mask: FlowKey, field: Field): number {
  let length = 0;
  let ended = false;
  for (let i = 0; i < field.size; i++) {
    const byte = mask.bytes[field.offset + i]!;
    if (ended) {
      if (byte !== 0) return 0;
      continue;
    }
    const ones = Math.clz32(~byte & 0xff) - 24;
    if (byte !== ((0xff << (8 - ones)) & 0xff)) return 0;
    length += ones;
    if (ones < 8) ended = true;
  }
  return length;
}

/** Sets the first `count` bits from a byte offset on. */
export function setPrefixBits(mask: FlowKey, offset: number, count: number): void {
  const whole = count >> 3;
  mask.bytes.fill(0xff, offset, offset + whole);
  if ((count & 7) !== 0) mask.bytes[offset + whole]! |= (0xff << (8 - (count & 7))) & 0xff;
}

/** Are the first `count` bits from a byte offset on all set? */
export function hasPrefixBits(mask: FlowKey, offset: number, count: number): boolean {
  const whole = count >> 3;
  for (let i = 0; i < whole; i++) if (mask.bytes[offset + i] !== 0xff) return false;
  if ((count & 7) === 0) return true;
  const rest = (0xff << (8 - (count & 7))) & 0xff;
  return (mask.bytes[offset + whole]! & rest) === rest;
}
