/**
 * ovs-appctl and ovs-dpctl as commands: options, the target, and the words of errors. Mirrors utilities/ovs-appctl.c
 * and utilities/ovs-dpctl.c. The only target is the machine's vswitchd.
 */
import type { CommandOutput } from '#src/report/command-output.js';
import type { UnixctlResult, VswitchdApi } from '../vswitchd-api.js';
import { DpctlSession, type FileTexts } from './dpctl.js';
import { DPCTL_COMMANDS } from './dpctl-commands.js';
import { DPCTL_HELP } from './dpctl-help.js';
import { type Option, parseOptions } from './options.js';
import { OVS_VERSION } from './version.js';

const APPCTL_HELP = `\
ovs-appctl, for querying and controlling Open vSwitch daemon
usage: ovs-appctl [TARGET] COMMAND [ARG...]
Targets:
  -t, --target=TARGET  pidfile or socket to contact
Common commands:
  list-commands      List commands supported by the target
  version            Print version of the target
Other options:
  --timeout=SECS     wait at most SECS seconds for a response
  -h, --help         Print this helpful information
  -V, --version      Display ovs-appctl version information
`;

const TARGET = 'ovs-vswitchd';

const APPCTL_OPTIONS: readonly Option[] = [
  { long: 'target', short: 't', argument: true },
  { long: 'execute', short: 'e', argument: false },
  { long: 'help', short: 'h', argument: false },
  { long: 'version', short: 'V', argument: false },
  { long: 'timeout', short: 'T', argument: true },
  { long: 'verbose', short: 'v', argument: 'optional' },
];

const done = (stdout: string): CommandOutput => ({ stdout, stderr: '', exitCode: 0 });
const failed = (stderr: string, exitCode = 1): CommandOutput => ({ stdout: '', stderr, exitCode });

/** Another process that takes commands, by the target that names it; undefined where there is none. */
export type FindTarget = (target: string) => ((command: string, args: readonly string[]) => UnixctlResult) | undefined;

export function runAppctl(
  args: readonly string[],
  vswitchd: VswitchdApi,
  files: FileTexts = () => null,
  findTarget: FindTarget = () => undefined,
): CommandOutput {
  // Options end at the command: what follows is the command's own.
  const parsed = parseOptions('ovs-appctl', APPCTL_OPTIONS, args, { stopAtFirst: true });
  if (!parsed.ok) return failed(parsed.error);
  let target: string | null = null;
  for (const { name, value } of parsed.options) {
    if (name === 'help') return done(APPCTL_HELP);
    if (name === 'version') return done(`ovs-appctl (Open vSwitch) ${OVS_VERSION}\n`);
    if (name === 'target') {
      if (target !== null) return failed('ovs-appctl: -t or --target may be specified only once\n');
      target = value;
    }
    if (name === 'timeout' && !isTimeout(value)) {
      return failed(`ovs-appctl: value ${value} on -T or --timeout is invalid\n`);
    }
  }
  const [command, ...rest] = parsed.rest;
  if (command === undefined) {
    return failed('ovs-appctl: at least one non-option argument is required (use --help for help)\n');
  }
  const wanted = target ?? TARGET;
  const other = findTarget(wanted);
  if (other === undefined && !isVswitchd(wanted)) {
    return wanted.startsWith('/')
      ? failed(`ovs-appctl: cannot connect to "${wanted}" (No such file or directory)\n`)
      : failed(`ovs-appctl: cannot read pidfile "/var/run/openvswitch/${wanted}.pid" (No such file or directory)\n`);
  }
  const result = other === undefined ? vswitchd.unixctl(command, rest, files) : other(command, rest);
  if (result.ok) return done(result.text);
  return failed(`${result.text}ovs-appctl: ${wanted}: server returned an error\n`, 2);
}

function isVswitchd(target: string): boolean {
  return target === TARGET || /^\/var\/run\/openvswitch\/ovs-vswitchd\.\d+\.ctl$/.test(target);
}

function isTimeout(value: string | null): boolean {
  return value !== null && /^\d+$/.test(value) && Number(value) > 0;
}

const DPCTL_OPTIONS: readonly Option[] = [
  { long: 'statistics', short: 's', argument: false },
  { long: 'clear', argument: false },
  { long: 'may-create', argument: false },
  { long: 'read-only', argument: false },
  { long: 'more', short: 'm', argument: false },
  { long: 'names', argument: false },
  { long: 'no-names', argument: false },
  { long: 'timeout', short: 't', argument: true },
  { long: 'help', short: 'h', argument: false },
  { long: 'version', short: 'V', argument: false },
  { long: 'verbose', short: 'v', argument: 'optional' },
];

/** ovs-dpctl speaks to the kernel, so it sees the kernel's datapaths alone. */
export function runDpctl(args: readonly string[], vswitchd: VswitchdApi, files: FileTexts = () => null): CommandOutput {
  const parsed = parseOptions('ovs-dpctl', DPCTL_OPTIONS, args, { stopAtFirst: false });
  if (!parsed.ok) return failed(parsed.error);
  const given = new Map(parsed.options.map(({ name, value }) => [name, value]));
  if (given.has('help')) return done(DPCTL_HELP);
  if (given.has('version')) return done(`ovs-dpctl (Open vSwitch) ${OVS_VERSION}\n`);
  const timeout = given.get('timeout');
  if (timeout !== undefined && !isTimeout(timeout)) {
    return failed(`ovs-dpctl: value ${timeout} on -t or --timeout is invalid\n`);
  }
  const verbose = given.has('more');
  const named = parsed.options.findLast(({ name }) => name === 'names' || name === 'no-names')?.name;
  const session = new DpctlSession(
    {
      statistics: given.has('statistics'),
      clear: given.has('clear'),
      mayCreate: given.has('may-create'),
      verbose,
      names: named === undefined ? verbose : named === 'names',
    },
    vswitchd,
    files,
    false,
  );
  const ok = runDpctlCommand(parsed.rest, session, given.has('read-only'));
  const text = (isError: boolean): string =>
    session.said
      .filter((part) => part.isError === isError)
      .map((part) => part.text)
      .join('');
  return { stdout: text(false), stderr: text(true), exitCode: ok ? 0 : 1 };
}

function runDpctlCommand([name, ...args]: readonly string[], session: DpctlSession, readOnly: boolean): boolean {
  if (name === undefined) return session.error('missing command name; use --help for help');
  const command = DPCTL_COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) return session.error(`unknown command '${name}'; use --help for help`);
  if (args.length < command.minArgs) {
    return session.error(`'${name}' command requires at least ${command.minArgs} arguments`);
  }
  if (args.length > command.maxArgs) {
    return session.error(`'${name}' command takes at most ${command.maxArgs} arguments`);
  }
  if (readOnly && !command.isReadOnly) {
    return session.error(`'${name}' command does not work in read only mode`);
  }
  return command.run(args, session);
}
