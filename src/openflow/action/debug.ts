/**
 * debug_recirc and debug_slow: recirculate, or send every packet to userspace, for tests of the switch itself.
 * Mirrors DEBUG_RECIRC and DEBUG_SLOW of lib/ofp-actions.c, which OVS takes when it runs with --enable-dummy.
 */
import { having } from '../translate-context.js';
import type { ActionKind } from './action-kind.js';

export interface DebugRecircAction {
  readonly kind: 'debug_recirc';
}

export interface DebugSlowAction {
  readonly kind: 'debug_slow';
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

  translate(_action, context) {
    having(context, 'debugRecirc').debugRecirc();
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

  translate(_action, context) {
    having(context, 'slowPath').slowPath('action');
  },
};
