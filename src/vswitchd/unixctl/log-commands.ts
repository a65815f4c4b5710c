/** vlog/...: what is logged where. Mirrors the unixctl part of lib/vlog.c. */
import { reply, replyError, type UnixctlCommand } from './command.js';
import type { LogLevels } from './log-levels.js';

const ANY_NUMBER = Number.POSITIVE_INFINITY;

function rateLimit(name: string, isLimited: boolean, log: LogLevels): UnixctlCommand {
  return {
    name,
    usage: '[module]...',
    minArgs: 0,
    maxArgs: ANY_NUMBER,
    run(args) {
      if (args.length === 0) log.setRateLimit(null, isLimited);
      for (const arg of args) {
        const module = arg.toLowerCase() === 'any' ? null : arg.toLowerCase();
        if (!log.setRateLimit(module, isLimited)) return replyError('unknown module');
      }
      return reply();
    },
  };
}

export function logCommands(log: LogLevels): readonly UnixctlCommand[] {
  return [
    {
      name: 'vlog/set',
      usage: '{spec | PATTERN:destination:pattern}',
      minArgs: 0,
      maxArgs: ANY_NUMBER,
      run(args) {
        if (args.length === 0) log.set(null, null, 'dbg');
        for (const arg of args) {
          const problem = log.setFromText(arg);
          if (problem !== null) return replyError(problem);
        }
        return reply();
      },
    },
    { name: 'vlog/list', usage: '', minArgs: 0, maxArgs: 0, run: () => reply(log.describeLevels()) },
    { name: 'vlog/list-pattern', usage: '', minArgs: 0, maxArgs: 0, run: () => reply(log.describePatterns()) },
    rateLimit('vlog/enable-rate-limit', true, log),
    rateLimit('vlog/disable-rate-limit', false, log),
    {
      name: 'vlog/reopen',
      usage: '',
      minArgs: 0,
      maxArgs: 0,
      run: () => replyError('Logging to file not configured'),
    },
    { name: 'vlog/close', usage: '', minArgs: 0, maxArgs: 0, run: () => reply() },
  ];
}
