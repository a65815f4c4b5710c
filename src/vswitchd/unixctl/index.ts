/** All unixctl commands of this folder: a new command is one file and one line here. */
import type { UnixctlCommand } from './command.js';
import { DPCTL_UNIXCTL_COMMANDS } from './dpctl-commands.js';
import { dpifDumpFlows } from './dpif-dump-flows.js';
import { FEATURE_COMMANDS } from './dpif-features.js';
import { DPIF_SHOW_COMMANDS } from './dpif-show.js';
import { FDB_COMMANDS } from './fdb.js';
import { FOREIGN_COMMANDS } from './foreign.js';
import { MDB_COMMANDS } from './mdb.js';
import { NETDEV_DUMMY_COMMANDS } from './netdev-dummy.js';
import { TIME_COMMANDS } from './time.js';
import { UPCALL_COMMANDS } from './upcall.js';
import { version } from './version.js';

/** A command of the same name that comes later stands in for an earlier one. */
export const UNIXCTL_COMMANDS: readonly UnixctlCommand[] = [
  ...FOREIGN_COMMANDS,
  ...DPCTL_UNIXCTL_COMMANDS,
  dpifDumpFlows,
  ...FEATURE_COMMANDS,
  ...DPIF_SHOW_COMMANDS,
  ...FDB_COMMANDS,
  ...MDB_COMMANDS,
  ...NETDEV_DUMMY_COMMANDS,
  ...TIME_COMMANDS,
  ...UPCALL_COMMANDS,
  version,
];
