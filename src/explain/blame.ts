/**
 * Who made a megaflow as narrow as it is: every bit of its mask, by field, with what asked for it first.
 *
 * Invariant: the bits of all entries together are the bits of the mask, each once.
 */
import { FlowKey, KEY_WORDS } from '#flowtable/flow-key.js';
import { describePart, KEY_PARTS, type KeyPart, partsOf } from './key-parts.js';
import type { PortNames } from '#src/openflow/ports.js';
import type { Cause, WatchedOutcome } from './watched-translation.js';

/** Bits of one field that one cause asked for. */
export interface BlamedBits {
  readonly part: KeyPart;
  /** The bits, in the part's place of a mask. */
  readonly mask: FlowKey;
  readonly cause: Cause;
  /**
   * A lookup looked at fewer bits of the field than its rules match: a prefix trie showed that these were enough to
   * rule the rules out.
   */
  readonly byTrie: boolean;
}

/** In the order of the key's parts; within one, causes in the order in which they came. */
export function blame({ outcome, causes, causeOf }: WatchedOutcome): readonly BlamedBits[] {
  const masks = new Map<Cause, FlowKey>();
  for (let word = 0; word < KEY_WORDS; word++) {
    const bits = outcome.wc.words[word]!;
    if (bits === 0) continue;
    for (let bit = 0; bit < 32; bit++) {
      if (((bits >>> bit) & 1) === 0) continue;
      const cause = causeOf(word, bit);
      let mask = masks.get(cause);
      if (mask === undefined) {
        mask = new FlowKey();
        masks.set(cause, mask);
      }
      mask.words[word]! |= 1 << bit;
    }
  }
  return KEY_PARTS.flatMap((part) =>
    causes.flatMap((cause) => {
      const mask = masks.get(cause);
      if (mask === undefined || mask.isZero(part.offset, part.size)) return [];
      const own = new FlowKey();
      own.bytes.set(mask.bytes.subarray(part.offset, part.offset + part.size), part.offset);
      return [{ part, mask: own, cause, byTrie: isTrie(part, outcome.wc, cause) }];
    }),
  );
}

function isTrie({ offset, size }: KeyPart, wc: FlowKey, cause: Cause): boolean {
  if (cause.kind !== 'lookup' || cause.found !== null) return false;
  for (let i = offset; i < offset + size; i++) if ((cause.mask.bytes[i]! & ~wc.bytes[i]!) !== 0) return true;
  return false;
}

/** The bits as flows write them; the text of a mask that cannot be written so gives its bits. */
export const blamedText = ({ part, mask }: BlamedBits, key: FlowKey, ports: PortNames): string =>
  describePart(part, key, mask, ports);

/** The fields of a mask, by name. */
export const fieldNames = (mask: FlowKey): string => {
  // Every match of an Ethernet packet has the packet type.
  const parts = partsOf(mask).filter(({ name }) => name !== 'packet_type');
  return parts.length === 0 ? 'nothing' : parts.map(({ name }) => name).join(',');
};
