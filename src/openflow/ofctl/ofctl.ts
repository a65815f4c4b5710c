/**
 * ovs-ofctl: the tool that shows and changes a bridge's flows and ports.
 * Mirrors utilities/ovs-ofctl.c: the same text on standard output and error, the same exit codes.
 */
import type { CommandOutput } from '../../report/command-output.js';
import { UserError } from '../../report/user-error.js';
import { ABSENT_COMMANDS, OFCTL_COMMANDS } from './commands.js';
import { Invocation, type OfctlEnvironment, OfctlExit } from './invocation.js';
import { type ParsedCommandLine, parseCommandLine } from './options.js';

const PROGRAM = 'ovs-ofctl';

const fail = (message: string, stdout = '', stderr = ''): CommandOutput => ({
  stdout,
  stderr: `${stderr}${PROGRAM}: ${message}\n`,
  exitCode: 1,
});

const succeed = (stdout: string): CommandOutput => ({ stdout, stderr: '', exitCode: 0 });

/** An error's text with the file and line that it names. */
function describe(error: UserError): string {
  return error.file === undefined ? error.message : `${error.file}:${error.line}: ${error.message}`;
}

function helpText(): string {
  const lines = OFCTL_COMMANDS.map(({ name, usage }) => `  ${`${name} ${usage}`.trimEnd()}`);
  return [
    `${PROGRAM}: OpenFlow switch management utility`,
    `usage: ${PROGRAM} [OPTIONS] COMMAND [ARG...]`,
    '',
    'Commands:',
    ...lines,
    '',
    'Options:',
    '  -O, --protocols=VERSIONS    OpenFlow versions to speak (OpenFlow10 ... OpenFlow15)',
    '  -F, --flow-format=FORMATS   flow formats to use',
    '  --strict                    change or delete the very flow that is named',
    '  --bundle                    change flows all together or not at all',
    '  --readd                     replace-flows: add flows that are there already, too',
    '  --names, --no-names         show ports by name, or by number',
    '  --no-stats                  show flows without their counters',
    '  --sort[=FIELD]              show flows in ascending order of a field or of priority',
    '  --rsort[=FIELD]             the same, descending',
    '  --read-only                 refuse commands that change the switch',
    '  -h, --help                  show this text',
    '  -V, --version               show the version of Open vSwitch that this one follows',
    '',
  ].join('\n');
}

function listCommands(): string {
  const lines = OFCTL_COMMANDS.map(({ name, usage }) => `  ${name.padEnd(23)} ${usage}`.trimEnd());
  return `The available commands are:\n${lines.join('\n')}\n`;
}

export async function runOfctl(args: readonly string[], env: OfctlEnvironment): Promise<CommandOutput> {
  let line: ParsedCommandLine;
  try {
    line = parseCommandLine(args);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return fail(error.message);
  }
  const { options, args: words } = line;
  if (options.help) return succeed(helpText());
  if (options.version) return succeed(`${PROGRAM} (Open vSwitch) 3.1.0\nOpenFlow versions 0x1:0x6\n`);
  const [name, ...rest] = words;
  if (name === undefined) return fail('missing command name; use --help for help');
  if (name === 'list-commands' || name === 'help') return succeed(listCommands());
  const command = OFCTL_COMMANDS.find((one) => one.name === name);
  if (command === undefined) {
    return fail(
      ABSENT_COMMANDS.has(name)
        ? `${name}: Upcall does not have this command yet`
        : `unknown command '${name}'; use --help for help`,
    );
  }
  if (rest.length < command.minArgs) {
    return fail(`'${name}' command requires at least ${command.minArgs} arguments`);
  }
  if (rest.length > command.maxArgs) return fail(`'${name}' command takes at most ${command.maxArgs} arguments`);
  if (command.writes && options.readOnly) return fail(`'${name}' command does not work in read only mode`);

  const invocation = new Invocation(options, env);
  try {
    await command.run(invocation, rest);
  } catch (error) {
    if (error instanceof UserError) return fail(describe(error), invocation.stdout, invocation.stderr);
    if (!(error instanceof OfctlExit)) throw error;
    return { stdout: invocation.stdout, stderr: invocation.stderr, exitCode: error.exitCode };
  }
  return { stdout: invocation.stdout, stderr: invocation.stderr, exitCode: 0 };
}
