/**
 * What is logged where: a level for each module and destination, patterns, and which modules' messages are limited.
 * Mirrors lib/vlog.c and its grammar of specifications (vlog_set_levels_from_string()).
 *
 * Upcall writes no log yet. What is set here is held and shown, for what will write one.
 */
import { LOG_MODULES } from './log-modules.js';

/** In the order in which patterns are listed. */
const DESTINATIONS = ['syslog', 'console', 'file'] as const;
type Destination = (typeof DESTINATIONS)[number];

export const LOG_LEVELS = ['off', 'emer', 'err', 'warn', 'info', 'dbg'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const FACILITIES: ReadonlySet<string> = new Set([
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'clock', 'ftp', 'ntp', 'audit'],
  ...['alert', 'clock2', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
]);

/** What the C library's syslog puts in front of each message. */
const SYSLOG_PREFIX = '<%B> %D{%h %e %T} %E %A:';

const DELIMITERS = /[ ,:\t]+/;

export class LogLevels {
  private readonly levels = new Map<string, Record<Destination, LogLevel>>();
  private readonly patterns: Record<Destination, string> = {
    syslog: 'ovs|%05N|%c%T|%p|%m',
    console: '%D{%Y-%m-%dT%H:%M:%SZ}|%05N|%c%T|%p|%m',
    file: '%D{%Y-%m-%dT%H:%M:%S.###Z}|%05N|%c%T|%p|%m',
  };
  private readonly unlimited = new Set<string>();
  facility = 'daemon';

  constructor() {
    // A daemon that runs in the background says nothing on its console.
    for (const name of LOG_MODULES) this.levels.set(name, { syslog: 'info', console: 'off', file: 'info' });
  }

  /** Is a message of this level logged there? */
  isEnabled(module: string, destination: Destination, level: LogLevel): boolean {
    const limit = this.levels.get(module)?.[destination] ?? 'off';
    return level !== 'off' && LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(limit);
  }

  /** Sets all that is not named; null for all modules or destinations. */
  set(module: string | null, destination: Destination | null, level: LogLevel): void {
    for (const [name, levels] of this.levels) {
      if (module !== null && module !== name) continue;
      for (const each of DESTINATIONS) if (destination === null || destination === each) levels[each] = level;
    }
  }

  /** One specification as vlog/set takes it; what is wrong with it in OVS's words, or null. */
  setFromText(text: string): string | null {
    const [, first = '', rest = ''] = /^[ ,:\t]*([^ ,:\t]*)[ ,:\t]?(.*)$/s.exec(text)!;
    switch (first.toLowerCase()) {
      case 'pattern':
        return this.setPattern(rest);
      case 'facility':
        if (!FACILITIES.has(rest.toLowerCase())) return 'invalid facility';
        this.facility = rest.toLowerCase();
        return null;
      default:
        return this.setLevels(text);
    }
  }

  private setPattern(text: string): string | null {
    const [, word = '', pattern = ''] = /^[ ,:\t]*([^ ,:\t]*)[ ,:\t]?(.*)$/s.exec(text)!;
    if (word === '') return 'missing destination';
    const destination = destinationOf(word);
    if (destination === null && word.toLowerCase() !== 'any') return `unknown destination "${word}"`;
    for (const each of DESTINATIONS) if (destination === null || destination === each) this.patterns[each] = pattern;
    return null;
  }

  private setLevels(text: string): string | null {
    let module: string | null = null;
    let destination: Destination | null = null;
    let level: LogLevel | null = null;
    for (const word of text.split(DELIMITERS).filter((each) => each !== '')) {
      const name = word.toLowerCase();
      if (name === 'any') continue;
      const wantedDestination = destinationOf(word);
      const wantedLevel = LOG_LEVELS.find((each) => each === name);
      if (wantedDestination !== null) {
        if (destination !== null) return 'cannot specify multiple destinations';
        destination = wantedDestination;
      } else if (wantedLevel !== undefined) {
        if (level !== null) return 'cannot specify multiple levels';
        level = wantedLevel;
      } else if (this.levels.has(name)) {
        if (module !== null) return 'cannot specify multiple modules';
        module = name;
      } else {
        return `no destination, level, or module "${word}"`;
      }
    }
    this.set(module, destination, level ?? 'dbg');
    return null;
  }

  /** Limits the messages of a module, or of all; false for a module that there is not. */
  setRateLimit(module: string | null, isLimited: boolean): boolean {
    if (module !== null && !this.levels.has(module)) return false;
    for (const name of module === null ? this.levels.keys() : [module]) {
      if (isLimited) this.unlimited.delete(name);
      else this.unlimited.add(name);
    }
    return true;
  }

  describeLevels(): string {
    const lines = [...this.levels].map(([name, { console, syslog, file }]) => {
      const columns = [console, syslog, file].map((level) => level.toUpperCase().padStart(4)).join('       ');
      return `${name.padEnd(16)}  ${columns}${this.unlimited.has(name) ? '    (rate limiting disabled)' : ''}\n`;
    });
    return [
      '                 console    syslog    file\n',
      '                 -------    ------    ------\n',
      ...lines.sort((a, b) => (a < b ? -1 : 1)),
    ].join('');
  }

  describePatterns(): string {
    const lines = DESTINATIONS.map((name) => {
      const prefix = name === 'syslog' ? SYSLOG_PREFIX : 'none';
      return `${name.toUpperCase().padEnd(7)}  ${prefix.padEnd(32)}  ${this.patterns[name]}\n`;
    });
    return [
      '         prefix                            format\n',
      '         ------                            ------\n',
      ...lines,
    ].join('');
  }
}

function destinationOf(word: string): Destination | null {
  return DESTINATIONS.find((name) => name === word.toLowerCase()) ?? null;
}
