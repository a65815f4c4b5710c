/**
 * debug_recirc and debug_slow: recirculate, or send every packet to userspace, for tests of the switch itself.
 * Mirrors DEBUG_RECIRC and DEBUG_SLOW of lib/ofp-actions.c, which OVS takes when it runs with --enable-dummy.
 */
import type { ActionKind, ActionReader } from './action-kind.js';
import { type ActionDecodeContext, emptyForm, nicira } from '../wire/action/action-form.js';
import { OpenFlowError } from '../switch-connection.js';

export interface DebugRecircAction {
  readonly kind: 'debug_recirc';
}

export interface DebugSlowAction {
  readonly kind: 'debug_slow';
}

/** The tools run without --enable-dummy, and know the actions' text only. */
const refusalByTool = (_action: unknown, _version: unknown, reader: ActionReader): string | null =>
  reader === 'tool' ? 'OFPBAC_BAD_VENDOR_TYPE' : null;

function decodeDebug<A>({ tlvTable }: ActionDecodeContext, action: A): A {
  if (tlvTable === null) throw new OpenFlowError('OFPBAC_BAD_VENDOR_TYPE');
  return action;
}

export const debugRecircAction: ActionKind<DebugRecircAction> = {
  kind: 'debug_recirc',
  names: ['debug_recirc'],

  parse() {
    return { kind: 'debug_recirc' };
  },

  format() {
    return 'debug_recirc';
  },

  validate() {
    return null;
  },

  refusal: refusalByTool,

  translate(_action, context) {
    context.debugRecirc();
  },

  wire: [emptyForm([nicira(255)], (context) => decodeDebug(context, { kind: 'debug_recirc' }))],
};

export const debugSlowAction: ActionKind<DebugSlowAction> = {
  kind: 'debug_slow',
  names: ['debug_slow'],

  parse() {
    return { kind: 'debug_slow' };
  },

  format() {
    return 'debug_slow';
  },

  validate() {
    return null;
  },

  refusal: refusalByTool,

  translate(_action, context) {
    context.slowPath('action');
  },

  wire: [emptyForm([nicira(254)], (context) => decodeDebug(context, { kind: 'debug_slow' }))],
};
