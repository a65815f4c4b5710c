/** `hostname`: shows or sets the machine's name (net-tools). */
import { failed, printed, type ShellCommand } from './command.js';

export const hostname: ShellCommand = {
  name: 'hostname',
  run(args, { machine }) {
    const [name, ...rest] = args;
    if (name === undefined || name === '-s' || name === '--short') return printed(`${machine.hostname}\n`);
    if (name.startsWith('-') || rest.length > 0) return failed(`hostname: option ${name} is not simulated\n`);
    if (!/^[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?$/.test(name)) {
      return failed('hostname: the specified hostname is invalid\n');
    }
    machine.hostname = name;
    return printed('');
  },
};
