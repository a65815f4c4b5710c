/**
 * recirc: the frame goes through the flow table once more, with recirc_id set and its key extracted anew. Actions
 * behind it go on with the frame as it was, so that only the last one may pass its own frame on. The datapath does
 * the lookup and limits the depth (datapath.ts).
 */
import type { DpAction } from '../dpif.js';
import { swap32 } from '../packet/byte-order.js';
import { OP_RECIRC, type ProgramBuilder } from './program.js';

export function compileRecirc(action: Extract<DpAction, { kind: 'recirc' }>, builder: ProgramBuilder): void {
  // As it stands in a key.
  builder.add(OP_RECIRC, swap32(action.id));
}
