/**
 * What OVS answers to a set_field of a field that it does not know. Mirrors nxm_field_by_header() of lib/nx-match.c for
 * actions, which says BAD_SET_LEN instead of BAD_SET_TYPE wherever it passes a field of another length on its way: in
 * the bucket of its hash table, whatever field that is. The buckets are those of OVS's hash and of its number of names.
 */
import { EXPERIMENTER_CLASS } from '#flowtable/field.js';
import { FIELDS } from '#flowtable/fields.js';
import { hashAdd, hashFinish } from '#flowtable/murmur-hash.js';
import type { FieldHeader } from './field-header.js';

/** The length's bits that do not tell fields apart; its highest does, by an oversight. */
const LENGTH_BITS = 0x7f;

type Numbers = Pick<FieldHeader, 'oxmClass' | 'oxmField' | 'length' | 'experimenter'>;

function bucketOf({ oxmClass, oxmField, length, experimenter }: Numbers, mask: number): number {
  const high = ((oxmClass << 16) | (oxmField << 9) | (length & ~LENGTH_BITS)) >>> 0;
  return hashFinish(hashAdd(hashAdd(0, experimenter), high), 8) & mask;
}

const experimenterSize = (oxmClass: number): number => (oxmClass === EXPERIMENTER_CLASS ? 4 : 0);

const NAMES: readonly Numbers[] = FIELDS.flatMap(({ oxm, wireSize }) =>
  oxm.map(({ oxmClass, oxmField, experimenter }) => ({
    oxmClass,
    oxmField,
    experimenter,
    length: wireSize + experimenterSize(oxmClass),
  })),
);

/** A hash table of OVS has a power of two of buckets: half of the names or more. */
const MASK = 2 ** Math.floor(Math.log2(NAMES.length)) - 1;

const LENGTHS: ReadonlyMap<number, ReadonlySet<number>> = (() => {
  const lengths = new Map<number, Set<number>>();
  for (const name of NAMES) {
    const bucket = bucketOf(name, MASK);
    lengths.set(bucket, (lengths.get(bucket) ?? new Set()).add(name.length));
  }
  return lengths;
})();

export function unknownFieldCode(header: FieldHeader): 'OFPBAC_BAD_SET_LEN' | 'OFPBAC_BAD_SET_TYPE' {
  const extra = experimenterSize(header.oxmClass);
  const length = header.isMasked ? Math.trunc((header.length - extra) / 2) + extra : header.length;
  const passed = LENGTHS.get(bucketOf({ ...header, length }, MASK)) ?? new Set();
  const passesOther = [...passed].some((other) => other !== length);
  return length > 0 && passesOther ? 'OFPBAC_BAD_SET_LEN' : 'OFPBAC_BAD_SET_TYPE';
}
