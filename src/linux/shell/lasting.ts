/**
 * Commands that leave a process running (`ovs-ofctl monitor` with & or --detach): just-bash tells a command neither that
 * it stands in the background nor where its streams lead, and a process writes when the command is long over. So such a
 * command is rewritten to be told both by assignments before it.
 *
 * Invariant: the command's own redirections stay, so the shell begins the file. Where a stream leads is seen at the
 * command itself; a group's or an `exec`'s redirection is not.
 */
import type { WordNode } from 'just-bash';
import { type Fields, literalWord, type Visitor } from './rewrite.js';

export const BACKGROUND = 'UPCALL_BACKGROUND';
export const STDERR_FILE = 'UPCALL_STDERR';

const LASTING: ReadonlySet<string> = new Set(['monitor', 'snoop']);
const RUNNERS: ReadonlySet<string> = new Set(['ovs-ofctl', 'timeout']);

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/** The text of a word without expansions, or null. */
function textOf(word: unknown): string | null {
  if (!isFields(word) || !Array.isArray(word.parts)) return null;
  const [part] = word.parts;
  return word.parts.length === 1 && isFields(part) && part.type === 'Literal' ? String(part.value) : null;
}

function isLasting(node: unknown): boolean {
  if (!isFields(node) || node.type !== 'SimpleCommand' || !Array.isArray(node.args)) return false;
  const words = node.args.map(textOf);
  return RUNNERS.has(textOf(node.name) ?? '') && words.some((word) => word !== null && LASTING.has(word));
}

/** The file that standard error leads to, as a word; null where it is the shell's own. */
function stderrOf(redirections: readonly unknown[]): WordNode | null {
  const streams: (WordNode | null)[] = [null, null, null];
  for (const redirection of redirections) {
    if (!isFields(redirection) || !isFields(redirection.target)) continue;
    const { operator } = redirection;
    const target = redirection.target as unknown as WordNode;
    const fd = typeof redirection.fd === 'number' ? redirection.fd : 1;
    const copied = operator === '>&' ? /^[0-2]$/.exec(textOf(target) ?? '') : null;
    if (copied !== null) streams[fd] = streams[Number(copied[0])] ?? null;
    else if (operator === '&>' || operator === '&>>' || operator === '>&') streams[1] = streams[2] = target;
    else if (operator === '>' || operator === '>>' || operator === '>|') streams[fd] = target;
  }
  return streams[2] ?? null;
}

function assigned(node: Fields, name: string, value: WordNode): Fields {
  const assignments = [
    ...(node.assignments as unknown[]),
    { type: 'Assignment', name, value, append: false, array: null },
  ];
  return { ...node, assignments };
}

export const lastingCommands: Visitor = (node) => {
  if (isLasting(node)) {
    const stderr = stderrOf(node.redirections as readonly unknown[]);
    return stderr === null ? undefined : assigned(node, STDERR_FILE, stderr);
  }
  if (node.type !== 'Statement' || node.background !== true || !Array.isArray(node.pipelines)) return undefined;
  const [pipeline] = node.pipelines as readonly Fields[];
  if (node.pipelines.length !== 1 || !Array.isArray(pipeline?.commands) || pipeline.commands.length !== 1)
    return undefined;
  const [command] = pipeline.commands as readonly Fields[];
  if (command === undefined || !isLasting(command)) return undefined;
  const commands = [assigned(command, BACKGROUND, literalWord('1'))];
  return { ...node, pipelines: [{ ...pipeline, commands }] };
};
