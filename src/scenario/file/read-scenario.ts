/**
 * Reads scenario files: YAML 1.2, checked against the schema and then for names that fit together.
 *
 * Invariant: any text gives a scenario or a list of errors, each with file, line and column; a hostile one (deep nesting,
 * aliases that multiply) too.
 */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { fileError } from '../../report/file-error.js';
import { UserError } from '../../report/user-error.js';
import type { Scenario, StepModel } from '../model.js';
import { STEP_KINDS } from '../step/step-table.js';
import { checkNames } from './check-names.js';
import { Positions } from './positions.js';
import { explainIssues, type Problem } from './problems.js';
import { scenarioSchema } from './schema.js';

export type ReadResult =
  | { readonly ok: true; readonly scenario: Scenario }
  | { readonly ok: false; readonly errors: readonly UserError[] };

const MAX_FILE_SIZE = 1 << 20;
/** How often aliases may be followed: a file of a few lines could otherwise stand for gigabytes. */
const MAX_ALIAS_COUNT = 1000;
const STEP_WORDS = STEP_KINDS.map((kind) => kind.name);

export function readScenarioFile(file: string): ReadResult {
  const shown = file === '' ? "''" : file;
  const refuse = (message: string): ReadResult => ({ ok: false, errors: [new UserError(message, { file: shown })] });
  try {
    const { size } = statSync(file);
    if (size > MAX_FILE_SIZE)
      return refuse(`expected a scenario file of at most ${MAX_FILE_SIZE} bytes, found ${size}`);
    return readScenario(readFileSync(file, 'utf8'), file, path.dirname(path.resolve(file)));
  } catch (error) {
    if (error instanceof Error && 'code' in error) return { ok: false, errors: [fileError('read', shown, error)] };
    throw error;
  }
}

/** `folder` is what the machines are to see of the disk. */
export function readScenario(text: string, file: string, folder: string | null): ReadResult {
  const lines = new LineCounter();
  let parsed: ReturnType<typeof parseYaml>;
  try {
    parsed = parseYaml(text, lines);
  } catch (error) {
    // The parser recurses into what is nested.
    if (!(error instanceof RangeError)) throw error;
    return { ok: false, errors: [new UserError('the file is nested too deeply', { file })] };
  }
  const { document, data, failure } = parsed;
  if (document.errors.length > 0) {
    const errors = document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return new UserError(`this is not YAML: ${error.message}`, { file, line, column: col });
    });
    return { ok: false, errors };
  }
  if (failure !== null) return { ok: false, errors: [new UserError(failure, { file })] };
  const positions = new Positions(document, lines);
  const refuse = (problems: readonly Problem[]): ReadResult => ({
    ok: false,
    errors: problems.map(({ path: at, atKey, message, hint }) => {
      const { line, column } = atKey ? positions.ofKey(at) : positions.ofValue(at);
      return new UserError(message, { file, line, column, ...(hint === null ? {} : { hint }) });
    }),
  });

  const result = scenarioSchema.safeParse(data);
  if (!result.success) return refuse(explainIssues(result.error.issues, data, STEP_WORDS));
  const { name, description, machines, vms, links, captures, steps } = result.data;
  const scenario: Scenario = {
    id: path.basename(file).replace(/\.(yaml|yml)$/, ''),
    name,
    description: description ?? null,
    folder,
    machines: new Map(Object.entries(machines)),
    vms: new Map(Object.entries(vms ?? {})),
    links: links ?? [],
    captures: captures ?? [],
    steps: steps.map((step, index) => toStep(step, positions.ofValue(['steps', index]).line)),
  };
  const problems = checkNames(scenario);
  return problems.length > 0 ? refuse(problems) : { ok: true, scenario };
}

function parseYaml(text: string, lineCounter: LineCounter) {
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error' });
  if (document.errors.length > 0) return { document, data: null, failure: null };
  try {
    return { document, data: document.toJS({ maxAliasCount: MAX_ALIAS_COUNT }) as unknown, failure: null };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return { document, data: null, failure: error.message };
  }
}

/** A step as the schema yields it: a map of its name and the word of its kind. */
export function toStep(step: unknown, line: number | null): StepModel {
  const map = step as Readonly<Record<string, unknown>>;
  const kind = STEP_KINDS.find((candidate) => map[candidate.name] !== undefined);
  if (kind === undefined) throw new Error('the schema let a step of no kind pass');
  return { name: typeof map.name === 'string' ? map.name : null, kind, value: map[kind.name], line };
}
