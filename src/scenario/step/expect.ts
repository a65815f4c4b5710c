/** `expect`: looks at flows, counters, frames and drops, and changes nothing. */
import { map } from '../file/values.js';
import { expectCounters } from './expect-counters.js';
import { expectDrops } from './expect-drops.js';
import { expectFlows } from './expect-flows.js';
import { expectFrames } from './expect-frames.js';
import type { Expectation } from './expectation.js';
import { type Check, defineStep } from './step-kind.js';

/** All kinds of expectations. A new kind is one file and one line here. */
const EXPECTATIONS: readonly Expectation[] = [expectFlows, expectCounters, expectFrames, expectDrops];

const shape = Object.fromEntries(EXPECTATIONS.map(({ name, schema }) => [name, schema.optional()]));
const NAMES = EXPECTATIONS.map(({ name }) => name).join(', ');

type Value = Readonly<Record<string, unknown>>;

export const expect = defineStep({
  name: 'expect',
  schema: map(shape, `a map with one of ${NAMES}`)
    .refine((value) => Object.keys(value).length > 0, { error: `expected a map with one of ${NAMES}` })
    .describe('Looks at what has happened, and changes nothing'),
  references: (value) =>
    present(value as Value).flatMap(({ kind, part }) =>
      kind.references(part).map((reference) => ({ ...reference, path: [kind.name, ...reference.path] })),
    ),
  async run(value, context) {
    const checks: Check[] = [];
    const parts = present(value as Value);
    for (const { kind, part } of parts) checks.push(...(await kind.check(part, context)));
    return { title: `expect ${parts.map(({ kind }) => kind.name).join(', ')}`, checks };
  },
});

const present = (value: Value): readonly { readonly kind: Expectation; readonly part: unknown }[] =>
  EXPECTATIONS.filter(({ name }) => value[name] !== undefined).map((kind) => ({ kind, part: value[kind.name] }));
