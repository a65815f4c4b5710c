/** What a text (of a command, of a flow table) is to contain, and the words for a text that does not. */
import { z } from 'zod';
import { oneOrMany, words } from './file/values.js';
import { type Check, failed, passed } from './step/step-kind.js';

const pieces = oneOrMany(words('a text'));

/** Keys that steps with a text share. */
export const textExpectations = {
  contains: pieces.optional().describe('Texts that must be in it, one or a list'),
  lacks: pieces.optional().describe('Texts that must not be in it, one or a list'),
  equals: z.string({ error: 'expected a text' }).optional().describe('The whole of it, spaces at line ends apart'),
};

export interface TextExpectations {
  readonly contains?: readonly string[] | undefined;
  readonly lacks?: readonly string[] | undefined;
  readonly equals?: string | undefined;
}

const MAX_LINES = 60;

/** Lines of a text for a report, cut where there are too many. */
export function shownLines(text: string): readonly string[] {
  const lines = text.trimEnd().split('\n');
  if (lines.length === 1 && lines[0] === '') return ['(nothing)'];
  return lines.length <= MAX_LINES
    ? lines
    : [...lines.slice(0, MAX_LINES), `… and ${lines.length - MAX_LINES} more lines`];
}

const normalize = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trim()
    .split('\n');

/** `what` names the text: `flows of br0 on host1`. */
export function checkText(what: string, text: string, { contains, lacks, equals }: TextExpectations): readonly Check[] {
  const checks: Check[] = [];
  const shown = shownLines(text);
  for (const piece of contains ?? []) {
    const expectation = `${what} contain ${JSON.stringify(piece)}`;
    checks.push(text.includes(piece) ? passed(expectation) : failed(`${expectation}: they do not`, shown));
  }
  for (const piece of lacks ?? []) {
    const expectation = `${what} lack ${JSON.stringify(piece)}`;
    const lines = text.split('\n').filter((line) => line.includes(piece));
    checks.push(
      !text.includes(piece)
        ? passed(expectation)
        : failed(`${expectation}: they do not`, lines.length > 0 ? lines : shown),
    );
  }
  if (equals !== undefined) checks.push(checkEqual(what, normalize(text), normalize(equals)));
  return checks;
}

function checkEqual(what: string, found: readonly string[], wanted: readonly string[]): Check {
  const expectation = `${what} are as written`;
  const count = Math.max(found.length, wanted.length);
  const details: string[] = [];
  for (let i = 0; i < count && details.length < MAX_LINES; i++) {
    if (found[i] === wanted[i]) continue;
    details.push(
      `line ${i + 1}:`,
      `  expected  ${wanted[i] ?? '(no such line)'}`,
      `  found     ${found[i] ?? '(no such line)'}`,
    );
  }
  return details.length === 0 ? passed(expectation) : failed(`${expectation}: they differ`, details);
}
