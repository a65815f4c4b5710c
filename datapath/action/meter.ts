/** meter: the packet runs through a token bucket (meter.ts) and is dropped, marked or let through. */
import type { DpAction } from '../dpif.js';
import { MAX_METERS } from '../meter.js';
import { OP_METER, type ProgramBuilder } from './program.js';

export function compileMeter(action: Extract<DpAction, { kind: 'meter' }>, builder: ProgramBuilder): void {
  // A number that no meter can have lets all packets pass, as in OVS.
  if (action.id < MAX_METERS) builder.add(OP_METER, action.id);
}
