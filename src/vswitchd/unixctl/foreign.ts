/**
 * Commands of Open vSwitch that Upcall does not have yet: each says so, rather than that it is no command at all.
 * They are not listed.
 */
import { type UnixctlCommand, replyError } from './command.js';

const NAMES: readonly string[] = ['rstp/show', 'rstp/tcn'];

export const FOREIGN_COMMANDS: readonly UnixctlCommand[] = NAMES.map((name) => ({
  name,
  usage: null,
  minArgs: 0,
  maxArgs: Number.POSITIVE_INFINITY,
  run: () => replyError(`"${name}" is a command of Open vSwitch that Upcall does not have yet`),
}));
