/**
 * What a step of a scenario is: a word in the file, the schema of what follows it, and what it does. One file for each
 * kind, listed in step-table.ts; the file format, its checks and its published schema derive from the table.
 */
import type { z } from 'zod';
import type { World } from '../world.js';

/** An expectation that was held against what happened. */
export interface Check {
  readonly passed: boolean;
  /** One line: what was expected, and of a failure what came instead. */
  readonly text: string;
  /** Where and why, for a failure; lines. */
  readonly details: readonly string[];
}

export const passed = (text: string): Check => ({ passed: true, text, details: [] });
export const failed = (text: string, details: readonly string[] = []): Check => ({ passed: false, text, details });

export interface StepContext {
  readonly world: World;
  /** Where in the record of frame events the last step began that was not an expectation. */
  readonly lastStepMark: number;
}

export interface StepResult {
  /** What the step did, in one line. */
  readonly title: string;
  readonly checks: readonly Check[];
}

/** A name in the file that must be that of something in the scenario. */
export interface Reference {
  /** host: a machine or VM. machine: a machine. place: host:device. target: a host or an IP address. */
  readonly kind: 'host' | 'machine' | 'place' | 'target';
  readonly name: string;
  /** Where it stands, from the step's own value down. */
  readonly path: readonly (string | number)[];
}

export const refer = (
  kind: Reference['kind'],
  name: string | undefined,
  ...path: (string | number)[]
): readonly Reference[] => (name === undefined ? [] : [{ kind, name, path }]);

export interface StepKind<Name extends string = string, Schema extends z.ZodType = z.ZodType> {
  readonly name: Name;
  readonly schema: Schema;
  references(value: z.output<Schema>): readonly Reference[];
  run(value: z.output<Schema>, context: StepContext): StepResult | Promise<StepResult>;
}

export const defineStep = <Name extends string, Schema extends z.ZodType>(
  kind: StepKind<Name, Schema>,
): StepKind<Name, Schema> => kind;
