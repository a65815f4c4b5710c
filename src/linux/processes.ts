/**
 * Processes that run on a machine beside its shell: what `ovs-ofctl monitor` leaves behind. Each has a number, may have
 * a pidfile, and answers commands of ovs-appctl (lib/daemon-unix.c, lib/unixctl.c).
 *
 * Invariant: numbers are given in order, so two runs of a script see the same ones.
 */
import path from 'node:path';
import type { Daemon, UnixctlReply } from '#src/openflow/ofctl/daemon.js';
import type { MachineFiles } from './files.js';

const RUN_DIRECTORY = '/var/run/openvswitch';
const FIRST_PID = 2001;
const OVS_VERSION = '3.1.0';

export interface Process {
  readonly pid: number;
  readonly name: string;
  readonly daemon: Daemon;
  readonly pidfile: string | null;
  /** The socket on which it would take commands. */
  readonly socket: string;
}

export interface ProcessOptions {
  readonly name: string;
  /** '' is the program's own; null: none. */
  readonly pidfile: string | null;
  /** null: by its name and number. */
  readonly unixctl: string | null;
}

const inRunDirectory = (name: string): string => path.posix.resolve(RUN_DIRECTORY, name);

const done = (text = ''): UnixctlReply => ({ ok: true, text });
const refused = (text: string): UnixctlReply => ({ ok: false, text });

export class Processes {
  private readonly files: MachineFiles;
  private readonly running = new Map<number, Process>();
  private nextPid = FIRST_PID;
  /** Of the process begun last, as $! of the shell. */
  lastPid: number | null = null;

  constructor(files: MachineFiles) {
    this.files = files;
  }

  start({ name, pidfile, unixctl }: ProcessOptions, daemon: Daemon): Process {
    const pid = this.nextPid++;
    const process: Process = {
      pid,
      name,
      daemon,
      pidfile: pidfile === null ? null : inRunDirectory(pidfile === '' ? `${name}.pid` : pidfile),
      socket: inRunDirectory(unixctl ?? `${name}.${pid}.ctl`),
    };
    this.running.set(pid, process);
    this.lastPid = pid;
    if (process.pidfile !== null) this.files.write(process.pidfile, Buffer.from(`${pid}\n`));
    return process;
  }

  get(pid: number): Process | undefined {
    return this.running.get(pid);
  }

  end(process: Process): void {
    if (!this.running.delete(process.pid)) return;
    process.daemon.close();
    if (process.pidfile !== null) this.files.remove(process.pidfile);
  }

  /** The process that `ovs-appctl -t` means: by its socket, or by the name of its pidfile. */
  find(target: string): Process | undefined {
    for (const process of this.running.values()) {
      const isByPidfile =
        process.pidfile === inRunDirectory(`${target}.pid`) &&
        process.socket === inRunDirectory(`${target}.${process.pid}.ctl`);
      if (target.startsWith('/') ? process.socket === target : isByPidfile) return process;
    }
    return undefined;
  }

  /** A command of ovs-appctl. */
  unixctl(process: Process, name: string, args: readonly string[]): UnixctlReply {
    switch (name) {
      case 'exit':
        if (args.length > 0) return refused(`"${name}" command takes at most 0 arguments`);
        this.end(process);
        return done();
      case 'version':
        return done(`${process.name} (Open vSwitch) ${OVS_VERSION}`);
      case 'list-commands':
        return done(listCommands(process.daemon));
      default:
    }
    const command = process.daemon.commands.find((one) => one.name === name);
    if (command === undefined) {
      return refused(`"${name}" is not a valid command (use "list-commands" to see a list of valid commands)`);
    }
    if (args.length < command.minArgs) {
      return refused(`"${name}" command requires at least ${command.minArgs} arguments`);
    }
    if (args.length > command.maxArgs) return refused(`"${name}" command takes at most ${command.maxArgs} arguments`);
    return command.run(args);
  }
}

function listCommands(daemon: Daemon): string {
  const own = ['exit', 'list-commands', 'version'].map((name) => ({ name, usage: '' }));
  const all = [...own, ...daemon.commands].sort((a, b) => (a.name < b.name ? -1 : 1));
  return ['The available commands are:', ...all.map(({ name, usage }) => `  ${name.padEnd(23)} ${usage}`)].join('\n');
}
