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
    const quoted = JSON.stringify(piece);
    const isThere = text.includes(piece);
    checks.push(isThere ? passed(`${what}: ${quoted} is there`) : failed(`${what}: ${quoted} is missing`, shown));
  }
  for (const piece of lacks ?? []) {
    const quoted = JSON.stringify(piece);
    const lines = text.split('\n').filter((line) => line.includes(piece));
    const isThere = text.includes(piece);
    const where = lines.length > 0 ? lines : shown;
    checks.push(isThere ? failed(`${what}: ${quoted} is there`, where) : passed(`${what}: ${quoted} is not there`));
  }
  if (equals !== undefined) checks.push(checkEqual(what, normalize(text), normalize(equals)));
  return checks;
}

function checkEqual(what: string, found: readonly string[], wanted: readonly string[]): Check {
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
  return details.length === 0 ? passed(`${what}: as written`) : failed(`${what}: not as written`, details);
}
