/**
 * A path-compressed binary trie of prefixes: the classifier asks it which prefix lengths can match a value and how many
 * leading bits of the value were enough to know that.
 *
 * Mirrors the tries of lib/classifier.c ("A longest-prefix match tree"). The property that must hold: any value that
 * agrees with the looked-up one on the first `bits` bits gets the same answer.
 */

export interface TrieAnswer {
  /** Leading bits of the value that determined the answer. */
  bits: number;
  /** lengths[n] is 1 when a prefix of n bits in the trie matches the value. */
  readonly lengths: Uint8Array;
}

interface Node {
  /** The bits [start, end) of `value` lead from the parent to this node. */
  value: Uint8Array;
  start: number;
  end: number;
  /** How many times the prefix that ends here was inserted. */
  ruleCount: number;
  zero: Node | null;
  one: Node | null;
}

const bitAt = (value: Uint8Array, index: number): number => (value[index >> 3]! >> (7 - (index & 7))) & 1;

function commonEnd(node: Node, value: Uint8Array, end: number): number {
  let i = node.start;
  const limit = Math.min(node.end, end);
  while (i < limit && bitAt(node.value, i) === bitAt(value, i)) i++;
  return i;
}

const isLeaf = (node: Node): boolean => node.zero === null && node.one === null;

export class PrefixTrie {
  /** Width of the values in bits. */
  readonly width: number;
  private root: Node | null = null;

  constructor(width: number) {
    this.width = width;
  }

  get isEmpty(): boolean {
    return this.root === null;
  }

  /** Adds the first `length` bits (at least one) of value. */
  insert(value: Uint8Array, length: number): void {
    const own = value.slice(0, (length + 7) >> 3);
    this.root = insertBelow(this.root, own, 0, length);
  }

  /** Takes away one insertion of the prefix; false when it is not there. */
  remove(value: Uint8Array, length: number): boolean {
    const path: Node[] = [];
    let node = this.root;
    while (node !== null) {
      if (commonEnd(node, value, length) < node.end) return false;
      path.push(node);
      if (node.end === length) break;
      node = bitAt(value, node.end) === 1 ? node.one : node.zero;
    }
    if (node === null || node.ruleCount === 0) return false;
    node.ruleCount--;
    // Collapse nodes that now lead nowhere or only onwards.
    for (let i = path.length - 1; i >= 0; i--) {
      const current = path[i]!;
      if (current.ruleCount > 0 || (current.zero !== null && current.one !== null)) break;
      const child = current.zero ?? current.one;
      if (child !== null) child.start = current.start;
      const parent = path[i - 1];
      if (parent === undefined) this.root = child;
      else if (parent.one === current) parent.one = child;
      else parent.zero = child;
    }
    return true;
  }

  /** Fills `answer`, whose `lengths` must have width + 1 entries. */
  lookup(value: Uint8Array, answer: TrieAnswer): void {
    answer.lengths.fill(0);
    let previous: Node | null = null;
    let node = this.root;
    let matched = 0;
    while (node !== null) {
      matched = commonEnd(node, value, this.width);
      if (matched < node.end) {
        answer.bits = matched + 1;
        return;
      }
      if (node.ruleCount > 0) answer.lengths[matched] = 1;
      if (matched >= this.width) {
        answer.bits = this.width;
        return;
      }
      previous = node;
      node = bitAt(value, matched) === 1 ? node.one : node.zero;
    }
    answer.bits = previous === null || isLeaf(previous) ? matched : matched + 1;
  }
}

function insertBelow(node: Node | null, value: Uint8Array, start: number, end: number): Node {
  if (node === null) return { value, start, end, ruleCount: 1, zero: null, one: null };
  const split = commonEnd(node, value, end);
  if (split < node.end) {
    // The prefix leaves this edge, or ends on it: cut the edge in two.
    const upper: Node = { value, start: node.start, end: split, ruleCount: 0, zero: null, one: null };
    if (bitAt(node.value, split) === 1) upper.one = node;
    else upper.zero = node;
    node.start = split;
    if (split === end) upper.ruleCount = 1;
    else if (bitAt(value, split) === 1) upper.one = insertBelow(null, value, split, end);
    else upper.zero = insertBelow(null, value, split, end);
    return upper;
  }
  if (node.end === end) node.ruleCount++;
  else if (bitAt(value, node.end) === 1) node.one = insertBelow(node.one, value, node.end, end);
  else node.zero = insertBelow(node.zero, value, node.end, end);
  return node;
}
