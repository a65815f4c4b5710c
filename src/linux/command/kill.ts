/** `kill [-SIGNAL] PID…`: ends processes that commands have left running. Mirrors bash's builtin. */
import { failed, printed, type ShellCommand } from './command.js';

export const kill: ShellCommand = {
  name: 'kill',
  run(args, { machine }) {
    const words = args.filter((word, i) => !/^-/.test(word) && args[i - 1] !== '-s' && args[i - 1] !== '-n');
    // Signal 0 asks only whether there is such a process.
    const asks = args.some((word, i) => word === '-0' || (word === '0' && /^-[sn]$/.test(args[i - 1] ?? '')));
    if (words.length === 0) return failed('kill: usage: kill [-s sigspec | -n signum | -sigspec] pid\n', 2);
    let errors = '';
    for (const word of words) {
      if (!/^\d+$/.test(word)) {
        errors += `kill: ${word}: arguments must be process or job IDs\n`;
        continue;
      }
      const process = machine.processes.get(Number(word));
      if (process === undefined) errors += `kill: (${word}) - No such process\n`;
      else if (!asks) machine.processes.end(process);
    }
    return errors === '' ? printed('') : failed(errors);
  },
};
