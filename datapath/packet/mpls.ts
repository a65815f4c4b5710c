/**
 * MPLS label stack entries (RFC 3032 §2.1, traffic class RFC 5462).
 *
 * ```
 *  0                   1                   2                   3
 * +---------------------------------------+-----+-+---------------+
 * |               label (20)              | TC  |S|      TTL      |
 * +---------------------------------------+-----+-+---------------+
 * ```
 * S is set in the entry at the bottom of the stack; what the payload is, the labels do not say.
 */
import { readU32, writeU32 } from './byte-order.js';
import { type Parsed, truncated } from './parsed.js';

export const MPLS_ENTRY_SIZE = 4;
export const MPLS_BOTTOM = 0x100;

export interface MplsEntry {
  readonly label: number;
  readonly trafficClass: number;
  readonly isBottom: boolean;
  readonly ttl: number;
}

/** The entry as one number: what actions and flow keys hold. */
export function mplsEntryWord(entry: MplsEntry): number {
  const bottom = entry.isBottom ? MPLS_BOTTOM : 0;
  return (((entry.label & 0xfffff) << 12) | ((entry.trafficClass & 7) << 9) | bottom | (entry.ttl & 0xff)) >>> 0;
}

export function mplsEntryOf(word: number): MplsEntry {
  return {
    label: word >>> 12,
    trafficClass: (word >>> 9) & 7,
    isBottom: (word & MPLS_BOTTOM) !== 0,
    ttl: word & 0xff,
  };
}

/** All entries down to the bottom of the stack. */
export function parseMpls(bytes: Uint8Array, offset: number, end = bytes.length): Parsed<readonly MplsEntry[]> {
  const entries: MplsEntry[] = [];
  for (let at = offset; ; at += MPLS_ENTRY_SIZE) {
    if (end - at < MPLS_ENTRY_SIZE) return truncated('mpls', at - offset + MPLS_ENTRY_SIZE, end - offset);
    const entry = mplsEntryOf(readU32(bytes, at));
    entries.push(entry);
    if (entry.isBottom) return { ok: true, header: entries, payloadOffset: at + MPLS_ENTRY_SIZE };
  }
}

/** Writes the entries as they are: whether one is the bottom is its own to say. */
export function buildMpls(bytes: Uint8Array, offset: number, entries: readonly MplsEntry[]): number {
  let at = offset;
  for (const entry of entries) {
    writeU32(bytes, at, mplsEntryWord(entry));
    at += MPLS_ENTRY_SIZE;
  }
  return at;
}
