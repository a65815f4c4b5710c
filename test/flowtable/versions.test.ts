/** What each version of a classifier shows is what a list with first and last versions says, whatever is under way. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Classifier } from '#flowtable/classifier.js';
import { FlowKey } from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import { firstVisible, isLeaving, isVisible, LATEST_VERSION, versioned } from '#flowtable/versions.js';
import { fieldNumbers, testPacket, type TestRule, testRule, withOtherBits } from '../support/test-rules.js';

describe('what has versions', () => {
  const entry = versioned('x', 3);
  entry.hiddenFrom = 5;
  it.each([
    [2, false],
    [3, true],
    [4, true],
    [5, false],
    [LATEST_VERSION, false],
  ])('that is there from 3 until 5 is visible in %i: %s', (version, visible) => {
    expect(isVisible(entry, version)).toBe(visible);
    expect(firstVisible([entry], version)).toBe(visible ? 'x' : null);
  });

  it('is there for good unless it is hidden', () => {
    expect(isLeaving(versioned('x', 3))).toBe(false);
    expect(isLeaving(entry)).toBe(true);
    expect(isVisible(versioned('x', 3), LATEST_VERSION)).toBe(true);
  });
});

/** One thing that happens to a table: `at` chooses among the rules that there are. */
type Step =
  | { readonly kind: 'put'; readonly rule: TestRule }
  | { readonly kind: 'hide'; readonly at: number }
  | { readonly kind: 'publish' | 'abandon' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: testRule.map((rule) => ({ kind: 'put', rule }) as const) },
  { weight: 3, arbitrary: fc.nat(20).map((at) => ({ kind: 'hide', at }) as const) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'publish' } as const, { kind: 'abandon' } as const) },
);

/** The plain model: rules of the current version, and of the next. */
interface Model {
  current: readonly TestRule[];
  next: readonly TestRule[];
}

/** Goes through the steps with a classifier and with lists; `look` is called after each. */
function play(steps: readonly Step[], look: (classifier: Classifier<TestRule>, version: number, model: Model) => void) {
  const classifier = new Classifier<TestRule>();
  const model: Model = { current: [], next: [] };
  let version = 0;
  let added: TestRule[] = [];
  let hidden: TestRule[] = [];
  const hide = (rule: TestRule): void => {
    classifier.hide(rule, version + 1);
    hidden.push(rule);
    model.next = model.next.filter((other) => other !== rule);
  };
  for (const one of steps) {
    switch (one.kind) {
      case 'put': {
        // The same rule may be put twice, and is another one then.
        const rule = { ...one.rule };
        const same = classifier.findExactly(rule.match, rule.priority);
        expect(same).toBe(
          model.next.find((other) => other.priority === rule.priority && other.match.equals(rule.match)) ?? null,
        );
        if (same !== null) hide(same);
        expect(classifier.insert(rule, version + 1)).toBeNull();
        added.push(rule);
        model.next = [...model.next, rule];
        break;
      }
      case 'hide': {
        const rule = model.next[one.at % Math.max(1, model.next.length)];
        if (rule !== undefined) hide(rule);
        break;
      }
      case 'publish':
        version++;
        for (const rule of hidden) expect(classifier.remove(rule)).toBe(true);
        model.current = model.next;
        break;
      case 'abandon':
        for (const rule of hidden) classifier.restore(rule);
        for (const rule of added) expect(classifier.remove(rule)).toBe(true);
        model.next = model.current;
    }
    if (one.kind === 'publish' || one.kind === 'abandon') {
      added = [];
      hidden = [];
    }
    look(classifier, version, model);
  }
}

function bestOf(rules: readonly TestRule[], key: FlowKey): readonly (TestRule | null)[] {
  const matching = rules.filter((rule) => rule.match.matches(key));
  const best = Math.max(...matching.map(({ priority }) => priority));
  return matching.length === 0 ? [null] : matching.filter(({ priority }) => priority === best);
}

const steps = fc.array(step, { maxLength: 25 });
const byName = (a: TestRule, b: TestRule): number => (a.name < b.name ? -1 : 1);

describe('a classifier with versions', () => {
  it('shows each version its rules', () => {
    fc.assert(
      fc.property(steps, (list) => {
        play(list, (classifier, version, { current, next }) => {
          expect([...classifier.rules(version)].sort(byName)).toEqual([...current].sort(byName));
          expect([...classifier.rules(version + 1)].sort(byName)).toEqual([...next].sort(byName));
          expect([...classifier.rules()].sort(byName)).toEqual([...next].sort(byName));
          expect(classifier.ruleCount).toBe(next.length);
        });
      }),
      { numRuns: 150 },
    );
  });

  it('finds the best rule of the version, and its mask is wide enough', () => {
    fc.assert(
      fc.property(steps, fieldNumbers, fieldNumbers, (list, numbers, others) => {
        const key = testPacket(numbers);
        play(list, (classifier, version, { current, next }) => {
          for (const [seen, rules] of [
            [version, current],
            [version + 1, next],
          ] as const) {
            const wc = new FlowKey();
            const found = classifier.lookup(key, seen, wc);
            expect(bestOf(rules, key)).toContain(found);
            expect(bestOf(rules, key)).toContain(classifier.lookup(key, seen, null));
            const other = withOtherBits(key, wc, testPacket(others));
            expect(classifier.lookup(other, seen, null)?.priority).toBe(found?.priority);
          }
        });
      }),
      { numRuns: 300 },
    );
  });

  it('goes on to rules of a lower priority behind a part of a conjunction, each version to its own', () => {
    const match = new Match();
    match.set('in_port', 1n);
    const rule = (name: string, priority: number, isPart: boolean) => ({
      match,
      priority,
      name,
      conjunctions: isPart ? [{ id: 1, clause: 0, clauseCount: 2 }] : undefined,
    });
    const classifier = new Classifier<TestRule>();
    const old = rule('old', 5, false);
    classifier.insert(rule('part', 9, true), 1);
    classifier.insert(old, 1);
    classifier.hide(old, 2);
    classifier.insert(rule('new', 5, false), 2);
    const key = new FlowKey();
    key.copyFrom(match.key);
    expect(classifier.lookup(key, 1, null)?.name).toBe('old');
    expect(classifier.lookup(key, 2, null)?.name).toBe('new');
    expect(classifier.lookup(key, 0, null)).toBeNull();
  });

  it('keeps versions when the fields with tries change', () => {
    const match = new Match();
    match.set('in_port', 1n);
    const classifier = new Classifier<TestRule>();
    const old = { match, priority: 1, name: 'old' };
    classifier.insert(old, 1);
    classifier.hide(old, 2);
    classifier.insert({ match, priority: 1, name: 'new' }, 2);
    classifier.setPrefixFields(['ip_src']);
    expect([0, 1, 2].map((version) => classifier.lookup(match.key, version, null)?.name)).toEqual([
      undefined,
      'old',
      'new',
    ]);
    expect(classifier.ruleCount).toBe(1);
  });
});
