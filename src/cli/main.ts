#!/usr/bin/env node
/**
 * The command line. Each command is a file of its own, loaded when it is asked for, so that a start stays quick.
 * Exit codes: 0 all well; 1 an expectation failed (or what a script ended with); 2 the input or the command line is
 * wrong; 70 a fault of ours; 74 standard output could not be written. Errors of the user's are told as `file:line:column: message`, without a stack.
 */
import { readFileSync } from 'node:fs';
import yargs, { type CommandModule } from 'yargs';
import { hideBin } from 'yargs/helpers';
import { paletteFor } from '#src/report/colour.js';
import { UserError } from '#src/report/user-error.js';
import type { SplitWords } from './sh.js';

interface LazyCommand {
  readonly name: string;
  /** The command as the list of commands shows it. */
  readonly usage: string;
  readonly describe: string;
  // biome-ignore lint/suspicious/noExplicitAny: each command has arguments of its own
  load(): Promise<CommandModule<any, any>>;
  /** Where the command's own words end and those of what it runs begin. */
  split?(words: readonly string[]): Promise<SplitWords>;
}

const COMMANDS: readonly LazyCommand[] = [
  {
    name: 'run',
    usage: 'run [files..]',
    describe: 'Run scenarios and report what was as expected',
    load: async () => (await import('./run.js')).runCommand,
  },
  {
    name: 'topo',
    usage: 'topo <topology>',
    describe: 'Build a network from one word and test it',
    load: async () => (await import('./topo.js')).topoCommand,
  },
  {
    name: 'sh',
    usage: 'sh [file] [args..]',
    describe: 'Run a shell on a simulated machine with Open vSwitch',
    load: async () => (await import('./sh.js')).shCommand,
    split: async (words) => (await import('./sh.js')).splitShWords(words),
  },
  {
    name: 'replay',
    usage: 'replay CAPTURE..',
    describe: 'Send captures through a switch',
    load: async () => (await import('./replay.js')).replayCommand,
  },
  {
    name: 'explain',
    usage: 'explain [flow]',
    describe: 'Tell why a packet goes where it goes, or nowhere',
    load: async () => (await import('./explain.js')).explainCommand,
  },
  {
    name: 'lint',
    usage: 'lint [file]',
    describe: 'Tell what is wrong with a set of flows',
    load: async () => (await import('./lint.js')).lintCommand,
  },
  {
    name: 'diff',
    usage: 'diff <a> <b>',
    describe: 'Tell the flows whose fate two rule sets make different',
    load: async () => (await import('./diff.js')).diffCommand,
  },
  {
    name: 'bench',
    usage: 'bench [names..]',
    describe: 'Measure the switch and its parts',
    load: async () => (await import('./bench.js')).benchCommand,
  },
];

const BAD_INPUT = 2;
/** EX_IOERR and EX_SOFTWARE of sysexits.h. */
const CANNOT_WRITE = 74;
const INTERNAL_ERROR = 70;

function version(): string {
  // The sources lie at src/cli/, the built files at dist/src/cli/.
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string }).version;
    } catch {
      // Try the next place.
    }
  }
  return 'unknown';
}

async function main(words: readonly string[]): Promise<void> {
  const program = yargs([...words])
    .scriptName('upcall')
    .usage('$0 COMMAND [options]\n\nA userspace virtual switch with simulated Linux hosts.')
    .strict()
    .demandCommand(1, 'a command is needed; upcall --help lists them')
    .help()
    .alias('help', 'h')
    .version(version())
    .wrap(Math.min(100, process.stdout.columns ?? 100))
    .example('$0 run', 'All scenarios that come with it')
    .example('$0 topo linear,3 --test pingall', 'Three switches in a row, and everybody pings everybody')
    .example("$0 sh -c 'ovs-vsctl add-br br0; ovs-vsctl show'", 'A bridge on a fresh machine')
    .example('$0 replay capture.pcap', 'A capture through a learning switch')
    .exitProcess(false)
    .fail((message, error) => {
      // What yargs throws of its own is about the command line too: an option without its value.
      if (error !== undefined && error.name !== 'YError') throw error;
      throw new UserError(message ?? error.message);
    });
  const wanted = words.find((word) => !word.startsWith('-'));
  const known = COMMANDS.find((command) => command.name === wanted);
  if (wanted !== undefined && known === undefined) {
    const names = COMMANDS.map((command) => command.name).join(', ');
    throw new UserError(`there is no command ${wanted}`, { hint: `there are: ${names}` });
  }
  // Of an option that is given twice the last one counts. (yargs' own setting for that loses positional arguments.)
  const isList = (name: string): boolean => name === '_' || known?.usage.includes(`[${name}..]`) === true;
  program.middleware((argv) => {
    for (const [name, value] of Object.entries(argv)) {
      if (Array.isArray(value) && !isList(name)) argv[name] = value.at(-1);
    }
  }, true);
  for (const command of COMMANDS) {
    if (command.name === wanted) program.command(await command.load());
    else program.command(command.usage, command.describe);
  }
  const { own, rest } = known?.split === undefined ? { own: words, rest: {} } : await known.split(words);
  await program.parseAsync([...own], { ...rest });
}

function tell(error: unknown): void {
  const label = paletteFor(process.stderr, process.env).bad('upcall');
  if (error instanceof UserError) {
    process.stderr.write(`${error.file === undefined ? `${label}: ` : ''}${error.toString()}\n`);
    process.exitCode = BAD_INPUT;
    return;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${label}: internal error, please report it: ${text}\n`);
  process.exitCode = INTERNAL_ERROR;
}

// A reader that goes away (`upcall sh | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`upcall: cannot write to standard output: ${error.message}\n`);
  process.exit(CANNOT_WRITE);
});

try {
  await main(hideBin(process.argv));
} catch (error) {
  tell(error);
}
