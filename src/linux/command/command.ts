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
  /** Runs another command line, which is cut short after so many nanoseconds (null: never). */
  runFor(
    limitNs: number | null,
    words: readonly string[],
  ): Promise<{ readonly output: CommandOutput; readonly isCut: boolean }>;
  readonly lasting: LastingContext;
  /** Runs the shell's own command of the same name. */
  runBuiltin(args: readonly string[]): Promise<CommandOutput>;
}

/** What a command that waits, or leaves a process behind, must know of its place. */
export interface LastingContext {
  /** Does it stand in the background (`&`)? */
  readonly isBackground: boolean;
  /** When `timeout` ends it; null: never. */
  readonly deadlineNs: number | null;
  /** The file that its standard error leads to; null: the shell's. */
  readonly stderrFile: string | null;
  /** Runs the clock until then, or as long as `timeout` lets it. */
  waitUntil(ns: number): void;
  /** Writes to the shell's standard error. */
  tell(text: string): void;
}

export interface ShellCommand {
  readonly name: string;
  run(args: readonly string[], context: CommandContext): CommandOutput | Promise<CommandOutput>;
}

export const printed = (stdout: string): CommandOutput => ({ stdout, stderr: '', exitCode: 0 });
export const failed = (stderr: string, exitCode = 1): CommandOutput => ({ stdout: '', stderr, exitCode });
