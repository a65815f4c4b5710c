/**
 * ovs-vsctl: runs commands on the configuration database, all of one command line in one transaction, and prints what
 * the tool of Open vSwitch 3.1 prints. Mirrors utilities/ovs-vsctl.c.
 * Deliberate differences: rows are listed in order of creation, where OVS has a random one; `wait-until` cannot wait,
 * because nothing else runs meanwhile; the database is the one that it is given, so --db must name that one.
 */
import type { CommandOutput } from '#src/report/command-output.js';
import { UserError } from '#src/report/user-error.js';
import type { Database, Operation, OperationResult } from '../database.js';
import { sortedJson } from '../json.js';
import { openVSwitchSchema } from '../open-vswitch-schema.js';
import { OvsdbError } from '../ovsdb-error.js';
import { joinWords, parseCommands } from './command.js';
import { commandIndex, commandOptionSyntax } from './commands/index-of-commands.js';
import type { Run } from './context.js';
import { CommandContext } from './context.js';
import { Draft } from './draft.js';
import { helpText } from './help.js';
import { ConsoleLog } from './log.js';
import type { VsctlOptions } from './options.js';
import { parseOptions } from './options.js';
import { Symbols } from './symbols.js';
import { formatTable } from './table-output.js';

export interface VsctlEnvironment {
  readonly database: Database;
  /** Brings the switch in line with the database; absent when no vswitchd runs. Not called with --no-wait. */
  readonly reconfigured?: () => void;
  /** The time that log lines bear, in milliseconds since 1970. */
  readonly nowMs?: () => number;
}

const LOG_DIRECTORY = '/var/log/openvswitch';
/** What a shell reports of a process that SIGALRM ended. */
const ALARM_EXIT_CODE = 128 + 14;

export function runVsctl(args: readonly string[], env: VsctlEnvironment): CommandOutput {
  const log = new ConsoleLog(env.nowMs?.() ?? 0);
  try {
    const options = parseOptions(args, commandOptionSyntax, log);
    if (options.information === 'version') {
      const stdout = `ovs-vsctl (Open vSwitch) 3.1.0\nDB Schema ${openVSwitchSchema.version}\n`;
      return { stdout, stderr: '', exitCode: 0 };
    }
    if (options.information === 'help') return { stdout: helpText(), stderr: '', exitCode: 0 };
    return runCommands(args, options, env, log);
  } catch (error) {
    if (!(error instanceof UserError || error instanceof OvsdbError)) throw error;
    const message = error instanceof OvsdbError ? error.toText() : error.message;
    return { stdout: '', stderr: `${log.output()}ovs-vsctl: ${message}\n`, exitCode: 1 };
  }
}

function runCommands(
  args: readonly string[],
  options: VsctlOptions,
  env: VsctlEnvironment,
  log: ConsoleLog,
): CommandOutput {
  const commands = parseCommands(options.rest, options.commandOptions, commandIndex);
  if (commands.some(({ syntax }) => syntax.writes)) {
    log.log('info', 'vsctl', `Called as ${joinWords(['ovs-vsctl', ...args])}`);
  }
  if (options.database !== undefined) checkDatabase(options.database, env.database);

  const draft = new Draft(env.database);
  const run: Run = { draft, symbols: new Symbols(() => draft.makeUuid()), log, newInterfaces: [] };
  const contexts = commands.map((command, i) => new CommandContext(run, command, i === commands.length - 1));
  for (const context of contexts) context.command.syntax.check?.(context);
  for (const context of contexts) {
    const exitCode = context.command.syntax.run(context);
    if (exitCode !== undefined) return { stdout: '', stderr: log.output(), exitCode };
    if (context.isWaiting) return timeOut(options, log);
  }
  for (const warning of run.symbols.check()) log.warn('vsctl', warning);

  const { realUuids, isChanged } = commit(draft, options, env.database, log);
  const stdout = printOutputs(contexts, options, realUuids);
  if (!isChanged || !options.waits || options.isDryRun || env.reconfigured === undefined) {
    return { stdout, stderr: log.output(), exitCode: 0 };
  }
  env.reconfigured();
  const stderr = log.output() + interfaceErrors(run, realUuids, env.database);
  return { stdout, stderr, exitCode: 0 };
}

/** Throws the error of a connection that fails, where --db names a database other than this one. */
function checkDatabase(remote: string, database: Database): void {
  if (/^unix:.*\bdb\.sock$/.test(remote)) return;
  const tcp = /^tcp:(127\.0\.0\.1|localhost|\[::1\])(?::(\d+))?$/.exec(remote);
  const port = tcp?.[2] ?? '6640';
  const listens = database
    .rows('Manager')
    .some((manager) => manager.string('target')?.split(':').slice(0, 2).join(':') === `ptcp:${port}`);
  if (tcp !== null && listens) return;
  const reason = remote.startsWith('unix:')
    ? 'No such file or directory'
    : /^(tcp|ssl):/.test(remote)
      ? 'Connection refused'
      : 'Address family not supported by protocol';
  throw new UserError(`${remote}: database connection failed (${reason})`);
}

/** The condition of wait-until does not hold, and time stands still until this command ends. */
function timeOut(options: VsctlOptions, log: ConsoleLog): CommandOutput {
  if (options.timeoutSeconds === undefined) {
    throw new UserError('wait-until: the condition does not hold now, and nothing changes while this command waits');
  }
  log.warn('fatal_signal', 'terminating with signal 14 (Alarm clock)');
  return { stdout: '', stderr: log.output(), exitCode: ALARM_EXIT_CODE };
}

interface CommitOutcome {
  /** What the database made of the draft's UUIDs. */
  readonly realUuids: ReadonlyMap<string, string>;
  readonly isChanged: boolean;
}

function commit(draft: Draft, options: VsctlOptions, database: Database, log: ConsoleLog): CommitOutcome {
  const root = draft.root();
  const { operations, insertIndexes, isChanged } = draft.operations();
  if (!isChanged) return { realUuids: new Map(), isChanged };
  const all: Operation[] = [...operations];
  if (options.waits && root.committed !== undefined) {
    const where = [['_uuid', '==', ['uuid', root.uuid]]];
    all.push({ op: 'mutate', table: 'Open_vSwitch', where, mutations: [['next_cfg', '+=', 1]] });
  }
  if (options.isDryRun) all.push({ op: 'abort' });
  const { results } = database.transact(all);
  const failure = results.find((result) => result.error !== undefined && result.error !== 'aborted');
  if (failure !== undefined) {
    const message = `transaction error: ${sortedJson(failure)}`;
    log.warn('ovsdb_idl', message);
    throw new UserError(message);
  }
  const realUuids = new Map<string, string>();
  for (const [uuid, index] of insertIndexes) {
    const real = insertedUuid(results[index]);
    if (real !== undefined) realUuids.set(uuid, real);
  }
  return { realUuids, isChanged };
}

function insertedUuid(result: OperationResult | undefined): string | undefined {
  const json = result?.uuid;
  return Array.isArray(json) && typeof json[1] === 'string' ? json[1] : undefined;
}

function printOutputs(
  contexts: readonly CommandContext[],
  options: VsctlOptions,
  realUuids: ReadonlyMap<string, string>,
): string {
  let stdout = '';
  let isFirstTable = true;
  for (const context of contexts) {
    if (context.table !== undefined) {
      stdout += formatTable(context.table, options.style, isFirstTable);
      isFirstTable = false;
      continue;
    }
    const { createdRow } = context;
    const output = createdRow === undefined ? context.output : `${realUuids.get(createdRow.uuid) ?? createdRow.uuid}\n`;
    stdout += options.isOneline
      ? `${output.replace(/\n$/, '').replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`
      : output;
  }
  return stdout;
}

/** What vswitchd could not set up. */
function interfaceErrors(run: Run, realUuids: ReadonlyMap<string, string>, database: Database): string {
  let text = '';
  for (const { uuid } of run.newInterfaces) {
    const real = realUuids.get(uuid);
    const row = real === undefined ? undefined : database.row('Interface', real);
    if (row === undefined || (row.integer('ofport') ?? -1) !== -1) continue;
    const reason = row.string('error');
    const detail = reason === undefined || reason === '' ? '' : `: ${reason}`;
    const name = row.string('name');
    text += `ovs-vsctl: Error detected while setting up '${name}'${detail}.  See ovs-vswitchd log for details.\n`;
  }
  return text === '' ? '' : `${text}ovs-vsctl: The default log directory is "${LOG_DIRECTORY}".\n`;
}
