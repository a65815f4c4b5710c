/** All unixctl commands of this folder: a new command is one file and one line here. */
import type { UnixctlCommand } from './command.js';

export const UNIXCTL_COMMANDS: readonly UnixctlCommand[] = [];
