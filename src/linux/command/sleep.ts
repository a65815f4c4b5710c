/** `sleep` in virtual time (coreutils): the clock runs on, and with it all that happens by time. */
import { parseDuration } from './duration.js';
import { failed, printed, type ShellCommand } from './command.js';

/** Virtual seconds at once: a whole-number clock and a reader's patience end somewhere. */
const MAX_SECONDS = 10_000_000;

export const sleep: ShellCommand = {
  name: 'sleep',
  run(args, { machine, lasting }) {
    const hint = "Try 'sleep --help' for more information.\n";
    if (args.length === 0) return failed(`sleep: missing operand\n${hint}`);
    let seconds = 0;
    for (const word of args) {
      const time = parseDuration(word);
      if (time === null) {
        if (/^inf(inity)?$/i.test(word)) return failed('sleep: infinity never ends in virtual time\n');
        return failed(`sleep: invalid time interval '${word}'\n${hint}`);
      }
      seconds += time;
    }
    if (seconds > MAX_SECONDS) return failed(`sleep: at most ${MAX_SECONDS} seconds can be simulated at once\n`);
    lasting.waitUntil(machine.scheduler.nowNs() + Math.round(seconds * 1e9));
    return printed('');
  },
};
