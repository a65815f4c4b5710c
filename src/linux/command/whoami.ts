/** `whoami`: commands of a machine run as root. */
import { printed, type ShellCommand } from './command.js';

export const whoami: ShellCommand = { name: 'whoami', run: () => printed('root\n') };
