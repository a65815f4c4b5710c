/**
 * `upcall sh [FILE]`: a fresh machine whose shell runs a file, standard input, the lines of -c, or what is typed at a
 * terminal. The exit code is the last command's. The machine sees the present directory, and nothing else of the disk.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { INTERRUPTED, type TypedLine } from '#src/linux/shell/interactive.js';
import { Machine } from '#src/linux/machine.js';
import type { OutputListener } from '#src/linux/shell/output-device.js';
import { Shell } from '#src/linux/shell/shell.js';
import { fileError } from '#src/report/file-error.js';
import { UserError } from '#src/report/user-error.js';
import { SeededRng } from '#src/sim/rng.js';
import { Scheduler } from '#src/sim/scheduler.js';

/** The command line of `upcall sh`: words for yargs, and what the shell is handed as it stands. */
export interface SplitWords {
  readonly own: readonly string[];
  readonly rest: { readonly file?: string; readonly args?: readonly string[] };
}

interface ShArguments {
  readonly file: string | undefined;
  readonly args: readonly string[] | undefined;
  readonly command: string | undefined;
  readonly errexit: boolean;
  readonly xtrace: boolean;
  readonly seed: number;
}

const build = (yargs: Argv): Argv<ShArguments> =>
  yargs
    .usage('$0 sh [FILE [ARG...]]\n\nRuns a shell script on a fresh simulated machine with Open vSwitch.')
    .positional('file', { type: 'string', describe: 'Script; without one, standard input or what is typed' })
    .positional('args', { type: 'string', array: true, describe: 'Positional parameters $1 and on' })
    .option('command', { alias: 'c', type: 'string', requiresArg: true, describe: 'Run these lines' })
    .option('errexit', { alias: 'e', type: 'boolean', default: false, describe: 'End at the first command that fails' })
    .option('xtrace', { alias: 'x', type: 'boolean', default: false, describe: 'Print commands before they run' })
    .option('seed', { type: 'number', default: 1, requiresArg: true, describe: 'Seed of all that is random' })
    .example('$0 sh', 'A shell at the terminal')
    .example('$0 sh -e setup.sh', 'Run a file; end where it fails')
    .example("$0 sh -c 'ovs-vsctl add-br br0; ovs-vsctl show'", 'Run some lines');

const OPTIONS_WITH_VALUE: ReadonlySet<string> = new Set(['-c', '--command', '--seed']);

/**
 * Options of `upcall sh` end at its first other word or at `--`: from there on words are the script and its parameters,
 * whatever they look like, as with every shell.
 */
export function splitShWords(words: readonly string[]): SplitWords {
  let end = words.indexOf('sh') + 1;
  while (end < words.length) {
    const word = words[end]!;
    if (word === '--' || word === '-' || !word.startsWith('-')) break;
    // -ec LINES: the value belongs to the last letter.
    const takesValue = OPTIONS_WITH_VALUE.has(word) || /^-[a-z]+c$/.test(word);
    end += takesValue && end + 1 < words.length ? 2 : 1;
  }
  const [file, ...args] = words.slice(words[end] === '--' ? end + 1 : end);
  return { own: words.slice(0, end), rest: file === undefined ? {} : { file, args } };
}

async function handle(argv: ArgumentsCamelCase<ShArguments>): Promise<void> {
  if (!Number.isSafeInteger(argv.seed)) throw new UserError('--seed must be a whole number');
  const script = argv.command ?? readScript(argv.file);
  const machine = new Machine({ name: 'host', scheduler: new Scheduler(), rng: new SeededRng(argv.seed) });
  machine.addNic('eth0');
  const shell = new Shell(machine, { mount: process.cwd() });
  const onOutput: OutputListener = (stream, bytes) => {
    (stream === 'stdout' ? process.stdout : process.stderr).write(bytes.slice());
  };
  if (script === null) {
    process.exitCode = await atTerminal(shell, onOutput);
    return;
  }
  // With -c a word after the lines is $0 in other shells; this one's $0 is always "bash", so all are parameters.
  const words = argv.command === undefined ? [] : argv.file === undefined ? [] : [argv.file];
  const output = await shell.run(script, {
    errexit: argv.errexit,
    xtrace: argv.xtrace,
    args: [...words, ...(argv.args ?? [])].map(String),
    onOutput,
    keepsOutput: false,
  });
  process.exitCode = output.exitCode;
}

/** The script's text; null when it is to be typed. */
function readScript(file: string | undefined): string | null {
  if (file === undefined || file === '-') {
    if (file === undefined && process.stdin.isTTY === true) return null;
    return readFileSync(0, 'utf8');
  }
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw fileError('read', file, error);
  }
}

async function atTerminal(shell: Shell, onOutput: OutputListener): Promise<number> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout, historySize: 1000 });
  let answer: ((line: TypedLine) => void) | null = null;
  // While a command runs the terminal is not ours: a loop without end leaves no turn to hear a key in, so that ^C has to
  // come as a signal, which ends it all.
  const setRaw = (isRaw: boolean): void => {
    if (process.stdin.isTTY === true) process.stdin.setRawMode(isRaw);
  };
  const give = (line: TypedLine): void => {
    const waiting = answer;
    answer = null;
    if (waiting === null) return;
    setRaw(false);
    waiting(line);
  };
  let isOpen = true;
  // Lines that are pasted while a command runs wait for their turn.
  const typed: string[] = [];
  terminal.on('line', (line) => {
    if (answer === null) typed.push(line);
    else give(line);
  });
  terminal.on('close', () => {
    isOpen = false;
    // ^D at a prompt leaves the cursor behind it.
    if (answer !== null && process.stdin.isTTY === true) process.stdout.write('exit\n');
    give(null);
  });
  terminal.on('SIGINT', () => {
    terminal.write(null, { ctrl: true, name: 'u' });
    process.stdout.write('^C\n');
    give(INTERRUPTED);
  });
  try {
    return await shell.interact((prompt) => {
      const next = typed.shift();
      if (next !== undefined) return Promise.resolve(next);
      if (!isOpen) return Promise.resolve(null);
      setRaw(true);
      terminal.setPrompt(prompt);
      terminal.prompt();
      return new Promise((resolve) => {
        answer = resolve;
      });
    }, onOutput);
  } finally {
    terminal.close();
  }
}

export const shCommand: CommandModule<object, ShArguments> = {
  command: 'sh [file] [args..]',
  describe: 'Run a shell on a simulated machine with Open vSwitch',
  builder: build,
  handler: handle,
};
