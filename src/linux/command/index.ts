/** The commands of a machine's shell, beside those that the shell's language brings (ls, cat, grep, sed, awk, …). */
import type { ShellCommand } from './command.js';
import { date } from './date.js';
import { hostname } from './hostname.js';
import { ip } from './ip/ip.js';
import { kill } from './kill.js';
import { ovsAppctl, ovsDpctl, ovsOfctl, ovsVsctl } from './ovs-tools.js';
import { ping } from './ping.js';
import { sleep } from './sleep.js';
import { timeout } from './timeout.js';
import { whoami } from './whoami.js';

export const MACHINE_COMMANDS: readonly ShellCommand[] = [
  date,
  hostname,
  ip,
  kill,
  ovsAppctl,
  ovsDpctl,
  ovsOfctl,
  ovsVsctl,
  ping,
  sleep,
  timeout,
  whoami,
];
