/**
 * Options before the first command, as getopt_long() reads them: long ones may be abbreviated, `-tN` and `-t N` are the
 * same, the first word that is no option ends them. Options that belong to a command may stand among them.
 * Deliberate difference: --commands and --options, which serve shell completion, are refused.
 */
import { UserError } from '#src/report/user-error.js';
import type { CommandOptions } from './command.js';
import type { ConsoleLog } from './log.js';
import type { CellFormat, TableFormat, TableStyle } from './table-output.js';

type Argument = 'none' | 'required' | 'optional';

interface OptionSyntax {
  readonly name: string;
  readonly argument: Argument;
  readonly short?: string;
}

const globalOptions: readonly OptionSyntax[] = [
  { name: 'db', argument: 'required' },
  { name: 'no-syslog', argument: 'none' },
  { name: 'no-wait', argument: 'none' },
  { name: 'dry-run', argument: 'none' },
  { name: 'oneline', argument: 'none' },
  { name: 'timeout', argument: 'required', short: 't' },
  { name: 'retry', argument: 'none' },
  { name: 'help', argument: 'none', short: 'h' },
  { name: 'commands', argument: 'none' },
  { name: 'options', argument: 'none' },
  { name: 'leader-only', argument: 'none' },
  { name: 'no-leader-only', argument: 'none' },
  { name: 'shuffle-remotes', argument: 'none' },
  { name: 'no-shuffle-remotes', argument: 'none' },
  { name: 'version', argument: 'none', short: 'V' },
  { name: 'verbose', argument: 'optional', short: 'v' },
  { name: 'log-file', argument: 'optional' },
  { name: 'syslog-method', argument: 'required' },
  { name: 'syslog-target', argument: 'required' },
  { name: 'format', argument: 'required', short: 'f' },
  { name: 'data', argument: 'required', short: 'd' },
  { name: 'no-headings', argument: 'none' },
  { name: 'pretty', argument: 'none' },
  { name: 'bare', argument: 'none' },
  { name: 'max-column-width', argument: 'required' },
  { name: 'private-key', argument: 'required', short: 'p' },
  { name: 'certificate', argument: 'required', short: 'c' },
  { name: 'ca-cert', argument: 'required', short: 'C' },
  { name: 'ssl-protocols', argument: 'required' },
  { name: 'ssl-ciphers', argument: 'required' },
  { name: 'bootstrap-ca-cert', argument: 'required' },
  { name: 'peer-ca-cert', argument: 'required' },
];

export interface VsctlOptions {
  /** A --db other than the default. */
  readonly database: string | undefined;
  readonly waits: boolean;
  readonly isDryRun: boolean;
  readonly isOneline: boolean;
  readonly timeoutSeconds: number | undefined;
  readonly style: TableStyle;
  /** What to print instead of running anything. */
  readonly information: 'help' | 'version' | undefined;
  /** Options of the first command that stood among the others. */
  readonly commandOptions: CommandOptions;
  readonly rest: readonly string[];
}

interface Mutable {
  database: string | undefined;
  waits: boolean;
  isDryRun: boolean;
  isOneline: boolean;
  timeoutSeconds: number | undefined;
  format: TableFormat;
  cellFormat: CellFormat;
  hasHeadings: boolean;
  isPretty: boolean;
  maxColumnWidth: number;
  information: 'help' | 'version' | undefined;
}

/** `commandOptionSyntax` lists the options of all commands as they declare them: `--columns=`, `--if-exists`. */
export function parseOptions(
  args: readonly string[],
  commandOptionSyntax: readonly string[],
  log: ConsoleLog,
): VsctlOptions {
  const commandOptionList = commandOptionSyntax.map(
    (text): OptionSyntax => ({
      name: text.replace(/^--/, '').replace(/=$/, ''),
      argument: text.endsWith('=') ? 'required' : 'none',
    }),
  );
  const state: Mutable = {
    database: undefined,
    waits: true,
    isDryRun: false,
    isOneline: false,
    timeoutSeconds: undefined,
    format: 'list',
    cellFormat: 'string',
    hasHeadings: true,
    isPretty: false,
    maxColumnWidth: 0,
    information: undefined,
  };
  const commandOptions = new Map<string, string | undefined>();
  let i = 0;
  while (i < args.length && state.information === undefined) {
    const word = args[i]!;
    if (word === '--') {
      i++;
      break;
    }
    if (word === '-' || !word.startsWith('-')) break;
    i++;
    if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const typed = word.slice(2, equals < 0 ? undefined : equals);
      const option = findOption(typed, [...globalOptions, ...commandOptionList]);
      let value = equals < 0 ? undefined : word.slice(equals + 1);
      if (value !== undefined && option.argument === 'none') {
        throw new UserError(`option '--${option.name}' doesn't allow an argument`);
      }
      if (value === undefined && option.argument === 'required') {
        value = args[i++];
        if (value === undefined) throw new UserError(`option '--${option.name}' requires an argument`);
      }
      if (globalOptions.includes(option)) applyOption(option.name, value, state, log);
      else commandOptions.set(`--${option.name}`, value);
      continue;
    }
    // A cluster of short options; the first that takes an argument takes what is left.
    for (let j = 1; j < word.length; j++) {
      const option = globalOptions.find(({ short }) => short === word[j]);
      if (option === undefined) throw new UserError(`invalid option -- '${word[j]}'`);
      if (option.argument === 'none') {
        applyOption(option.name, undefined, state, log);
        continue;
      }
      let value = word.slice(j + 1) || undefined;
      if (value === undefined && option.argument === 'required') {
        value = args[i++];
        if (value === undefined) throw new UserError(`option requires an argument -- '${word[j]}'`);
      }
      applyOption(option.name, value, state, log);
      break;
    }
  }
  const { format, cellFormat, hasHeadings, isPretty, maxColumnWidth, ...others } = state;
  return {
    ...others,
    style: { format, cellFormat, hasHeadings, isPretty, maxColumnWidth },
    commandOptions,
    rest: args.slice(i),
  };
}

function findOption(typed: string, options: readonly OptionSyntax[]): OptionSyntax {
  const exact = options.find(({ name }) => name === typed);
  if (exact !== undefined) return exact;
  const matches = options.filter(({ name }) => name.startsWith(typed));
  const [match] = matches;
  if (match === undefined) throw new UserError(`unrecognized option '--${typed}'`);
  if (matches.length > 1) {
    const names = matches.map(({ name }) => `'--${name}'`).join(' ');
    throw new UserError(`option '--${typed}' is ambiguous; possibilities: ${names}`);
  }
  return match;
}

function applyOption(name: string, value: string | undefined, state: Mutable, log: ConsoleLog): void {
  switch (name) {
    case 'db':
      state.database = value;
      break;
    case 'no-syslog':
      log.quietSyslog();
      break;
    case 'no-wait':
      state.waits = false;
      break;
    case 'dry-run':
      state.isDryRun = true;
      break;
    case 'oneline':
      state.isOneline = true;
      break;
    case 'timeout':
      if (!/^\s*\+?\d+$/.test(value!) || Number(value) === 0 || Number(value) > 0xffff_ffff) {
        throw new UserError(`value ${value} on -t or --timeout is invalid`);
      }
      state.timeoutSeconds = Number(value);
      break;
    case 'help':
    case 'version':
      state.information ??= name;
      break;
    case 'commands':
    case 'options':
      throw new UserError(`--${name} is not supported`);
    case 'verbose': {
      const problem = log.setLevels(value);
      if (problem !== undefined) throw new UserError(`processing "${value}": ${problem}`);
      break;
    }
    case 'format':
      state.format = oneOf(['table', 'list', 'html', 'csv', 'json'], value!, 'output');
      break;
    case 'data':
      state.cellFormat = oneOf(['string', 'bare', 'json'], value!, 'data');
      break;
    case 'no-headings':
      state.hasHeadings = false;
      break;
    case 'pretty':
      state.isPretty = true;
      break;
    case 'bare':
      state.format = 'list';
      state.cellFormat = 'bare';
      state.hasHeadings = false;
      break;
    case 'max-column-width':
      state.maxColumnWidth = Number.parseInt(value!, 10) || 0;
      break;
    default:
      // What is left concerns connections, clusters and log files, none of which an embedded database has.
      break;
  }
}

function oneOf<T extends string>(known: readonly T[], value: string, kind: string): T {
  const found = known.find((name) => name === value);
  if (found === undefined) throw new UserError(`unknown ${kind} format "${value}"`);
  return found;
}
