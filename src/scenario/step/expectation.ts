/** What an expectation of an `expect` step is: as a step, but it only looks. One file for each kind. */
import type { z } from 'zod';
import type { Check, Reference, StepContext } from './step-kind.js';

export interface Expectation<Name extends string = string, Schema extends z.ZodType = z.ZodType> {
  readonly name: Name;
  readonly schema: Schema;
  references(value: z.output<Schema>): readonly Reference[];
  check(value: z.output<Schema>, context: StepContext): readonly Check[] | Promise<readonly Check[]>;
}

export const defineExpectation = <Name extends string, Schema extends z.ZodType>(
  kind: Expectation<Name, Schema>,
): Expectation<Name, Schema> => kind;
