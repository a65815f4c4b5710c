/** `sleep` in virtual time (coreutils): the clock runs on, and with it all that happens by time. */
import { failed, printed, type ShellCommand } from './command.js';

const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };
/** Virtual seconds at once: a whole-number clock and a reader's patience end somewhere. */
const MAX_SECONDS = 10_000_000;

export const sleep: ShellCommand = {
  name: 'sleep',
  run(args, { machine }) {
    const hint = "Try 'sleep --help' for more information.\n";
    if (args.length === 0) return failed(`sleep: missing operand\n${hint}`);
    let seconds = 0;
    for (const word of args) {
      const match = /^(\d*\.?\d+(?:[eE][+-]?\d+)?|\d+\.)([smhd]?)$/.exec(word);
      if (match === null) {
        if (/^inf(inity)?$/i.test(word)) return failed('sleep: infinity never ends in virtual time\n');
        return failed(`sleep: invalid time interval '${word}'\n${hint}`);
      }
      seconds += Number(match[1]) * UNITS[match[2]!]!;
    }
    if (seconds > MAX_SECONDS) return failed(`sleep: at most ${MAX_SECONDS} seconds can be simulated at once\n`);
    machine.scheduler.runUntil(machine.scheduler.nowNs() + Math.round(seconds * 1e9));
    return printed('');
  },
};
