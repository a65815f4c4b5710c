/**
 * Walking a script's syntax tree with just-bash's types left aside: every node is shown to a visitor, which may put
 * another in its place. Trees are not changed; parts that stay the same may be shared.
 */
import type { CommandNode, ScriptNode, StatementNode, WordNode } from 'just-bash';

export type Fields = Readonly<Record<string, unknown>>;
/** Returns another node, or undefined to leave the node as it is (its children have been visited). */
export type Visitor = (node: Fields) => Fields | undefined;

export const rewrite = (script: ScriptNode, visit: Visitor): ScriptNode => rewriteNode(script, visit) as ScriptNode;

function rewriteNode(node: unknown, visit: Visitor): unknown {
  if (Array.isArray(node)) return node.map((child) => rewriteNode(child, visit));
  if (typeof node !== 'object' || node === null) return node;
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(node)) copy[name] = rewriteNode(value, visit);
  return visit(copy) ?? copy;
}

export const literalWord = (text: string): WordNode => ({ type: 'Word', parts: [{ type: 'Literal', value: text }] });

/** A script of one simple command. */
export function scriptOf(name: string, args: readonly WordNode[]): ScriptNode {
  const command: CommandNode = {
    type: 'SimpleCommand',
    assignments: [],
    name: literalWord(name),
    args: [...args],
    redirections: [],
  };
  const statement: StatementNode = {
    type: 'Statement',
    pipelines: [{ type: 'Pipeline', commands: [command], negated: false }],
    operators: [],
    background: false,
  };
  return { type: 'Script', statements: [statement] };
}
