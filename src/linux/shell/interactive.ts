/**
 * The shell at a terminal: one script without end, in which a hidden command fetches the next lines from whoever types
 * and `eval` runs them, so that variables, functions and the directory live on from line to line.
 */
import { OUTPUT_MOUNT } from './output-device.js';

/** What comes in place of a line that was given up (^C). */
export const INTERRUPTED = Symbol('interrupted');

/** A line without its end; null at the end of input. */
export type TypedLine = string | null | typeof INTERRUPTED;

export type LineReader = (prompt: string) => Promise<TypedLine>;

/** The status of a command that ^C ended: 128 and SIGINT. */
const GIVEN_UP = '(exit 130)';

export const NEXT_COMMAND = 'upcall-next-lines';

/** $? is kept from one round to the next by a subshell that exits with it. */
export const INTERACTIVE_SCRIPT = `while upcall_lines=$(${NEXT_COMMAND} $? "$PWD"); do
  eval "$upcall_lines" >>${OUTPUT_MOUNT}/stdout 2>>${OUTPUT_MOUNT}/stderr
done`;

/** Throws where the text is no whole script; its message says where and why. */
export type ScriptParser = (text: string) => unknown;

/** Reads lines until they are whole commands. Null at the end of input. ^C gives up all that was typed so far. */
export async function readCommand(read: LineReader, prompt: string, parse: ScriptParser): Promise<string | null> {
  const first = await read(prompt);
  if (first === null) return null;
  if (first === INTERRUPTED) return GIVEN_UP;
  let text = first;
  while (isIncomplete(text, parse)) {
    const more = await read('> ');
    if (more === null) break;
    if (more === INTERRUPTED) return GIVEN_UP;
    text += `\n${more}`;
  }
  return text;
}

/** Does a command go on in the next line: an open quote, here-document, compound command, or a trailing operator? */
export function isIncomplete(text: string, parse: ScriptParser): boolean {
  if (/(^|[^\\])(\\\\)*\\$/.test(text)) return true;
  if (/(&&|\|\||\|)\s*$/.test(text)) return true;
  for (const [, , delimiter] of text.matchAll(/<<-?\s*(["']?)([A-Za-z_][A-Za-z0-9_]*)\1/g)) {
    const lines = text.split('\n').slice(1);
    if (!lines.some((line) => line.replace(/^\t+/, '') === delimiter)) return true;
  }
  try {
    parse(text);
    return false;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    if (/got EOF|unexpected EOF/.test(message)) return true;
    // An empty body at the end of the text is reported as the keyword that would have ended it.
    const place = /^Parse error at (\d+):(\d+): .*unexpected token `(fi|done|esac|\})'/.exec(message);
    const lines = text.split('\n');
    return place !== null && Number(place[1]) === lines.length && Number(place[2]) > lines.at(-1)!.length;
  }
}
