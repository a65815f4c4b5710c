/**
 * output: the frame, as it is now, leaves by a port. Nothing is copied: a port has taken the bytes when the call
 * returns, so what later actions do to the frame cannot reach what was sent.
 */
import type { DpAction } from '../dpif.js';
import { OP_OUTPUT, type ProgramBuilder } from './program.js';

/** Port numbers of the kernel's datapath are 16 bits wide (DP_MAX_PORTS); ours may be larger, as dpif-netdev's. */
export const MAX_PORT = 0x7fff_ffff;

export function compileOutput(action: Extract<DpAction, { kind: 'output' }>, builder: ProgramBuilder): void {
  if (!Number.isInteger(action.port) || action.port < 0 || action.port > MAX_PORT) {
    throw new Error(`output to port ${action.port}: want a port number from 0 to ${MAX_PORT}`);
  }
  builder.add(OP_OUTPUT, action.port);
}
