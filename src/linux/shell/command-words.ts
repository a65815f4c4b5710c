/**
 * A command whose name comes from an expansion (`$tool …`, `"$@"`): bash splits it into words, just-bash takes it for
 * one name. Such a command is rewritten to `eval "$(upcall-words …)"`, where a hidden command quotes the words that the
 * expansions came to.
 */
import type { WordNode } from 'just-bash';
import { printed, type ShellCommand } from '../command/command.js';
import { type Fields, literalWord, scriptOf, type Visitor } from './rewrite.js';

export const WORDS_COMMAND = 'upcall-words';

export const quoteWord = (word: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

export const wordsCommand: ShellCommand = {
  name: WORDS_COMMAND,
  run: (args) => printed(args.map(quoteWord).join(' ')),
};

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/** May the part become more words than one, or none? */
function maySplit(part: unknown, quoted: boolean): boolean {
  if (!isFields(part)) return false;
  switch (part.type) {
    case 'ParameterExpansion':
      return !quoted || part.parameter === '@' || String(part.parameter).endsWith('[@]');
    case 'CommandSubstitution':
      return !quoted;
    case 'DoubleQuoted':
      return Array.isArray(part.parts) && part.parts.some((inner) => maySplit(inner, true));
    default:
      return false;
  }
}

export const splitCommandWords: Visitor = (node) => {
  if (node.type !== 'SimpleCommand' || !isFields(node.name)) return undefined;
  const parts = node.name.parts;
  if (!Array.isArray(parts) || !parts.some((part) => maySplit(part, false))) return undefined;
  const words = [node.name as unknown as WordNode, ...(node.args as WordNode[])];
  const substitution = { type: 'CommandSubstitution', body: scriptOf(WORDS_COMMAND, words), legacy: false };
  const quoted = { type: 'Word', parts: [{ type: 'DoubleQuoted', parts: [substitution] }] };
  return { ...node, name: literalWord('eval'), args: [quoted] };
};
