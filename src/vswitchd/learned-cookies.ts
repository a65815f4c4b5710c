/**
 * How many rules of a bridge learn with delete_learned into a table with a cookie: when the last of them is gone, so is
 * what they have learned. Mirrors struct learned_cookie of ofproto.c; ovs-actions(7), "The learn action".
 */
import type { Action } from '#src/openflow/action/action.js';
import type { LearnAction } from '#src/openflow/action/learn.js';

/** Where rules are learned, and by which cookie they are known. */
export type LearnedBy = Pick<LearnAction, 'tableId' | 'cookie'>;

const nameOf = ({ tableId, cookie }: LearnedBy): string => `${tableId} ${cookie}`;

const learningOf = (actions: readonly Action[]): readonly LearnAction[] =>
  actions.filter((action) => action.kind === 'learn').filter(({ deleteLearned }) => deleteLearned);

export class LearnedCookies {
  private readonly counts = new Map<string, number>();

  /** A rule with these actions has come. */
  add(actions: readonly Action[]): void {
    for (const learn of learningOf(actions)) {
      const name = nameOf(learn);
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    }
  }

  /** A rule with these actions is gone; returns what nobody learns any more. */
  remove(actions: readonly Action[]): readonly LearnedBy[] {
    return learningOf(actions).filter((learn) => {
      const name = nameOf(learn);
      const left = (this.counts.get(name) ?? 0) - 1;
      if (left > 0) this.counts.set(name, left);
      else this.counts.delete(name);
      return left <= 0;
    });
  }
}
