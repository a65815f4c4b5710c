/**
 * The nodes of a difference tree, as blocks of words. A pointer is the place of a node, shifted left, with its kind in
 * the low two bits; the pointer 0 is the empty leaf.
 *
 *   leaf        count, capacity, then entries (difference-entry.ts)
 *   difference  header, word, bits, reference, first bit, span, then span + 1 pointers: keys that differ from the
 *               reference first at bit first + i go on at pointer i, keys that do not differ at the last
 *   hash        header, words, bucket mask, table, groups, then index and bits of each word; the table has pairs of a
 *               hash and a pointer. Flows whose hashes are the same share a pointer, be they alike or not.
 *   pair        header, first, second, word, bits: flows whose mask has the bits are in the first, the others in the
 *               second; both are searched
 *   header      flows, entries of leaves, changes, flows when built
 */

export const KIND_BITS = 2;
export const KIND_MASK = 3;
export const LEAF = 0;
export const DIFFERENCE = 1;
export const HASH = 2;
export const PAIR = 3;

export const COUNT = 0;
export const CAPACITY = 1;
export const LEAF_HEAD = 2;

export const FLOWS = 0;
export const COPIES = 1;
export const CHANGES = 2;
export const BUILT = 3;

export const WORD = 4;
export const BITS = 5;
export const REFERENCE = 6;
export const FIRST_BIT = 7;
export const SPAN = 8;
export const BRANCHES = 9;

export const WORD_COUNT = 4;
export const BUCKET_MASK = 5;
export const TABLE = 6;
export const GROUPS = 7;
export const HASH_HEAD = 8;

export const FIRST = 4;
export const SECOND = 5;
export const PAIR_WORD = 6;
export const PAIR_BITS = 7;
export const PAIR_SIZE = 8;
