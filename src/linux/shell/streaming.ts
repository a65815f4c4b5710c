/**
 * Output while a script runs: just-bash hands output over when a script has ended, so every statement of a script is
 * wrapped in a group whose streams lead to the machine's output device, as if `{ … } >>stdout 2>>stderr` had been
 * written around it. Bodies of loops, branches and groups are wrapped statement by statement.
 *
 * Invariant: wrapping changes no behaviour. Functions are left whole, for they may be called in a pipe; lists of && and
 * || are wrapped whole, for `set -e` looks at them as a whole; with `set -u` nothing is wrapped, for its error would
 * end at the group. Where nothing is wrapped, output comes at the end.
 */
import type { CommandNode, PipelineNode, ScriptNode, StatementNode, TransformPlugin } from 'just-bash';
import { splitCommandWords } from './command-words.js';
import { lastingCommands } from './lasting.js';
import { OUTPUT_MOUNT } from './output-device.js';
import { rewrite } from './rewrite.js';
import { virtualValues } from './virtual-values.js';

type GroupNode = Extract<CommandNode, { type: 'Group' }>;
type RedirectionNode = GroupNode['redirections'][number];

const redirection = (fd: number, path: string): RedirectionNode => ({
  type: 'Redirection',
  fd,
  operator: '>>',
  target: { type: 'Word', parts: [{ type: 'Literal', value: path }] },
});

const toDevice: RedirectionNode[] = [
  redirection(1, `${OUTPUT_MOUNT}/stdout`),
  redirection(2, `${OUTPUT_MOUNT}/stderr`),
];

export const canStream = (script: string): boolean => !/\bset\s+[-+]\w*u|\bnounset\b/.test(script);

const streamAll = (statements: StatementNode[]): StatementNode[] => statements.map(streamStatement);

function streamStatement(statement: StatementNode): StatementNode {
  if (statement.deferredError !== undefined) return statement;
  const [only] = statement.pipelines;
  if (statement.pipelines.length === 1 && only !== undefined && !statement.background) {
    const inside = streamInside(only);
    if (inside !== null) return { ...statement, pipelines: [inside] };
  }
  const group: GroupNode = {
    type: 'Group',
    body: [{ ...statement, background: false }],
    redirections: toDevice,
    ...(statement.line === undefined ? {} : { line: statement.line }),
  };
  const pipeline: PipelineNode = { type: 'Pipeline', commands: [group], negated: false };
  return { ...statement, pipelines: [pipeline], operators: [] };
}

/** The pipeline with its body's statements wrapped; null where it is to be wrapped itself. */
function streamInside(pipeline: PipelineNode): PipelineNode | null {
  const [command] = pipeline.commands;
  if (pipeline.commands.length !== 1 || command === undefined) return null;
  if (pipeline.negated || pipeline.timed === true) return null;
  if (command.type === 'FunctionDef') return pipeline;
  const inside = (node: CommandNode): PipelineNode => ({ ...pipeline, commands: [node] });
  if (command.redirections.length > 0) return null;
  switch (command.type) {
    case 'For':
    case 'CStyleFor':
    case 'Group':
      return inside({ ...command, body: streamAll(command.body) });
    case 'While':
    case 'Until':
      return inside({ ...command, condition: streamAll(command.condition), body: streamAll(command.body) });
    case 'If':
      return inside({
        ...command,
        clauses: command.clauses.map((clause) => ({
          condition: streamAll(clause.condition),
          body: streamAll(clause.body),
        })),
        elseBody: command.elseBody === null ? null : streamAll(command.elseBody),
      });
    case 'Case':
      return inside({ ...command, items: command.items.map((item) => ({ ...item, body: streamAll(item.body) })) });
    default:
      return null;
  }
}

export interface Streaming {
  readonly plugin: TransformPlugin;
  /** The next script that is run is to be wrapped; those that it runs itself (`bash -c`) are not. */
  arm(): void;
}

export function makeStreaming(): Streaming {
  let armed = false;
  return {
    arm: () => {
      armed = true;
    },
    plugin: {
      name: 'streaming',
      transform({ ast: given }: { readonly ast: ScriptNode }) {
        const ast = rewrite(given, (node) => virtualValues(node) ?? splitCommandWords(node) ?? lastingCommands(node));
        if (!armed) return { ast };
        armed = false;
        return { ast: { ...ast, statements: streamAll(ast.statements) } };
      },
    },
  };
}
