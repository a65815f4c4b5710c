/**
 * `timeout DURATION COMMAND` in virtual time (coreutils): a command that waits is cut short when its time is over.
 * Commands that wait are sleep and `ovs-ofctl monitor`; others take no time, and ping has limits of its own.
 */
import { failed, printed, type ShellCommand } from './command.js';
import { parseDuration } from './duration.js';

const TIMED_OUT = 124;
const CANNOT_RUN = 125;
const HINT = "Try 'timeout --help' for more information.\n";

const usageError = (message: string) => failed(`timeout: ${message}\n${HINT}`, CANNOT_RUN);

export const timeout: ShellCommand = {
  name: 'timeout',
  async run(args, context) {
    const rest = [...args];
    let preservesStatus = false;
    while (rest[0]?.startsWith('-') === true) {
      const option = rest.shift()!;
      if (option === '--') break;
      if (option === '--preserve-status') preservesStatus = true;
      // Which signal ends a command, and how it is sent, shows nowhere.
      else if (option === '-k' || option === '-s') rest.shift();
      else if (!/^(--foreground|-v|--verbose|--signal=.*|--kill-after=.*|-[ks].+)$/.test(option)) {
        return usageError(`unrecognized option '${option}'`);
      }
    }
    const [duration, ...words] = rest;
    if (duration === undefined || words.length === 0) return usageError('missing operand');
    const seconds = parseDuration(duration);
    if (seconds === null) return usageError(`invalid time interval ‘${duration}’`);
    // No time is no limit.
    const { output, isCut } = await context.runFor(seconds === 0 ? null : Math.round(seconds * 1e9), words);
    return isCut && !preservesStatus ? { ...output, exitCode: TIMED_OUT } : { ...printed(''), ...output };
  },
};
