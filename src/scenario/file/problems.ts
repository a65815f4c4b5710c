/**
 * What is wrong with a scenario file, for people: from the issues of the schema to sentences that say what was expected
 * and what was found, with a suggestion where a word is nearly right.
 */
import type { z } from 'zod';
import { suggestion } from '../suggest.js';
import type { Path } from './positions.js';

type Issue = z.core.$ZodIssue;

export interface Problem {
  readonly path: Path;
  /** Point at the key that the path ends with, not at its value. */
  readonly atKey: boolean;
  readonly message: string;
  readonly hint: string | null;
}

/** The most words that an error lists; more of them only count. */
const MAX_WORDS = 12;

/** `vms.vm1.address[0]`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : text === '' ? part : `.${part}`;
  return text;
}

/** A value as an error names it. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 56)}…"` : text;
}

function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[part];
  }
  return value;
}

/** `stepWords` are the kinds of steps there are. */
export function explainIssues(
  issues: readonly Issue[],
  data: unknown,
  stepWords: readonly string[],
): readonly Problem[] {
  const all = issues.flatMap((issue) => explain(issue, [], data, stepWords));
  const seen = new Set<string>();
  return all.filter(({ path, message }) => {
    const key = `${formatPath(path)} ${message}`;
    return !seen.has(key) && seen.add(key);
  });
}

function explain(issue: Issue, base: Path, data: unknown, stepWords: readonly string[]): readonly Problem[] {
  const path: Path = [...base, ...(issue.path as Path)];
  const where = path.length === 0 ? '' : `${formatPath(path)}: `;
  const value = valueAt(data, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, path, issue.message.split(' '), stepWords));
    case 'invalid_union': {
      let branch = closestBranch(issue.errors);
      if (isStep(path) && typeof value === 'object' && value !== null && !Array.isArray(value)) {
        const keys = Object.keys(value);
        const word = keys.find((key) => stepWords.includes(key));
        if (word === undefined) return [wrongStep(path, keys, stepWords)];
        // The alternatives of a step are in the order of the words.
        branch = issue.errors[stepWords.indexOf(word)] ?? branch;
      }
      return branch.flatMap((inner) => explain(inner, path, data, stepWords));
    }
    case 'invalid_key': {
      const key = String(path.at(-1));
      const expected = issue.issues[0]?.message ?? 'expected another name';
      return [
        { path, atKey: true, message: `${formatPath(path.slice(0, -1))}: ${expected}, found "${key}"`, hint: null },
      ];
    }
    case 'invalid_value': {
      const words = issue.values.map(String);
      const choice = words.length > MAX_WORDS ? `${words.length} words` : words.join(', ');
      const message = `${where}expected one of ${choice}, found ${describeValue(value)}`;
      return [{ path, atKey: false, message, hint: typeof value === 'string' ? suggestion(value, words) : null }];
    }
    default: {
      const expected = issue.message.startsWith('expected ') ? issue.message : `not right (${issue.message})`;
      if (issue.code === 'invalid_type' && value === undefined && path.length > 0) {
        const parent = path.slice(0, -1);
        const of = parent.length === 0 ? '' : `${formatPath(parent)}: `;
        return [
          { path: parent, atKey: true, message: `${of}the key "${path.at(-1)}" is missing: ${expected}`, hint: null },
        ];
      }
      return [{ path, atKey: false, message: `${where}${expected}, found ${describeValue(value)}`, hint: null }];
    }
  }
}

const isStep = (path: Path): boolean => path.length === 2 && path[0] === 'steps';

function unknownKey(key: string, path: Path, known: readonly string[], stepWords: readonly string[]): Problem {
  const where = path.length === 0 ? '' : `${formatPath(path)}: `;
  const isSecondStep = isStep(path) && stepWords.includes(key);
  return {
    path: [...path, key],
    atKey: true,
    message: `${where}unknown key "${key}"`,
    hint: isSecondStep ? `"${key}" is a step of its own: begin it with "- "` : suggestion(key, known),
  };
}

/** A map with none of the words for steps. */
function wrongStep(path: Path, keys: readonly string[], stepWords: readonly string[]): Problem {
  const wrong = keys.find((key) => key !== 'name');
  if (wrong === undefined) {
    return { path, atKey: false, message: `${formatPath(path)}: expected a step`, hint: suggestion('', stepWords) };
  }
  return {
    path: [...path, wrong],
    atKey: true,
    message: `${formatPath(path)}: unknown step "${wrong}"`,
    hint: suggestion(wrong, stepWords),
  };
}

/** Of the alternatives of a union the one that the author most likely meant. */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const cost = (issue: Issue): number => {
    if (issue.path.length === 0)
      return issue.code === 'unrecognized_keys' ? 100 : issue.code === 'invalid_type' ? 1000 : 1;
    return issue.path.length === 1 && issue.code === 'invalid_type' ? 10 : 1;
  };
  let best = branches[0]!;
  let bestCost = Number.POSITIVE_INFINITY;
  for (const branch of branches) {
    const total = branch.reduce((sum, issue) => sum + cost(issue), 0);
    if (total < bestCost) {
      best = branch;
      bestCost = total;
    }
  }
  return best;
}
