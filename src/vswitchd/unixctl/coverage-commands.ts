/** coverage/show and coverage/read-counter: how often what has happened. Mirrors the unixctl part of lib/coverage.c. */
import { reply, replyError, type UnixctlCommand } from './command.js';

export interface CoverageCounters {
  describe(): string;
  read(name: string): number | null;
}

export const coverageCommands = (coverage: CoverageCounters): readonly UnixctlCommand[] => [
  { name: 'coverage/show', usage: '', minArgs: 0, maxArgs: 0, run: () => reply(coverage.describe()) },
  {
    name: 'coverage/read-counter',
    usage: 'COUNTER',
    minArgs: 1,
    maxArgs: 1,
    run([name]) {
      const total = coverage.read(name!);
      return total === null ? replyError('No such counter') : reply(String(total));
    },
  },
];
