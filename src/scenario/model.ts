/** A scenario as it is run, whether it was read from a file or made from a topology in one line. */
import type { z } from 'zod';
import type { scenarioSchema } from './file/schema.js';
import type { StepKind } from './step/step-kind.js';

type File = z.output<typeof scenarioSchema>;

export type MachineModel = File['machines'][string];
export type VmModel = NonNullable<File['vms']>[string];
export type LinkModel = NonNullable<File['links']>[number];
export type CaptureModel = NonNullable<File['captures']>[number];

export interface StepModel {
  readonly name: string | null;
  readonly kind: StepKind;
  /** As the kind's schema yields it. */
  readonly value: unknown;
  /** Line of the file that it begins on; null for a scenario that was not read from a file. */
  readonly line: number | null;
}

export interface Scenario {
  /** A word for files and reports: the name of the file without its folder and ending. */
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  /** The folder that the machines see, read-only; null for none. */
  readonly folder: string | null;
  readonly machines: ReadonlyMap<string, MachineModel>;
  readonly vms: ReadonlyMap<string, VmModel>;
  readonly links: readonly LinkModel[];
  readonly captures: readonly CaptureModel[];
  readonly steps: readonly StepModel[];
}
