/** OFPT_BARRIER_REQUEST and OFPT_BARRIER_REPLY (OpenFlow 1.5.1 §7.3.8): all that came before has been done. */
import { bareMessage } from '../bare-message.js';
import { ofpt, VOID } from '../message-code.js';

export const barrierRequest = bareMessage('barrier-request', [
  ofpt('BARRIER_REQUEST', [10, 10], 18, VOID),
  ofpt('BARRIER_REQUEST', [11, 15], 20, VOID),
]);

export const barrierReply = bareMessage('barrier-reply', [
  ofpt('BARRIER_REPLY', [10, 10], 19, VOID),
  ofpt('BARRIER_REPLY', [11, 15], 21, VOID),
]);
