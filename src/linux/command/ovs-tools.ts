/**
 * ovs-vsctl, ovs-ofctl, ovs-appctl and ovs-dpctl: the tools are the rooms' own; here they meet the machine's database,
 * switch and files.
 */
import { runOfctl } from '#src/openflow/ofctl/ofctl.js';
import { runVsctl } from '#src/ovsdb/vsctl/vsctl.js';
import { runAppctl, runDpctl } from '#src/vswitchd/unixctl/appctl.js';
import type { ShellCommand } from './command.js';

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
      readFile: async (path) => Buffer.from(await context.readFile(path)).toString('utf8'),
      stdin: context.stdin,
      nowMs: () => context.machine.scheduler.nowNs() / 1e6,
    }),
};

export const ovsAppctl: ShellCommand = {
  name: 'ovs-appctl',
  run: (args, { machine }) => runAppctl(args, machine.vswitchd),
};

export const ovsDpctl: ShellCommand = {
  name: 'ovs-dpctl',
  run: (args, { machine }) => runDpctl(args, machine.vswitchd),
};
