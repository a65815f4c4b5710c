/**
 * What a command of ovs-vsctl is, and how the words after the options fall into commands: `--` parts them, options of
 * a command stand before its name. Mirrors parse_command() and ctl_parse_commands() of lib/db-ctl-base.c.
 */
import { UserError } from '#src/report/user-error.js';
import type { CommandContext } from './context.js';

export type CommandOptions = ReadonlyMap<string, string | undefined>;

export interface CommandSyntax {
  readonly name: string;
  readonly minArgs: number;
  readonly maxArgs: number;
  /** For people: `BRIDGE PORT [COLUMN[:KEY]=VALUE]...`. */
  readonly arguments: string;
  /** `--if-exists`, or `--id=` for one with an argument. */
  readonly options: readonly string[];
  /** It may change the database. */
  readonly writes: boolean;
  /** Finds errors and gives warnings before any command of the run is carried out. */
  check?(context: CommandContext): void;
  /** Carries the command out on the draft. Returns an exit status where the run is to end here. */
  run(context: CommandContext): number | undefined;
}

export interface Command {
  readonly syntax: CommandSyntax;
  readonly options: CommandOptions;
  /** Without the command's name. */
  readonly args: readonly string[];
}

const MISSING_NAME = 'missing command name (use --help for help)';

export function parseCommands(
  words: readonly string[],
  firstOptions: CommandOptions,
  index: ReadonlyMap<string, CommandSyntax>,
): readonly Command[] {
  const commands: Command[] = [];
  let options = firstOptions;
  let start = 0;
  for (let i = 0; i <= words.length; i++) {
    if (i < words.length && words[i] !== '--') continue;
    if (i > start) {
      commands.push(parseCommand(words.slice(start, i), options, index));
      options = new Map();
    } else if (options.size > 0) {
      throw new UserError(MISSING_NAME);
    }
    start = i + 1;
  }
  if (commands.length === 0) throw new UserError(MISSING_NAME);
  return commands;
}

function parseCommand(
  words: readonly string[],
  firstOptions: CommandOptions,
  index: ReadonlyMap<string, CommandSyntax>,
): Command {
  const options = new Map(firstOptions);
  let i = 0;
  for (; i < words.length && words[i]!.startsWith('-'); i++) {
    const word = words[i]!;
    const equals = word.indexOf('=');
    const name = equals < 0 ? word : word.slice(0, equals);
    if (options.has(name)) throw new UserError(`'${word}' option specified multiple times`);
    options.set(name, equals < 0 ? undefined : word.slice(equals + 1));
  }
  const name = words[i];
  if (name === undefined) throw new UserError(MISSING_NAME);
  const syntax = index.get(name);
  if (syntax === undefined) throw new UserError(`unknown command '${name}'; use --help for help`);
  checkOptions(syntax, options);
  const args = words.slice(i + 1);
  if (args.length < syntax.minArgs) {
    throw new UserError(`'${name}' command requires at least ${syntax.minArgs} arguments`);
  }
  if (args.length > syntax.maxArgs) {
    const hint = args.some((arg) => arg.startsWith('-'))
      ? ' (note that options must precede command names and follow a "--" argument)'
      : '';
    throw new UserError(`'${name}' command takes at most ${syntax.maxArgs} arguments${hint}`);
  }
  return { syntax, options, args };
}

function checkOptions(syntax: CommandSyntax, options: CommandOptions): void {
  for (const [option, value] of options) {
    const takesArgument = syntax.options.includes(`${option}=`);
    if (!takesArgument && !syntax.options.includes(option)) {
      throw new UserError(`'${syntax.name}' command has no '${option}' option`);
    }
    if (takesArgument && value === undefined) {
      throw new UserError(`missing argument to '${option}' option on '${syntax.name}' command`);
    }
    if (!takesArgument && value !== undefined) {
      throw new UserError(`'${option}' option on '${syntax.name}' does not accept an argument`);
    }
  }
}

/** Words as one line, quoted where a shell would want it. Mirrors process_escape_args() of lib/process.c. */
export const joinWords = (words: readonly string[]): string =>
  words.map((word) => (/[ \t\r\n\v\\'"]/.test(word) ? `"${word.replace(/[\\"]/g, '\\$&')}"` : word)).join(' ');

/** The command as one line. Values of its options are left out, as OVS does. */
export const commandToString = (command: Command): string =>
  joinWords([...command.options.keys(), command.syntax.name, ...command.args]);
