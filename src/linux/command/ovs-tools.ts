/**
 * ovs-vsctl, ovs-ofctl, ovs-appctl and ovs-dpctl: the tools are the rooms' own; here they meet the machine's database,
 * switch and files.
 */
import { runOfctl } from '#src/openflow/ofctl/ofctl.js';
import { runVsctl } from '#src/ovsdb/vsctl/vsctl.js';
import { runAppctl, runDpctl } from '#src/vswitchd/unixctl/appctl.js';
import type { FileTexts } from '#src/vswitchd/unixctl/dpctl.js';
import { flowFileOf } from '#src/vswitchd/unixctl/dpctl-flow-file.js';
import type { CommandContext, ShellCommand } from './command.js';
import { daemonRunner } from './run-daemon.js';

export const ovsVsctl: ShellCommand = {
  name: 'ovs-vsctl',
  run: (args, { machine }) =>
    runVsctl(args, {
      database: machine.database,
      // The switch follows each commit by itself, before the commit returns.
      reconfigured: () => {},
      nowMs: () => machine.scheduler.nowNs() / 1e6,
    }),
};

export const ovsOfctl: ShellCommand = {
  name: 'ovs-ofctl',
  run: (args, context) =>
    runOfctl(args, {
      connection: (bridge) => context.machine.vswitchd.bridge(bridge),
      readFile: (path) => context.readFile(path),
      stdin: context.stdin,
      nowMs: () => context.machine.scheduler.nowNs() / 1e6,
      runDaemon: daemonRunner('ovs-ofctl', context),
    }),
};

/** The file of flows that a command line names, read before the command runs. */
async function flowFiles(
  args: readonly string[],
  { stdin, readFile }: Pick<CommandContext, 'stdin' | 'readFile'>,
): Promise<FileTexts> {
  const path = flowFileOf(args);
  if (path === null) return () => null;
  let text: string | null = path === '-' ? stdin : null;
  if (path !== '-') {
    try {
      text = Buffer.from(await readFile(path)).toString('utf8');
    } catch {
      text = null;
    }
  }
  return (asked) => (asked === path ? text : null);
}

export const ovsAppctl: ShellCommand = {
  name: 'ovs-appctl',
  run: async (args, { machine, readFile }) => {
    // The daemon's standard input is empty, and its folder is the root.
    const fromRoot = (path: string): Promise<Uint8Array> => readFile(path.startsWith('/') ? path : `/${path}`);
    const files = await flowFiles(args, { stdin: '', readFile: fromRoot });
    return runAppctl(args, machine.vswitchd, files, (target) => {
      const process = machine.processes.find(target);
      if (process === undefined) return undefined;
      return (command, words) => {
        const { ok, text } = machine.processes.unixctl(process, command, words);
        return { ok, text: text === '' || text.endsWith('\n') ? text : `${text}\n` };
      };
    });
  },
};

export const ovsDpctl: ShellCommand = {
  name: 'ovs-dpctl',
  run: async (args, context) => runDpctl(args, context.machine.vswitchd, await flowFiles(args, context)),
};
