/**
 * The stages of a lookup: the words of a key that belong to metadata, L2, L3 and L4, hashed one after the other, so that
 * a lookup that fails early has looked at no more than the stages before. Mirrors the segments of a subtable in
 * lib/classifier.c.
 */
import { FIELDS } from './fields.js';
import { FlowKey, KEY_WORDS, OFF_TUN_OPTIONS, OFF_TUN_OPTIONS_PRESENT, TUN_OPTIONS_SIZE } from './flow-key.js';

const STAGE_COUNT = 4;
/** For each stage the bytes of the key that belong to it, as a mask. */
const STAGE_MASKS: readonly Int32Array[] = (() => {
  const masks = Array.from({ length: STAGE_COUNT }, () => new FlowKey());
  for (const field of FIELDS) masks[field.stage]!.bytes.fill(0xff, field.offset, field.offset + field.size);
  masks[0]!.bytes.fill(0xff, OFF_TUN_OPTIONS_PRESENT, OFF_TUN_OPTIONS + TUN_OPTIONS_SIZE);
  return masks.map((mask) => mask.words);
})();

/** The masked words of one stage of a subtable. */
export interface StageWords {
  readonly stage: number;
  readonly indexes: readonly number[];
  readonly masks: readonly number[];
}

/** The stages in which a mask has bits, at least one. */
export function stagesOf(mask: FlowKey): readonly StageWords[] {
  const stages: StageWords[] = [];
  for (let stage = 0; stage < STAGE_COUNT; stage++) {
    const indexes: number[] = [];
    const masks: number[] = [];
    for (let word = 0; word < KEY_WORDS; word++) {
      const bits = mask.words[word]! & STAGE_MASKS[stage]![word]!;
      if (bits !== 0) {
        indexes.push(word);
        masks.push(bits);
      }
    }
    if (indexes.length > 0) stages.push({ stage, indexes, masks });
  }
  if (stages.length === 0) stages.push({ stage: 0, indexes: [], masks: [] });
  return stages;
}

const mix = (hash: number, word: number): number => {
  let h = Math.imul(hash ^ word, 0x9e3779b1);
  h ^= h >>> 15;
  return Math.imul(h, 0x85ebca77) | 0;
};

/** Goes on with a hash over the words of one more stage. */
export function hashStage(hash: number, words: Int32Array, stage: StageWords): number {
  const { indexes, masks } = stage;
  let h = hash;
  for (let i = 0; i < indexes.length; i++) h = mix(h, words[indexes[i]!]! & masks[i]!);
  return h;
}

/** Adds the bits of the first so many stages to a mask. */
export function foldStages(wc: FlowKey, stages: readonly StageWords[], count: number): void {
  for (let i = 0; i < count; i++) {
    const { indexes, masks } = stages[i]!;
    for (let j = 0; j < indexes.length; j++) wc.words[indexes[j]!]! |= masks[j]!;
  }
}

export function hashMask(mask: FlowKey): number {
  let hash = 0;
  for (let i = 0; i < KEY_WORDS; i++) if (mask.words[i] !== 0) hash = mix(mix(hash, i), mask.words[i]!);
  return hash;
}
