/**
 * `date` of the virtual clock, which began at 1970-01-01 00:00:00 UTC (coreutils). The formats are those of the shell's
 * own date, which is told the time.
 */
import type { CommandOutput } from '#src/report/command-output.js';
import type { CommandContext, ShellCommand } from './command.js';

export const date: ShellCommand = {
  name: 'date',
  run(args: readonly string[], context: CommandContext): Promise<CommandOutput> {
    const hasTime = args.some((word) => /^(-d|--date|-r|--reference|-s|--set)/.test(word));
    const seconds = Math.floor(context.machine.scheduler.nowNs() / 1e9);
    return context.runBuiltin(hasTime ? args : ['-d', `@${seconds}`, ...args]);
  },
};
