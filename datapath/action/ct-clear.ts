/**
 * ct_clear: the packet is as if it had never been tracked. Mirrors conntrack_clear() of lib/conntrack.c: without
 * ct_state the other fields of connection tracking mean nothing. stateful-actions.ts does it.
 */
import { OP_CT_CLEAR, type ProgramBuilder } from './program.js';

export function compileCtClear(builder: ProgramBuilder): void {
  builder.add(OP_CT_CLEAR);
}
