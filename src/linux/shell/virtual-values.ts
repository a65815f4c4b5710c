/**
 * $RANDOM and $SECONDS of a simulated machine: just-bash takes them from the real world, so scripts are rewritten to
 * ask a hidden command, which answers from the machine's random source and the virtual clock.
 *
 * Invariant: two runs with one seed see the same values.
 */
import type { CommandNode, ScriptNode, StatementNode, WordNode } from 'just-bash';
import { failed, printed, type ShellCommand } from '../command/command.js';

export const VALUE_COMMAND = 'upcall-value';
const NAMES: ReadonlySet<unknown> = new Set(['RANDOM', 'SECONDS', 'EPOCHSECONDS']);

/** Answers with the value of one of the variables. */
export const valueCommand: ShellCommand = {
  name: VALUE_COMMAND,
  run([name], { machine }) {
    switch (name) {
      case 'RANDOM':
        return printed(`${machine.rng.next32() & 0x7fff}\n`);
      case 'SECONDS':
      case 'EPOCHSECONDS':
        return printed(`${Math.floor(machine.scheduler.nowNs() / 1e9)}\n`);
      default:
        return failed(`${VALUE_COMMAND}: no such value\n`);
    }
  },
};

const word = (text: string): WordNode => ({ type: 'Word', parts: [{ type: 'Literal', value: text }] });

function askFor(name: string): ScriptNode {
  const command: CommandNode = {
    type: 'SimpleCommand',
    assignments: [],
    name: word(VALUE_COMMAND),
    args: [word(name)],
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

/** The script with every use of the variables replaced; other nodes are left as they are. */
export const withVirtualValues = (script: ScriptNode): ScriptNode => replaceIn(script) as ScriptNode;

function replaceIn(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(replaceIn);
  if (typeof node !== 'object' || node === null) return node;
  const fields = node as Readonly<Record<string, unknown>>;
  if (fields.type === 'ParameterExpansion' && NAMES.has(fields.parameter) && fields.operation === null) {
    return { type: 'CommandSubstitution', body: askFor(String(fields.parameter)), legacy: false };
  }
  if (fields.type === 'ArithVariable' && NAMES.has(fields.name)) {
    return { type: 'ArithCommandSubst', command: `${VALUE_COMMAND} ${String(fields.name)}` };
  }
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) copy[name] = replaceIn(value);
  // Arithmetic is parsed again from its text where it expands variables first.
  if (fields.type === 'ArithmeticExpression' && typeof fields.originalText === 'string') {
    copy.originalText = fields.originalText.replace(
      /\$?\b(RANDOM|SECONDS|EPOCHSECONDS)\b|\$\{(RANDOM|SECONDS|EPOCHSECONDS)\}/g,
      (_, plain: string | undefined, braced: string | undefined) => `$(${VALUE_COMMAND} ${plain ?? braced})`,
    );
  }
  return copy;
}
