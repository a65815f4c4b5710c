/**
 * conjunction(ID,K/N): the flow is one of clause K's alternatives of the conjunctive match ID, which has N clauses.
 * Mirrors CONJUNCTION of lib/ofp-actions.c, ovs-fields(7) "Conjunctive match fields". The classifier reads it; executed
 * (by a packet-out) it does nothing.
 */
import { UserError } from '../../report/user-error.js';
import { scan } from '../scan.js';
import type { ActionKind } from './action-kind.js';
import { OpenFlowError } from '../switch-connection.js';
import { nicira } from '../wire/action/action-form.js';

export interface ConjunctionAction {
  readonly kind: 'conjunction';
  readonly id: number;
  /** From 0. */
  readonly clause: number;
  readonly clauseCount: number;
}

const SYNTAX = '%i , %hhu / %hhu ';
const MIN_CLAUSES = 2;
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
    if (clauseCount < MIN_CLAUSES) throw new UserError('conjunction must have at least 2 clauses');
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

  wire: [
    {
      codes: [nicira(34)],
      size: 6,
      decode(body) {
        const [clause, clauseCount, id] = [body.u8(), body.u8(), body.u32()];
        const isWrong = clauseCount < MIN_CLAUSES || clauseCount > MAX_CLAUSES || clause >= clauseCount;
        if (isWrong) throw new OpenFlowError('NXBAC_BAD_CONJUNCTION');
        return { kind: 'conjunction', id, clause, clauseCount };
      },
      encode({ id, clause, clauseCount }, body) {
        body.u8(clause);
        body.u8(clauseCount);
        body.u32(id);
      },
    },
  ],
};
