/**
 * Runs a process that a command leaves behind, on the machine's clock: beside the shell (& or --detach), or in front of
 * it until its time ends.
 */
import type { DaemonOutput, RunDaemon } from '#src/openflow/ofctl/daemon.js';
import { UserError } from '#src/report/user-error.js';
import path from 'node:path';
import type { CommandContext } from './command.js';

const SIGNALS = { 14: 'Alarm clock', 15: 'Terminated' } as const;
const NO_SUCH_END = 'nothing would end it: run it in the background (& or --detach) or for a time (timeout 5 …)';

export function daemonRunner(name: string, context: CommandContext): RunDaemon {
  const { machine, lasting } = context;
  const { scheduler } = machine;
  return (settings, start) => {
    const ends: { readonly ns: number; readonly signal: 14 | 15 }[] = [];
    if (settings.timeoutSeconds !== null)
      ends.push({ ns: scheduler.nowNs() + settings.timeoutSeconds * 1e9, signal: 14 });
    if (lasting.deadlineNs !== null) ends.push({ ns: lasting.deadlineNs, signal: 15 });
    const end = ends.reduce<(typeof ends)[number] | null>((a, b) => (a === null || b.ns < a.ns ? b : a), null);
    const isBeside = settings.detach || lasting.isBackground;
    if (!isBeside && end === null) throw new UserError(NO_SUCH_END);

    const output = new LastingOutput(context, isBeside);
    const daemon = start(output);
    const process = machine.processes.start({ name, pidfile: settings.pidfile, unixctl: settings.unixctl }, daemon);
    const finish = (signal: 14 | 15): void => {
      if (machine.processes.get(process.pid) === undefined) return;
      const time = new Date(scheduler.nowNs() / 1e6).toISOString().replace(/\.\d+Z$/, 'Z');
      output.write(`${time}|00001|fatal_signal|WARN|terminating with signal ${signal} (${SIGNALS[signal]})\n`);
      machine.processes.end(process);
    };
    if (isBeside) {
      if (end !== null) scheduler.at(end.ns, () => finish(end.signal), { background: true });
      return null;
    }
    const { ns, signal } = end!;
    if (signal === 15) lasting.waitUntil(ns);
    else scheduler.runUntil(ns);
    finish(signal);
    return { stderr: output.collected, exitCode: 128 + signal };
  };
}

/** Standard error of a process: what the command prints, a file, or the shell's. */
class LastingOutput implements DaemonOutput {
  collected = '';
  private readonly context: CommandContext;
  private readonly isBeside: boolean;
  private file: string | null;

  constructor(context: CommandContext, isBeside: boolean) {
    this.context = context;
    this.isBeside = isBeside;
    this.file = isBeside ? context.lasting.stderrFile : null;
  }

  write(text: string): void {
    const { machine, cwd, lasting } = this.context;
    if (this.file !== null) {
      if (this.file !== '/dev/null')
        machine.files.appendTo(path.posix.resolve(cwd, this.file), Buffer.from(text, 'utf8'));
    } else if (this.isBeside) lasting.tell(text);
    else this.collected += text;
  }

  redirect(file: string): string | null {
    const { machine, cwd } = this.context;
    this.file = path.posix.resolve(cwd, file);
    machine.files.write(this.file, new Uint8Array());
    return null;
  }
}
