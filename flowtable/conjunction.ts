/**
 * Conjunctive matches: rules that are parts of a match which holds only when one part of each of its clauses does
 * (ovs-fields(7), "Conjunctive Match Fields"). Mirrors the soft matches of classifier_lookup__() in lib/classifier.c.
 */

/** A rule's part in a conjunctive match: it satisfies one clause of those that together make up the match `id`. */
export interface Conjunction {
  readonly id: number;
  readonly clause: number;
  readonly clauseCount: number;
}

interface Part {
  readonly priority: number;
  readonly conjunctions?: readonly Conjunction[] | undefined;
}

/** A part that matches, at its place among the rules with the same match, which stand in descending priority. */
export interface SoftMatch<R extends Part> {
  readonly rules: readonly R[];
  readonly index: number;
}

/** Ids of the conjunctions all of whose clauses are satisfied, in the order in which they become so. */
export function wholeConjunctions(parts: readonly (readonly Conjunction[])[]): readonly number[] {
  const clauses = new Map<number, Set<number>>();
  const whole: number[] = [];
  for (const conjunctions of parts) {
    for (const { id, clause, clauseCount } of conjunctions) {
      // There are not enough parts for it.
      if (clauseCount > parts.length) continue;
      let satisfied = clauses.get(id);
      if (satisfied === undefined) {
        satisfied = new Set();
        clauses.set(id, satisfied);
      }
      satisfied.add(clause);
      if (satisfied.size === clauseCount && !whole.includes(id)) {
        whole.push(id);
        break;
      }
    }
  }
  return whole;
}

/**
 * Looks whether parts of conjunctions make whole ones, from the highest priority down. `lookUp` finds the rule for
 * packets with that conj_id. `hard` is the best rule without conjunctions.
 */
export function resolveConjunctions<R extends Part>(
  found: readonly SoftMatch<R>[],
  hard: R | null,
  lookUp: (conjId: number) => R | null,
): R | null {
  let best = hard;
  let soft = found;
  for (;;) {
    const floor = best?.priority ?? Number.NEGATIVE_INFINITY;
    soft = soft.filter((match) => partOf(match).priority > floor);
    if (soft.length === 0) return best;
    const top = Math.max(...soft.map((match) => partOf(match).priority));
    const parts = soft.filter((match) => partOf(match).priority === top);
    for (const id of wholeConjunctions(parts.map((match) => partOf(match).conjunctions!))) {
      const rule = lookUp(id);
      if (rule !== null) return rule;
    }
    // None: go on with rules of a lower priority that have the same matches.
    const next = soft.filter((match) => !parts.includes(match));
    for (const { rules, index } of parts) {
      const lower = rules[index + 1];
      if (lower === undefined) continue;
      if (lower.conjunctions !== undefined) next.push({ rules, index: index + 1 });
      else if (lower.priority > (best?.priority ?? Number.NEGATIVE_INFINITY)) best = lower;
    }
    soft = next;
  }
}

const partOf = <R extends Part>({ rules, index }: SoftMatch<R>): R => rules[index]!;
