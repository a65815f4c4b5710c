/**
 * What the dpctl commands share: their options, the datapath they speak of, and where their words go.
 *
 * Mirrors lib/dpctl.c, which serves both `ovs-appctl dpctl/...` (every datapath of the daemon, all text in one answer)
 * and ovs-dpctl (the kernel's datapaths, output and errors apart).
 */
import type { Dpif, VportInfo } from '#datapath/dpif.js';
import type { PortNames } from '#src/openflow/ports.js';
import { EAFNOSUPPORT, EINVAL, ENODEV } from './errno.js';

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
  /** Does it leave everything as it is, so that ovs-dpctl --read-only runs it? */
  readonly isReadOnly: boolean;
  /** True when it did what was asked. */
  run(args: readonly string[], session: DpctlSession): boolean;
}

/** A port that dpctl/add-if asks for. */
export interface DatapathPortRequest {
  readonly name: string;
  /** A type of network device: `system`, `dummy`, `vxlan`, … */
  readonly type: string;
  /** Null for any. */
  readonly port: number | null;
  readonly options: ReadonlyMap<string, string>;
}

/** What went wrong, if anything: OVS has no words for settings that a device refuses. */
export type DatapathPortResult =
  | { readonly failed: null }
  | { readonly failed: 'configure' }
  | { readonly failed: 'open' | 'add'; readonly errno: string };

/** Makes and deletes datapaths and their ports, beside those that the database asks for. */
export interface DatapathAdmin {
  /** errno's words where it cannot be. */
  create(type: string, name: string): string | null;
  delete(dpif: Dpif): void;
  addPort(dpif: Dpif, request: DatapathPortRequest): DatapathPortResult;
  /** errno's words where it cannot be. */
  deletePort(dpif: Dpif, port: number): string | null;
}

/** The text of a file that a command reads, or null where there is none. Commands do not wait: it is at hand. */
export type FileTexts = (path: string) => string | null;

/** What a run of dpctl works on. */
export interface DpctlHost {
  datapaths(): ReadonlyMap<string, Dpif>;
  datapathAdmin(): DatapathAdmin;
  nowNs(): number;
}

/** One command's run. */
export class DpctlSession {
  readonly options: DpctlOptions;
  readonly admin: DatapathAdmin;
  readonly nowNs: number;
  readonly readFile: FileTexts;
  private readonly host: DpctlHost;
  /** Run by ovs-appctl, not by ovs-dpctl? */
  readonly isAppctl: boolean;
  /** Everything said, in order; errors marked. */
  readonly said: { readonly text: string; readonly isError: boolean }[] = [];

  constructor(options: DpctlOptions, host: DpctlHost, readFile: FileTexts, isAppctl: boolean) {
    this.options = options;
    this.host = host;
    this.admin = host.datapathAdmin();
    this.nowNs = host.nowNs();
    this.readFile = readFile;
    this.isAppctl = isAppctl;
  }

  /** ovs-dpctl speaks to the kernel, so it sees the kernel's datapaths alone. */
  get datapaths(): ReadonlyMap<string, Dpif> {
    const all = this.host.datapaths();
    return this.isAppctl ? all : new Map([...all].filter(([name]) => name.startsWith('system@')));
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
    const parsed = this.parseName(name);
    return this.datapaths.get(`${parsed.type}@${parsed.name}`);
  }

  /** Why a name finds no datapath. */
  openError(name: string): string {
    const { type } = this.parseName(name);
    const isKnown = type === 'system' || type === 'netdev' || (this.isAppctl && type === 'dummy');
    return isKnown ? ENODEV : EAFNOSUPPORT;
  }

  /** `type@name`, where the type of the kernel's datapaths may be left out (dp_parse_name() of lib/dpif.c). */
  parseName(text: string): { readonly type: string; readonly name: string } {
    const at = text.indexOf('@');
    const type = at < 0 ? '' : text.slice(0, at);
    return { type: type === '' ? 'system' : type, name: text.slice(at + 1) };
  }

  /** The datapath that a command's first argument must name; null after saying why not. */
  open(name: string): Dpif | null {
    const dpif = this.named(name);
    if (dpif !== undefined) return dpif;
    this.error('opening datapath', this.openError(name));
    return null;
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

  /** The type of network device that a port shows as. */
  portType(dpif: Dpif, port: VportInfo): string {
    if (port.type === 'netdev') return 'system';
    if (port.type !== 'internal') return port.type;
    if (dpif.name.startsWith('system@')) return 'internal';
    return dpif.name.startsWith('netdev@') ? 'tap' : 'dummy-internal';
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
