/**
 * The shell of a machine: the language is bash by just-bash (loaded when a shell first runs, for it is big), the
 * commands are this room's, the files are the machine's.
 *
 * Invariant: a command returns when nothing more is due at the present time; commands that wait move the clock
 * themselves.
 */
import type { Bash, ExecResult, MountableFs, ResolvedCommandContext } from 'just-bash';
import type { CommandOutput } from '#src/report/command-output.js';
import { UserError } from '#src/report/user-error.js';
import { type CommandContext, failed, printed, type ShellCommand } from '../command/command.js';
import { MACHINE_COMMANDS } from '../command/index.js';
import type { Machine } from '../machine.js';
import type { NetworkNamespace } from '../namespace.js';
import { INTERACTIVE_SCRIPT, type LineReader, NEXT_COMMAND, readCommand, type ScriptParser } from './interactive.js';
import { BACKGROUND, STDERR_FILE } from './lasting.js';
import { canStream, makeStreaming, type Streaming } from './streaming.js';
import { quoteWord, wordsCommand } from './command-words.js';
import { valueCommand } from './virtual-values.js';
import { makeOutputDevice, OUTPUT_MOUNT, type OutputListener, type OutputStream } from './output-device.js';

export interface ShellOptions {
  /** A directory of the disk that the machine sees at its real path. Nothing else of the disk is to be seen. */
  readonly mount?: string;
  readonly readOnly?: boolean;
  /** Commands beside the machine's own; one of the same name takes its place. */
  readonly commands?: readonly ShellCommand[];
}

export interface RunOptions {
  /** A failing command ends the script (`set -e`). */
  readonly errexit?: boolean;
  /** Print commands before they run (`set -x`). */
  readonly xtrace?: boolean;
  readonly stdin?: string;
  /** Positional parameters, $1 and on. */
  readonly args?: readonly string[];
  /** The namespace to run in; the machine's own by default. */
  readonly namespace?: NetworkNamespace;
  /** Hears of output as it comes. */
  readonly onOutput?: OutputListener;
  /** False: the listener is enough, and nothing is kept for the result, however long the script runs. */
  readonly keepsOutput?: boolean;
}

/** Bounds that a script for a simulation may reach where just-bash's own would stop it; memory stays bounded. */
const LIMITS = {
  maxCommandCount: 10_000_000,
  maxLoopIterations: 10_000_000,
  maxExecutionTimeMs: 24 * 3600 * 1000,
  maxWorkUnits: 1_000_000_000,
} as const;

/** EX_SOFTWARE of sysexits.h. */
const INTERNAL_ERROR = 70;

interface OpenShell {
  readonly bash: Bash;
  readonly streaming: Streaming;
  readonly parse: ScriptParser;
}

export class Shell {
  readonly machine: Machine;
  private readonly commands: readonly ShellCommand[];
  private readonly workingDirectory: string;
  private opening: Promise<OpenShell> | null = null;
  private listener: OutputListener | null = null;
  private namespace: NetworkNamespace;
  /** Until when `timeout` lets commands wait, and whether one was cut short. */
  private limit: { readonly deadlineNs: number; isCut: boolean } | null = null;

  constructor(machine: Machine, options: ShellOptions = {}) {
    this.machine = machine;
    this.namespace = machine.root;
    if (options.mount !== undefined && machine.files.mount === null) {
      machine.files.setMount({ directory: options.mount, readOnly: options.readOnly ?? false });
    }
    this.workingDirectory = machine.files.workingDirectory;
    const own = new Map(MACHINE_COMMANDS.map((command) => [command.name, command]));
    for (const command of options.commands ?? []) own.set(command.name, command);
    this.commands = [...own.values(), valueCommand, wordsCommand];
  }

  async run(script: string, options: RunOptions = {}): Promise<CommandOutput> {
    const { bash, streaming } = await this.open();
    const collected: Record<OutputStream, Uint8Array[]> = { stdout: [], stderr: [] };
    const hear: OutputListener = (stream, bytes) => {
      if (options.keepsOutput !== false) collected[stream].push(bytes.slice());
      options.onOutput?.(stream, bytes);
    };
    const outer = { listener: this.listener, namespace: this.namespace };
    this.listener = hear;
    this.namespace = options.namespace ?? this.machine.root;
    try {
      await this.settle(hear);
      if (canStream(script)) streaming.arm();
      const result = await bash.exec(this.preamble(options) + script, {
        rawScript: true,
        cwd: this.workingDirectory,
        ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
      });
      // What was not handed on while it ran: errors of the script's syntax, and all of a script that is not wrapped.
      if (result.stdout !== '') hear('stdout', Buffer.from(result.stdout, 'utf8'));
      if (result.stderr !== '') hear('stderr', Buffer.from(result.stderr, 'utf8'));
      await this.settle(hear);
      const text = (stream: OutputStream): string => Buffer.concat(collected[stream]).toString('utf8');
      return { stdout: text('stdout'), stderr: text('stderr'), exitCode: result.exitCode };
    } finally {
      this.listener = outer.listener;
      this.namespace = outer.namespace;
    }
  }

  /** Runs what is typed until `exit` or the end of input; returns the exit code. */
  async interact(read: LineReader, onOutput: OutputListener): Promise<number> {
    const { bash, parse } = await this.open();
    this.listener = onOutput;
    const next: ShellCommand = {
      name: NEXT_COMMAND,
      run: async ([status = '0', directory = '/']) => {
        const shown = directory === '/root' ? '~' : directory;
        const text = await readCommand(read, `root@${this.machine.hostname}:${shown}# `, parse);
        return text === null ? failed('') : printed(`(exit ${status})\n${text}\n`);
      },
    };
    bash.registerCommand({ name: next.name, execute: (args, context) => this.execute(next, args, context) });
    try {
      const result = await bash.exec(INTERACTIVE_SCRIPT, { rawScript: true, cwd: this.workingDirectory });
      if (result.stderr !== '') onOutput('stderr', Buffer.from(result.stderr, 'utf8'));
      return result.exitCode;
    } finally {
      this.listener = null;
    }
  }

  /** On the script's first line, so that the lines of its errors are right. */
  private preamble(options: RunOptions): string {
    const parameters = (options.args ?? []).map((word) => ` ${quoteWord(word)}`).join('');
    const flags = `${options.errexit === true ? 'set -e; ' : ''}${options.xtrace === true ? 'set -x; ' : ''}`;
    return `set --${parameters}; ${flags}`;
  }

  private open(): Promise<OpenShell> {
    this.opening ??= this.create();
    return this.opening;
  }

  private async create(): Promise<OpenShell> {
    const { Bash, InMemoryFs, defineCommand, parse } = await import('just-bash');
    const fs = (await this.machine.files.open()) as MountableFs;
    if (!fs.isMountPoint(OUTPUT_MOUNT)) {
      fs.mount(
        OUTPUT_MOUNT,
        makeOutputDevice(InMemoryFs, (stream, bytes) => this.listener?.(stream, bytes)),
      );
    }
    const streaming = makeStreaming();
    const bash = new Bash({
      fs,
      cwd: this.workingDirectory,
      env: { HOME: '/root', USER: 'root', LOGNAME: 'root', HOSTNAME: this.machine.hostname },
      processInfo: { pid: 1000, ppid: 1, uid: 0, gid: 0 },
      executionLimits: LIMITS,
      // Scripts are the user's own, and what it patches would be the process's.
      defenseInDepth: false,
      customCommands: this.commands.map((command) =>
        defineCommand(command.name, (args, context) => this.execute(command, args, context)),
      ),
    });
    bash.registerTransformPlugin(streaming.plugin);
    return { bash, streaming, parse };
  }

  private async execute(
    command: ShellCommand,
    args: readonly string[],
    bash: ResolvedCommandContext,
  ): Promise<ExecResult> {
    const context: CommandContext = {
      machine: this.machine,
      namespace: this.namespace,
      cwd: bash.cwd,
      // The shell's pipes carry bytes in the guise of characters.
      stdin: Buffer.from(String(bash.stdin), 'latin1').toString('utf8'),
      readFile: (path) => bash.fs.readFileBuffer(bash.fs.resolvePath(bash.cwd, path)),
      runIn: (namespace, words) => this.runNested(namespace, words, bash),
      runFor: (limitNs, words) => this.runFor(limitNs, words, bash),
      lasting: {
        isBackground: bash.env.get(BACKGROUND) === '1',
        deadlineNs: this.limit?.deadlineNs ?? null,
        stderrFile: bash.env.get(STDERR_FILE) ?? null,
        waitUntil: (ns) => this.waitUntil(ns),
        tell: (text) => this.listener?.('stderr', Buffer.from(text, 'utf8')),
      },
      runBuiltin: async (words) => {
        if (bash.origCommand === undefined) throw new Error(`the shell has no ${command.name} of its own`);
        return bash.origCommand([...words]);
      },
    };
    let stderr = '';
    const output = await runGuarded(command, args, context);
    await this.settle((_, bytes) => {
      stderr += Buffer.from(bytes).toString('utf8');
    });
    return { stdout: output.stdout, stderr: output.stderr + stderr, exitCode: output.exitCode, stdoutKind: 'text' };
  }

  private async runNested(
    namespace: NetworkNamespace,
    words: readonly string[],
    bash: ResolvedCommandContext,
  ): Promise<CommandOutput> {
    if (bash.exec === undefined) throw new Error('the shell runs no commands for commands');
    const outer = this.namespace;
    this.namespace = namespace;
    try {
      return await bash.exec(words.map(quoteWord).join(' '), {
        cwd: bash.cwd,
        env: Object.fromEntries(
          [BACKGROUND, STDERR_FILE].flatMap((name) => {
            const value = bash.env.get(name);
            return value === undefined ? [] : [[name, value]];
          }),
        ),
        stdin: String(bash.stdin),
        stdinKind: 'bytes',
      });
    } finally {
      this.namespace = outer;
    }
  }

  private async runFor(
    limitNs: number | null,
    words: readonly string[],
    bash: ResolvedCommandContext,
  ): Promise<{ readonly output: CommandOutput; readonly isCut: boolean }> {
    const outer = this.limit;
    const deadlineNs = limitNs === null ? null : this.machine.scheduler.nowNs() + limitNs;
    const limit = deadlineNs === null ? null : { deadlineNs, isCut: false };
    this.limit = limit;
    try {
      const output = await this.runNested(this.namespace, words, bash);
      return { output, isCut: limit?.isCut ?? false };
    } finally {
      this.limit = outer;
    }
  }

  private waitUntil(ns: number): void {
    const { scheduler } = this.machine;
    const { limit } = this;
    // A wait that ends with its time is cut short, as its signal comes first.
    if (limit !== null && ns >= limit.deadlineNs) limit.isCut = true;
    scheduler.runUntil(limit === null ? ns : Math.min(ns, limit.deadlineNs));
  }

  /** Lets all that is due happen, and brings what the switch wrote into the files. */
  private async settle(hear: OutputListener): Promise<void> {
    this.machine.scheduler.runDue();
    for (const error of await this.machine.files.flush())
      hear('stderr', Buffer.from(`upcall: cannot write ${error}\n`));
  }
}

/** A command that fails as none should is an error of its own, not the end of the shell. */
async function runGuarded(
  command: ShellCommand,
  args: readonly string[],
  context: CommandContext,
): Promise<CommandOutput> {
  try {
    return await command.run(args, context);
  } catch (error) {
    if (error instanceof UserError) return failed(`${command.name}: ${error.toString()}\n`);
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return failed(`${command.name}: internal error, please report it: ${message}\n`, INTERNAL_ERROR);
  }
}
