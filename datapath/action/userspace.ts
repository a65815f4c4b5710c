/**
 * userspace: a copy of the frame goes up as an upcall of kind `action`, with the cookie. The port id says only that
 * somebody listens, as there is one queue.
 */
import type { DpAction } from '../dpif.js';
import { OP_USERSPACE, type ProgramBuilder } from './program.js';

export function compileUserspace(action: Extract<DpAction, { kind: 'userspace' }>, builder: ProgramBuilder): void {
  builder.add(OP_USERSPACE, builder.addCookie(action.cookie));
}
