/**
 * UDP and every protocol without a state machine of its own: a connection is established once both ends have spoken.
 *
 * Mirrors lib/conntrack-other.c.
 */
import { type ProtocolVerdict, UPDATE_VALID, UPDATE_VALID_NEW } from './protocol.js';

export interface OtherState {
  readonly kind: 'other';
  phase: 'first' | 'multiple' | 'bidirectional';
}

const STILL_NEW: ProtocolVerdict = { result: UPDATE_VALID_NEW, timeout: 'udpSingle' };
const ESTABLISHED: ProtocolVerdict = { result: UPDATE_VALID, timeout: 'udpMultiple' };

export function beginOther(): OtherState {
  return { kind: 'other', phase: 'first' };
}

export function updateOther(state: OtherState, isReply: boolean): ProtocolVerdict {
  if (isReply) state.phase = 'bidirectional';
  else if (state.phase === 'first') state.phase = 'multiple';
  return state.phase === 'bidirectional' ? ESTABLISHED : STILL_NEW;
}
