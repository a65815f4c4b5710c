/** What the commands share that read bytes as text from standard input and write them back (utilities/ovs-ofctl.c). */
import { UserError } from '../../report/user-error.js';
import { parseHexBytes } from '../hex-bytes.js';
import type { Invocation } from './invocation.js';

/** Lines as C's strings: each ends at its new line, or at a NUL. */
function linesOf(text: string): readonly string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => line.split('\0', 1)[0]!);
}

const isBlank = (line: string): boolean => /^[ \t]*$/.test(line);
const withoutComment = (line: string): string => line.split('#', 1)[0]!;

/** The lines without their comments that hold something; mirrors ds_get_preprocessed_line(). */
export function inputLines(text: string): readonly string[] {
  return linesOf(text)
    .map(withoutComment)
    .filter((line) => !isBlank(line));
}

/** As inputLines(), but prints lines that are comments, and blank ones, as it meets them; mirrors ds_get_test_line(). */
export function* echoedLines(invocation: Invocation): Generator<string> {
  for (const line of linesOf(invocation.environment.stdin)) {
    const code = withoutComment(line);
    if (line.startsWith('#')) invocation.print(`${line}\n`);
    else if (isBlank(code)) invocation.print('\n');
    else yield code;
  }
}

/** The bytes of a line that has so many. */
export function parseBytesOf(line: string, size: number): Uint8Array {
  const bytes = parseHexBytes(line);
  if (bytes === null) throw new UserError('Trailing garbage in hex data');
  if (bytes.length !== size) throw new UserError(`Input is ${bytes.length} bytes, expected ${size}`);
  return bytes;
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

/** One line for each byte that differs; mirrors print_differences(). */
export function formatDifferences(before: Uint8Array, after: Uint8Array, prefix = ''): string {
  let text = '';
  const size = Math.max(before.length, after.length);
  for (let at = 0; at < size; at++) {
    const [from, to] = [before[at], after[at]];
    if (from === to) continue;
    const [left, right] = [from, to].map((byte) => (byte === undefined ? '(none)' : hex(byte)));
    text += `${prefix}${String(at).padStart(2)}: ${left} -> ${right}\n`;
  }
  return text;
}
