/**
 * What rooms above vswitchd (the shell's commands, scenarios, replay, bench, explain) ask of a running vswitchd.
 */
import type { Dpif } from '#datapath/dpif.js';
import type { SwitchConnection } from '#src/openflow/switch-connection.js';
import type { DatapathAdmin, FileTexts } from './unixctl/dpctl.js';

/** The outcome of a unixctl command: text for standard output, or an error for standard error and exit code 2. */
export type UnixctlResult =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly text: string };

export interface VswitchdApi {
  /** Bridges by name. */
  bridge(name: string): SwitchConnection | undefined;
  bridgeNames(): readonly string[];
  /** Nanoseconds on the clock that datapath flows' usedNs counts in. */
  nowNs(): number;
  /** Datapaths by name (`system@ovs-system`, `dummy@ovs-dummy`). */
  datapaths(): ReadonlyMap<string, Dpif>;
  /** Brings what runs in line with the database; commits do so by themselves. */
  reconfigure(): void;
  /** A command of ovs-appctl. */
  unixctl(command: string, args: readonly string[], files?: FileTexts): UnixctlResult;
  /** Makes datapaths and their ports by hand, for ovs-dpctl. */
  datapathAdmin(): DatapathAdmin;
  /** Names of all commands, sorted, with their arguments as `ovs-appctl list-commands` shows them. */
  unixctlCommands(): readonly { readonly name: string; readonly usage: string }[];
}
