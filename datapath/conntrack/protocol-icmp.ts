/**
 * ICMP and ICMPv6 questions and answers: new until an answer is seen.
 *
 * Mirrors lib/conntrack-icmp.c.
 */
import { type ProtocolVerdict, UPDATE_VALID, UPDATE_VALID_NEW } from './protocol.js';

export interface IcmpState {
  readonly kind: 'icmp';
  isAnswered: boolean;
}

const UNANSWERED: ProtocolVerdict = { result: UPDATE_VALID_NEW, timeout: 'icmpFirst' };
const ANSWERED: ProtocolVerdict = { result: UPDATE_VALID, timeout: 'icmpReply' };

export function beginIcmp(): IcmpState {
  return { kind: 'icmp', isAnswered: false };
}

export function updateIcmp(state: IcmpState, isReply: boolean): ProtocolVerdict {
  if (isReply) state.isAnswered = true;
  return state.isAnswered ? ANSWERED : UNANSWERED;
}
