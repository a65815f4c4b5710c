/**
 * userspace: a copy of the frame goes up as an upcall of kind `action`, with the cookie. The port id says only that
 * somebody listens, as there is one queue. Userspace knows the flow's actions and the packet's tunnel header by itself:
 * to ask for them changes nothing here.
 */
import type { UserspaceAction } from '../dpif.js';
import { OP_USERSPACE, type ProgramBuilder } from './program.js';

export function compileUserspace(action: UserspaceAction, builder: ProgramBuilder): void {
  builder.add(OP_USERSPACE, builder.addCookie(action.cookie));
}
