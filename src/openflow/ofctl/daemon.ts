/**
 * A run of ovs-ofctl that goes on after its command has returned: `monitor` in the background. The machine that it runs
 * on keeps it, gives it a place to write to, and hands it the commands of `ovs-appctl -t ovs-ofctl`.
 */
export interface DaemonOutput {
  write(text: string): void;
  /** Writes to another file from now on, begun anew; returns what went wrong, in the system's words, or null. */
  redirect(path: string): string | null;
}

export interface UnixctlReply {
  readonly ok: boolean;
  readonly text: string;
}

export interface Daemon {
  /** Is called by `exit` and when the process is killed. */
  readonly close: () => void;
  readonly commands: readonly DaemonCommand[];
}

export interface DaemonCommand {
  readonly name: string;
  readonly usage: string;
  readonly minArgs: number;
  readonly maxArgs: number;
  run(args: readonly string[]): UnixctlReply;
}

/** What the command line says of the process. */
export interface DaemonSettings {
  /** --detach. */
  readonly detach: boolean;
  /** --pidfile: null where there is none to write; '' for the program's own name. */
  readonly pidfile: string | null;
  /** --unixctl: null for the program's own name. */
  readonly unixctl: string | null;
  /** --timeout: seconds after which the program ends itself. */
  readonly timeoutSeconds: number | null;
}

/** How a run ended that the machine waited for. */
export interface DaemonEnd {
  readonly stderr: string;
  readonly exitCode: number;
}

/** Runs a process on the machine: beside the shell, or in front of it until its time ends. Null: it goes on beside. */
export type RunDaemon = (settings: DaemonSettings, start: (output: DaemonOutput) => Daemon) => DaemonEnd | null;
