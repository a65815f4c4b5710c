/** All unixctl commands of this folder: a new command is one file and one line here. */
import { BRIDGE_COMMANDS } from './bridge.js';
import type { UnixctlCommand } from './command.js';
import { DPCTL_UNIXCTL_COMMANDS } from './dpctl-commands.js';
import { dpifDumpFlows } from './dpif-dump-flows.js';
import { FEATURE_COMMANDS } from './dpif-features.js';
import { dpifNetdevCommands } from './dpif-netdev.js';
import { DPIF_SHOW_COMMANDS } from './dpif-show.js';
import { FDB_COMMANDS } from './fdb.js';
import { implementationCommands } from './implementations.js';
import { logCommands } from './log-commands.js';
import { LogLevels } from './log-levels.js';
import { MDB_COMMANDS } from './mdb.js';
import { NETDEV_DUMMY_COMMANDS } from './netdev-dummy.js';
import { TIME_COMMANDS } from './time.js';
import { upcallCommands } from './upcall.js';
import { version } from './version.js';

/** A switch's own: what some of them set lasts as long as they. One that comes later stands in for one of its name. */
export const makeUnixctlCommands = (): readonly UnixctlCommand[] => [
  ...BRIDGE_COMMANDS,
  ...dpifNetdevCommands(),
  ...implementationCommands(),
  ...logCommands(new LogLevels()),
  ...DPCTL_UNIXCTL_COMMANDS,
  dpifDumpFlows,
  ...FEATURE_COMMANDS,
  ...DPIF_SHOW_COMMANDS,
  ...FDB_COMMANDS,
  ...MDB_COMMANDS,
  ...NETDEV_DUMMY_COMMANDS,
  ...TIME_COMMANDS,
  ...upcallCommands(),
  version,
];
