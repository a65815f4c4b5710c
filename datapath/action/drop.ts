/** drop: the frame ends here, counted under the reason at the port it came in by. Actions behind it do not run. */
import { DROP_REASON_CODES, dropReasonIndex } from '../drop-reason.js';
import type { DpAction } from '../dpif.js';
import { OP_DROP, type ProgramBuilder } from './program.js';

export function compileDrop(action: Extract<DpAction, { kind: 'drop' }>, builder: ProgramBuilder): void {
  if (!DROP_REASON_CODES.includes(action.reason)) throw new Error(`drop for an unknown reason: ${action.reason}`);
  builder.add(OP_DROP, dropReasonIndex[action.reason]);
}
