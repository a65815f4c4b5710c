/**
 * The masks of a megaflow table, each kept once: as a flow key, and as a list of the words in which it has bits.
 *
 * Mirrors `struct sw_flow_mask` of the kernel's flow_table.c, which is shared and counted in the same way.
 */
import { DATAPATH_WORDS, type FlowKey, SHAPE_WORD } from './flow-key.js';
import { MULTIPLIERS, mixBits } from './hash.js';

export class MegaflowMask {
  /** What a datapath sees of the mask: no words of userspace, no SHAPE. */
  readonly key: FlowKey;
  /** The words of the key in which the mask has bits, and the bits. */
  readonly indices: Int32Array;
  readonly bits: Int32Array;
  readonly hash: number;
  /** Megaflows of the mask. */
  flowCount = 0;

  constructor(mask: FlowKey, hash: number) {
    this.key = mask.clone();
    this.key.words.fill(0, DATAPATH_WORDS);
    this.key.words[SHAPE_WORD] = 0;
    this.hash = hash;
    const used: number[] = [];
    for (let i = 0; i < DATAPATH_WORDS; i++) if (this.key.words[i] !== 0) used.push(i);
    this.indices = Int32Array.from(used);
    this.bits = Int32Array.from(used, (i) => this.key.words[i]!);
  }
}

export class MaskSet {
  private readonly byHash = new Map<number, MegaflowMask[]>();
  /** Masks that have flows. */
  count = 0;

  /** The mask as the set has it, or null. */
  find(mask: FlowKey): MegaflowMask | null {
    return this.among(this.byHash.get(hashOf(mask)), mask);
  }

  /** The mask for one more flow. */
  acquire(mask: FlowKey): MegaflowMask {
    const hash = hashOf(mask);
    const alike = this.byHash.get(hash);
    let found = this.among(alike, mask);
    if (found === null) {
      found = new MegaflowMask(mask, hash);
      if (alike === undefined) this.byHash.set(hash, [found]);
      else alike.push(found);
      this.count++;
    }
    found.flowCount++;
    return found;
  }

  /** One flow fewer has it; with its last flow a mask is forgotten. */
  release(mask: MegaflowMask): void {
    if (--mask.flowCount > 0) return;
    this.count--;
    const alike = this.byHash.get(mask.hash)!;
    alike.splice(alike.indexOf(mask), 1);
    if (alike.length === 0) this.byHash.delete(mask.hash);
  }

  private among(masks: readonly MegaflowMask[] | undefined, mask: FlowKey): MegaflowMask | null {
    if (masks === undefined) return null;
    for (const candidate of masks) if (isSame(candidate.key.words, mask.words)) return candidate;
    return null;
  }
}

function isSame(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0; i < DATAPATH_WORDS; i++) if (a[i] !== b[i] && i !== SHAPE_WORD) return false;
  return true;
}

function hashOf(mask: FlowKey): number {
  const { words } = mask;
  let h = 0;
  for (let i = 0; i < DATAPATH_WORDS; i++) {
    const w = words[i]!;
    if (w !== 0 && i !== SHAPE_WORD) h = (h + Math.imul(w ^ (w >>> 15), MULTIPLIERS[i]!)) | 0;
  }
  return mixBits(h);
}
