/**
 * conjunction(ID,K/N): the flow is one of clause K's alternatives of the conjunctive match ID, which has N clauses.
 * Mirrors CONJUNCTION of lib/ofp-actions.c, ovs-fields(7) "Conjunctive match fields". The classifier reads it; executed
 * (by a packet-out) it does nothing.
 */
import { UserError } from '../../report/user-error.js';
import { scanInteger } from '../number-text.js';
import type { ActionKind } from './action-kind.js';

export interface ConjunctionAction {
  readonly kind: 'conjunction';
  readonly id: number;
  /** From 0. */
  readonly clause: number;
  readonly clauseCount: number;
}

const SYNTAX = /^\s*([+-]?(?:0[xX][0-9a-fA-F]+|\d+))\s*,\s*(\d+)\s*\/\s*(\d+)\s*$/;
const MAX_CLAUSES = 64;

export const conjunctionAction: ActionKind<ConjunctionAction> = {
  kind: 'conjunction',
  names: ['conjunction'],

  parse(argument) {
    const found = SYNTAX.exec(argument);
    const clauseCount = Number(found?.[3]);
    const number = Number(found?.[2]);
    if (found === null || clauseCount > 255 || number > 255) {
      throw new UserError('"conjunction" syntax is "conjunction(id,i/n)"');
    }
    if (clauseCount < 2) throw new UserError('conjunction must have at least 2 clauses');
    if (clauseCount > MAX_CLAUSES) throw new UserError(`conjunction must have at most ${MAX_CLAUSES} clauses`);
    if (number < 1) throw new UserError('clause index must be positive');
    if (number > clauseCount) {
      throw new UserError('clause index must be less than or equal to number of clauses');
    }
    const id = Number(BigInt.asUintN(32, scanInteger(found[1]!).value));
    return { kind: 'conjunction', id, clause: number - 1, clauseCount };
  },

  format(action) {
    return `conjunction(${action.id},${action.clause + 1}/${action.clauseCount})`;
  },

  validate() {
    return null;
  },

  translate(_action, context) {
    context.warn('executing no-op conjunction action');
  },
};
