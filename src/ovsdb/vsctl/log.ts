/**
 * Warnings that ovs-vsctl logs to its console (standard error): `time|sequence|module|WARN|text`. Mirrors lib/vlog.c
 * with its default pattern. The sequence number counts what is logged anywhere, so a run that may change the database
 * starts at 2: the first entry, "Called as", goes to syslog alone.
 */

/** From few words to many. */
const LEVELS = ['off', 'emer', 'err', 'warn', 'info', 'dbg'] as const;

export class ConsoleLog {
  private readonly nowMs: number;
  private readonly levels = new Map<string, number>();
  private sequence = 0;
  private text = '';

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  /** What to print, and nothing more. */
  output(): string {
    return this.text;
  }

  /** Counts an entry that goes elsewhere. */
  skip(): void {
    this.sequence++;
  }

  warn(module: string, message: string): void {
    this.sequence++;
    const level = this.levels.get(module) ?? this.levels.get('any') ?? LEVELS.indexOf('warn');
    if (level < LEVELS.indexOf('warn')) return;
    const time = `${new Date(this.nowMs).toISOString().slice(0, 19)}Z`;
    this.text += `${time}|${String(this.sequence).padStart(5, '0')}|${module}|WARN|${message}\n`;
  }

  /** Applies an argument of -v: `[module:][destination:]level`, in any order. Returns what is wrong with it. */
  setLevels(argument: string | undefined): string | undefined {
    let module: string | undefined;
    let destination: string | undefined;
    let level: number | undefined;
    for (const word of (argument ?? '').toLowerCase().split(/[ ,:\t]+/)) {
      if (word === '' || word === 'any') continue;
      const known = LEVELS.indexOf(word as (typeof LEVELS)[number]);
      if (word === 'console' || word === 'syslog' || word === 'file') {
        if (destination !== undefined) return 'cannot specify multiple destinations';
        destination = word;
      } else if (known >= 0) {
        if (level !== undefined) return 'cannot specify multiple levels';
        level = known;
      } else if (MODULES.has(word)) {
        if (module !== undefined) return 'cannot specify multiple modules';
        module = word;
      } else {
        return `no destination, level, or module "${word}"`;
      }
    }
    if (destination === undefined || destination === 'console') {
      if (module === undefined) this.levels.clear();
      this.levels.set(module ?? 'any', level ?? LEVELS.indexOf('dbg'));
    }
    return undefined;
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
