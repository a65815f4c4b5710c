/**
 * All actions: the union of their types and the index of their files (ovs-actions(7)).
 */
import type { ActionKind } from './action-kind.js';

/** output:PORT, and the reserved ports by name; output(port=,max_len=) truncates. */
export interface OutputAction {
  readonly kind: 'output';
  readonly port: number;
  readonly maxLen: number;
}

export type Action = OutputAction;

export const ACTION_KINDS: readonly ActionKind<Action>[] = [];
