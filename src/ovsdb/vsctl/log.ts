/**
 * What ovs-vsctl logs to its console (standard error): `time|sequence|module|level|text`. Mirrors lib/vlog.c with its
 * default pattern and levels. The sequence number counts what is logged anywhere, so that warnings of a run that may
 * change the database begin at 2: the first entry, "Called as", goes to syslog alone.
 * Deliberate difference: of what the real tool logs at levels below warning, there is but this entry.
 */

/** From few words to many. */
const LEVELS = ['off', 'emer', 'err', 'warn', 'info', 'dbg'] as const;
type Level = (typeof LEVELS)[number];
type Destination = 'console' | 'syslog';

export class ConsoleLog {
  private readonly nowMs: number;
  /** By module; `any` for those not named. */
  private readonly levels: Readonly<Record<Destination, Map<string, Level>>> = {
    console: new Map([['any', 'warn']]),
    syslog: new Map([['any', 'info']]),
  };
  private sequence = 0;
  private text = '';

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  /** What to print, and nothing more. */
  output(): string {
    return this.text;
  }

  warn(module: string, message: string): void {
    this.log('warn', module, message);
  }

  log(level: 'warn' | 'info', module: string, message: string): void {
    const isOnConsole = this.isEnabled('console', module, level);
    if (!isOnConsole && !this.isEnabled('syslog', module, level)) return;
    this.sequence++;
    if (!isOnConsole) return;
    const time = `${new Date(this.nowMs).toISOString().slice(0, 19)}Z`;
    const sequence = String(this.sequence).padStart(5, '0');
    this.text += `${time}|${sequence}|${module}|${level.toUpperCase()}|${message}\n`;
  }

  /** --no-syslog keeps this tool's own words from syslog, warnings apart. */
  quietSyslog(): void {
    this.levels.syslog.set('vsctl', 'warn');
  }

  /** Applies an argument of -v: `[module:][destination:]level`, in any order. Returns what is wrong with it. */
  setLevels(argument: string | undefined): string | undefined {
    let module: string | undefined;
    let destination: string | undefined;
    let level: Level | undefined;
    for (const word of (argument ?? '').split(/[ ,:\t]+/)) {
      const folded = word.toLowerCase();
      const known = LEVELS.find((name) => name === folded);
      if (folded === '' || folded === 'any') continue;
      if (folded === 'console' || folded === 'syslog' || folded === 'file') {
        if (destination !== undefined) return 'cannot specify multiple destinations';
        destination = folded;
      } else if (known !== undefined) {
        if (level !== undefined) return 'cannot specify multiple levels';
        level = known;
      } else if (MODULES.has(folded)) {
        if (module !== undefined) return 'cannot specify multiple modules';
        module = folded;
      } else {
        return `no destination, level, or module "${word}"`;
      }
    }
    for (const [name, levels] of Object.entries(this.levels)) {
      if (destination !== undefined && destination !== name) continue;
      if (module === undefined) levels.clear();
      levels.set(module ?? 'any', level ?? 'dbg');
    }
    return undefined;
  }

  private isEnabled(destination: Destination, module: string, level: Level): boolean {
    const levels = this.levels[destination];
    const limit = levels.get(module) ?? levels.get('any') ?? 'off';
    return LEVELS.indexOf(level) <= LEVELS.indexOf(limit);
  }
}

/** The modules of ovs-vsctl that people name after -v. */
const MODULES: ReadonlySet<string> = new Set([
  'vsctl',
  'db_ctl_base',
  'ovsdb_idl',
  'ovsdb_cs',
  'jsonrpc',
  'reconnect',
  'stream',
  'stream_unix',
  'stream_tcp',
  'stream_ssl',
  'poll_loop',
  'timeval',
  'fatal_signal',
  'vlog',
  'util',
]);
