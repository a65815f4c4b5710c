/**
 * debug_recirc and debug_slow: recirculate, or send every packet to userspace, for tests of the switch itself.
 * Mirrors DEBUG_RECIRC and DEBUG_SLOW of lib/ofp-actions.c, which OVS takes when it runs with --enable-dummy.
 */
import type { ActionKind, ActionReader } from './action-kind.js';

export interface DebugRecircAction {
  readonly kind: 'debug_recirc';
}

export interface DebugSlowAction {
  readonly kind: 'debug_slow';
}

/** The tools run without --enable-dummy, and know the actions' text only. */
const refusalByTool = (_action: unknown, _version: unknown, reader: ActionReader): string | null =>
  reader === 'tool' ? 'OFPBAC_BAD_VENDOR_TYPE' : null;

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
};
