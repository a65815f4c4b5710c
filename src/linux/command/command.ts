/** A command of the simulated shell: one file each, listed in index.ts. */
import type { CommandOutput } from '#src/report/command-output.js';
import type { Machine } from '../machine.js';
import type { NetworkNamespace } from '../namespace.js';

export interface CommandContext {
  readonly machine: Machine;
  /** The network namespace that the command runs in. */
  readonly namespace: NetworkNamespace;
  readonly cwd: string;
  readonly stdin: string;
  /** Reads a file; the path may be relative. Throws where there is none. */
  readFile(path: string): Promise<Uint8Array>;
  /** Runs another command line, word by word, in a namespace. */
  runIn(namespace: NetworkNamespace, words: readonly string[]): Promise<CommandOutput>;
  /** Runs the shell's own command of the same name. */
  runBuiltin(args: readonly string[]): Promise<CommandOutput>;
}

export interface ShellCommand {
  readonly name: string;
  run(args: readonly string[], context: CommandContext): CommandOutput | Promise<CommandOutput>;
}

export const printed = (stdout: string): CommandOutput => ({ stdout, stderr: '', exitCode: 0 });
export const failed = (stderr: string, exitCode = 1): CommandOutput => ({ stdout: '', stderr, exitCode });
