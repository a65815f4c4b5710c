/**
 * What the dpctl commands share: their options, the datapath they speak of, and where their words go.
 *
 * Mirrors lib/dpctl.c, which serves both `ovs-appctl dpctl/...` (every datapath of the daemon, all text in one answer)
 * and ovs-dpctl (the kernel's datapaths, output and errors apart).
 */
import type { Dpif } from '#datapath/dpif.js';
import type { PortNames } from '#src/openflow/ports.js';

/** errno's words, as OVS adds them in parentheses. */
export const EINVAL = 'Invalid argument';
export const ENOENT = 'No such file or directory';
export const EEXIST = 'File exists';
export const ENODEV = 'No such device';
export const EAFNOSUPPORT = 'Address family not supported by protocol';
export const EFBIG = 'File too large';

/** Options before the command's arguments. */
export interface DpctlOptions {
  readonly statistics: boolean;
  readonly clear: boolean;
  readonly mayCreate: boolean;
  readonly verbose: boolean;
  readonly names: boolean;
}

export interface DpctlCommand {
  readonly name: string;
  readonly usage: string;
  readonly minArgs: number;
  readonly maxArgs: number;
  /** True when it did what was asked. */
  run(args: readonly string[], session: DpctlSession): boolean;
}

/** One command's run. */
export class DpctlSession {
  readonly options: DpctlOptions;
  readonly datapaths: ReadonlyMap<string, Dpif>;
  readonly nowNs: number;
  /** Run by ovs-appctl, not by ovs-dpctl? */
  readonly isAppctl: boolean;
  /** Everything said, in order; errors marked. */
  readonly said: { readonly text: string; readonly isError: boolean }[] = [];

  constructor(options: DpctlOptions, datapaths: ReadonlyMap<string, Dpif>, nowNs: number, isAppctl: boolean) {
    this.options = options;
    this.datapaths = datapaths;
    this.nowNs = nowNs;
    this.isAppctl = isAppctl;
  }

  print(text: string): void {
    this.said.push({ text, isError: false });
  }

  /** Says what went wrong and is false, for a command to return. */
  error(message: string, errno: string | null = null): false {
    const program = this.isAppctl ? 'ovs-vswitchd' : 'ovs-dpctl';
    this.said.push({ text: `${program}: ${message}${errno === null ? '' : ` (${errno})`}\n`, isError: true });
    return false;
  }

  /** A datapath by its name; `dummy@ovs-dummy`, and without a type the kernel's. */
  named(name: string): Dpif | undefined {
    return this.datapaths.get(name) ?? this.datapaths.get(`system@${name}`);
  }

  /** Why a name finds no datapath. */
  openError(name: string): string {
    const at = name.indexOf('@');
    const type = at < 0 ? 'system' : name.slice(0, at);
    const isKnown = type === 'system' || type === 'dummy' || type === 'netdev' || type === '';
    return isKnown ? ENODEV : EAFNOSUPPORT;
  }

  /** The datapath that the first argument names if it names one, else the only one; null after saying why not. */
  datapath(args: readonly string[], maxArgs: number): { readonly dpif: Dpif; readonly rest: readonly string[] } | null {
    const first = args[0] === undefined ? undefined : this.named(args[0]);
    if (first !== undefined) return { dpif: first, rest: args.slice(1) };
    if (args.length + 1 !== maxArgs) {
      const only = this.onlyDatapath();
      if (only !== null) return { dpif: only, rest: args };
    }
    this.error('datapath not found', EINVAL);
    return null;
  }

  private onlyDatapath(): Dpif | null {
    const [dpif] = this.datapaths.values();
    if (dpif === undefined) this.error('no datapaths exist');
    else if (this.datapaths.size > 1) this.error('multiple datapaths, specify one');
    else return dpif;
    return null;
  }
}

/** Names and numbers of a datapath's ports. */
export function dpifPortNames(dpif: Dpif): PortNames {
  const ports = dpif.portDump();
  const names = new Map(ports.map(({ port, name }) => [port, name]));
  const numbers = new Map(ports.map(({ port, name }) => [name, port]));
  return { nameOf: (port) => names.get(port), numberOf: (name) => numbers.get(name) };
}

export type DpctlOptionsResult =
  | { readonly ok: true; readonly options: DpctlOptions; readonly rest: readonly string[] }
  | { readonly ok: false; readonly error: string };

/** Takes options off the front of a dpctl/ command's arguments. */
export function parseDpctlOptions(args: readonly string[]): DpctlOptionsResult {
  let statistics = false;
  let clear = false;
  let mayCreate = false;
  let verbose = false;
  let names: boolean | null = null;
  let at = 0;
  for (; at < args.length; at++) {
    const arg = args[at]!;
    if (arg.startsWith('--')) {
      if (arg === '--statistics') statistics = true;
      else if (arg === '--clear') clear = true;
      else if (arg === '--may-create') mayCreate = true;
      else if (arg === '--more') verbose = true;
      else if (arg === '--names') names = true;
      else if (arg === '--no-names') names = false;
      else return { ok: false, error: `Unrecognized option ${arg}` };
    } else if (arg.startsWith('-') && arg !== '-') {
      for (const letter of arg.slice(1)) {
        if (letter === 'm') verbose = true;
        else if (letter === 's') statistics = true;
        else return { ok: false, error: `Unrecognized option -${letter}` };
      }
    } else {
      break;
    }
  }
  return {
    ok: true,
    options: { statistics, clear, mayCreate, verbose, names: names ?? verbose },
    rest: args.slice(at),
  };
}
