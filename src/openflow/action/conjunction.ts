/**
 * conjunction(ID,K/N): the flow is one of clause K's alternatives of the conjunctive match ID, which has N clauses.
 * Mirrors CONJUNCTION of lib/ofp-actions.c, ovs-fields(7) "Conjunctive match fields". The classifier reads it; executed
 * (by a packet-out) it does nothing.
 */
import { UserError } from '../../report/user-error.js';
import { scan } from '../scan.js';
import type { ActionKind } from './action-kind.js';

export interface ConjunctionAction {
  readonly kind: 'conjunction';
  readonly id: number;
  /** From 0. */
  readonly clause: number;
  readonly clauseCount: number;
}

const SYNTAX = '%i , %hhu / %hhu ';
const MAX_CLAUSES = 64;

export const conjunctionAction: ActionKind<ConjunctionAction> = {
  kind: 'conjunction',
  names: ['conjunction'],

  parse(argument) {
    const found = scan(argument, SYNTAX);
    if (found === null || found.length !== argument.length) {
      throw new UserError('"conjunction" syntax is "conjunction(id,i/n)"');
    }
    const [id, number, clauseCount] = found.values.map(Number) as [number, number, number];
    if (clauseCount < 2) throw new UserError('conjunction must have at least 2 clauses');
    if (clauseCount > MAX_CLAUSES) throw new UserError(`conjunction must have at most ${MAX_CLAUSES} clauses`);
    if (number < 1) throw new UserError('clause index must be positive');
    if (number > clauseCount) {
      throw new UserError('clause index must be less than or equal to number of clauses');
    }
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
