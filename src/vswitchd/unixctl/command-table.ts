/**
 * The table of unixctl commands and the way in: finds the command, checks the number of arguments, runs it, and ends
 * its text with a newline. Mirrors process_command() and unixctl_command_reply__() of lib/unixctl.c.
 */
import { UserError } from '#src/report/user-error.js';
import type { UnixctlResult } from '../vswitchd-api.js';
import { type UnixctlCommand, reply, replyError } from './command.js';
import type { FileTexts } from './dpctl.js';
import { makeUnixctlCommands } from './index.js';
import type { UnixctlContext } from './unixctl-context.js';

/** The commands of this folder and `more` (those that live elsewhere, as ofproto/trace does). */
export class UnixctlTable {
  private readonly commands = new Map<string, UnixctlCommand>();
  /** Commands that were asked for, whatever became of them. */
  runCount = 0;

  constructor(more: readonly UnixctlCommand[] = []) {
    const listCommands: UnixctlCommand = {
      name: 'list-commands',
      usage: '',
      minArgs: 0,
      maxArgs: 0,
      run: () => reply(this.describe()),
    };
    for (const command of [...makeUnixctlCommands(), ...more, listCommands]) this.commands.set(command.name, command);
  }

  /** Names and arguments in the order of their names. */
  list(): readonly { readonly name: string; readonly usage: string }[] {
    return [...this.commands.values()]
      .flatMap(({ name, usage }) => (usage === null ? [] : [{ name, usage }]))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  run(name: string, args: readonly string[], context: UnixctlContext, files: FileTexts = () => null): UnixctlResult {
    this.runCount++;
    const command = this.commands.get(name);
    if (command === undefined) {
      return withNewline(
        replyError(`"${name}" is not a valid command (use "list-commands" to see a list of valid commands)`),
      );
    }
    if (args.length < command.minArgs) {
      return withNewline(replyError(`"${name}" command requires at least ${command.minArgs} arguments`));
    }
    if (args.length > command.maxArgs) {
      return withNewline(replyError(`"${name}" command takes at most ${command.maxArgs} arguments`));
    }
    try {
      return withNewline(command.run(args, context, files));
    } catch (error) {
      if (error instanceof UserError) return withNewline(replyError(error.message));
      throw error;
    }
  }

  private describe(): string {
    const lines = this.list().map(({ name, usage }) => `  ${name.padEnd(23)} ${usage}`);
    return ['The available commands are:', ...lines].join('\n');
  }
}

function withNewline(result: UnixctlResult): UnixctlResult {
  if (result.text === '' || result.text.endsWith('\n')) return result;
  return { ...result, text: `${result.text}\n` };
}
