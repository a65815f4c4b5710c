/**
 * Masks over flow keys: a mask is a FlowKey whose 1-bits are the bits that count.
 *
 * Mirrors `struct flow_wildcards` (lib/flow.h), with the sense of the bits that OVS uses there: 1 = must match.
 */
import { FlowKey, KEY_WORDS, OFF_USERSPACE, SHAPE_WORD } from './flow-key.js';

/** True when key and other agree on all bits of mask. */
export function equalInMask(key: FlowKey, other: FlowKey, mask: FlowKey): boolean {
  const a = key.words;
  const b = other.words;
  const m = mask.words;
  for (let i = 0; i < KEY_WORDS; i++) if (((a[i]! ^ b[i]!) & m[i]!) !== 0) return false;
  return true;
}

/** True when mask has a bit that other has not. */
export function hasExtraBits(mask: FlowKey, other: FlowKey): boolean {
  for (let i = 0; i < KEY_WORDS; i++) if ((mask.words[i]! & ~other.words[i]!) !== 0) return true;
  return false;
}

/** into |= mask. */
export function foldMask(into: FlowKey, mask: FlowKey): void {
  const a = into.words;
  const m = mask.words;
  for (let i = 0; i < KEY_WORDS; i++) a[i] = a[i]! | m[i]!;
}

/** key &= mask: clears the bits that do not count. */
export function applyMask(key: FlowKey, mask: FlowKey): void {
  const a = key.words;
  const m = mask.words;
  for (let i = 0; i < KEY_WORDS; i++) a[i] = a[i]! & m[i]!;
}

export function isCatchall(mask: FlowKey): boolean {
  return mask.words.every((word) => word === 0);
}

/** A mask of all datapath bits (no SHAPE, no userspace words): an exact-match flow. */
export function exactDatapathMask(): FlowKey {
  const mask = new FlowKey();
  mask.bytes.fill(0xff, 0, OFF_USERSPACE);
  mask.words[SHAPE_WORD] = 0;
  return mask;
}

/** Sets all bits of [offset, offset + size). */
export function setExact(mask: FlowKey, offset: number, size: number): void {
  mask.bytes.fill(0xff, offset, offset + size);
}
