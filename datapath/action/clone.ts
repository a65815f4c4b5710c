/**
 * clone and sample: actions that run on a copy of the frame, so that what they do to it stays among them. As the last
 * action they get the frame itself. Mirrors odp_execute_clone() and odp_execute_sample() of lib/odp-execute.c.
 */
import type { DpAction } from '../dpif.js';
import { OP_CLONE, OP_SAMPLE, type ProgramBuilder } from './program.js';

export function compileClone(action: Extract<DpAction, { kind: 'clone' }>, builder: ProgramBuilder): void {
  builder.add(OP_CLONE, builder.addNested(action.actions));
}

export function compileSample(action: Extract<DpAction, { kind: 'sample' }>, builder: ProgramBuilder): void {
  const { probability } = action;
  if (!Number.isInteger(probability) || probability < 0 || probability > 0xffff_ffff) {
    throw new Error(`sample with probability ${probability}: want 0 to 2^32 - 1`);
  }
  builder.add(OP_SAMPLE, probability | 0, builder.addNested(action.actions));
}

/** Is a packet that drew these 32 random bits picked? */
export function isSampled(random: number, probability: number): boolean {
  return random >>> 0 < probability >>> 0;
}
