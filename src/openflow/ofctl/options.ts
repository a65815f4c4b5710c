/**
 * The command line of ovs-ofctl: options before, between and after the arguments, as getopt_long() takes them.
 * Mirrors parse_options() of utilities/ovs-ofctl.c; options of daemons, logging and TLS are taken and have no effect.
 */
import type { Field } from '#flowtable/fields.js';
import { UserError } from '../../report/user-error.js';
import type { PacketInFormat } from '../async-message-version.js';
import { P_ANY, P_OF14, formatProtocols, type OpenFlowVersion, type Protocols } from '../protocol.js';
import { parseProtocol, protocolsOfVersion, versionOfProtocol } from '../protocol.js';
import { findField } from '../subfield.js';
import type { DaemonSettings } from './daemon.js';

/** How flows are sorted: by a field, or by priority. */
export interface SortCriterion {
  readonly field: Field | null;
  readonly descending: boolean;
}

export interface OfctlOptions {
  readonly strict: boolean;
  readonly readd: boolean;
  readonly bundle: boolean;
  /** mod-group: adds the group where there is none. */
  readonly mayCreate: boolean;
  readonly readOnly: boolean;
  readonly stats: boolean;
  /** Names of ports in output: null where neither --names nor --no-names was given. */
  readonly names: boolean | null;
  readonly sort: readonly SortCriterion[];
  /** Protocols that both -O and -F allow. */
  readonly allowed: Protocols;
  readonly help: boolean;
  readonly version: boolean;
  /** -m, so many times. */
  readonly verbosity: number;
  readonly timestamp: boolean;
  /** ofp-print reads bytes instead of hexadecimal digits. */
  readonly raw: boolean;
  /** compose-packet writes a capture. */
  readonly pcap: boolean;
  /** -P; null where none was asked for. */
  readonly packetInFormat: PacketInFormat | null;
  readonly daemon: DaemonSettings;
}

export interface ParsedCommandLine {
  readonly options: OfctlOptions;
  readonly args: readonly string[];
}

type Argument = 'none' | 'optional' | 'required';

/** Long options with their short letters, in getopt's order. */
const LONG_OPTIONS: readonly (readonly [string, Argument, string?])[] = [
  ['timeout', 'required', 't'],
  ['strict', 'none'],
  ['readd', 'none'],
  ['flow-format', 'required', 'F'],
  ['packet-in-format', 'required', 'P'],
  ['more', 'none', 'm'],
  ['timestamp', 'none'],
  ['sort', 'optional'],
  ['rsort', 'optional'],
  ['names', 'none'],
  ['no-names', 'none'],
  ['stats', 'none'],
  ['no-stats', 'none'],
  ['unixctl', 'required'],
  ['help', 'none', 'h'],
  ['option', 'none', 'o'],
  ['bundle', 'none'],
  ['color', 'optional'],
  ['may-create', 'none'],
  ['pcap', 'none'],
  ['raw', 'none'],
  ['read-only', 'none'],
  ['detach', 'none'],
  ['no-chdir', 'none'],
  ['no-self-confinement', 'none'],
  ['pidfile', 'optional'],
  ['overwrite-pidfile', 'none'],
  ['monitor', 'none'],
  ['user', 'required'],
  ['version', 'none', 'V'],
  ['protocols', 'required', 'O'],
  ['verbose', 'optional', 'v'],
  ['log-file', 'optional'],
  ['syslog-method', 'required'],
  ['syslog-target', 'required'],
  ['private-key', 'required', 'p'],
  ['certificate', 'required', 'c'],
  ['ca-cert', 'required', 'C'],
  ['ssl-protocols', 'required'],
  ['ssl-ciphers', 'required'],
];

interface GivenOption {
  readonly name: string;
  readonly value: string | null;
}

/** Splits the command line into options and arguments. */
function splitOptions(argv: readonly string[]): { given: GivenOption[]; args: string[] } {
  const given: GivenOption[] = [];
  const args: string[] = [];
  const rest = [...argv];
  while (rest.length > 0) {
    const word = rest.shift()!;
    if (word === '--') {
      args.push(...rest);
      break;
    }
    if (word.startsWith('--')) given.push(longOption(word, rest));
    else if (word.startsWith('-') && word.length > 1) given.push(...shortOptions(word, rest));
    else args.push(word);
  }
  return { given, args };
}

function longOption(word: string, rest: string[]): GivenOption {
  const equals = word.indexOf('=');
  const name = word.slice(2, equals < 0 ? undefined : equals);
  const exact = LONG_OPTIONS.filter(([known]) => known === name);
  const found = exact.length > 0 ? exact : LONG_OPTIONS.filter(([known]) => known.startsWith(name));
  if (found.length === 0) throw new UserError(`unrecognized option '--${name}'`);
  if (found.length > 1) {
    const names = found.map(([known]) => `'--${known}'`).join(' ');
    throw new UserError(`option '--${name}' is ambiguous; possibilities: ${names}`);
  }
  const [full, argument] = found[0]!;
  if (equals >= 0) {
    if (argument === 'none') throw new UserError(`option '--${full}' doesn't allow an argument`);
    return { name: full, value: word.slice(equals + 1) };
  }
  if (argument !== 'required') return { name: full, value: null };
  const value = rest.shift();
  if (value === undefined) throw new UserError(`option '--${full}' requires an argument`);
  return { name: full, value };
}

function shortOptions(word: string, rest: string[]): GivenOption[] {
  const given: GivenOption[] = [];
  for (let at = 1; at < word.length; at++) {
    const letter = word[at]!;
    const found = LONG_OPTIONS.find(([, , short]) => short === letter);
    if (found === undefined) throw new UserError(`invalid option -- '${letter}'`);
    const [name, argument] = found;
    if (argument === 'none') {
      given.push({ name, value: null });
      continue;
    }
    const attached = word.slice(at + 1);
    if (attached !== '' || argument === 'optional') {
      given.push({ name, value: attached === '' ? null : attached });
      return given;
    }
    const value = rest.shift();
    if (value === undefined) throw new UserError(`option requires an argument -- '${letter}'`);
    given.push({ name, value });
    return given;
  }
  return given;
}

const VERSION_NAMES: ReadonlyMap<string, OpenFlowVersion> = new Map([
  ['openflow10', 10],
  ['openflow11', 11],
  ['openflow12', 12],
  ['openflow13', 13],
  ['openflow14', 14],
  ['openflow15', 15],
]);

/** The version of this name: `OpenFlow13`. */
export const parseVersion = (name: string): OpenFlowVersion | null => VERSION_NAMES.get(name.toLowerCase()) ?? null;

const listWords = (text: string): readonly string[] => text.split(/[ ,]+/).filter((word) => word !== '');

function parseVersions(text: string): ReadonlySet<OpenFlowVersion> {
  const versions = new Set<OpenFlowVersion>();
  for (const word of listWords(text)) {
    const version = parseVersion(word);
    if (version === null) throw new UserError(`Unknown OpenFlow version: "${word}"`);
    versions.add(version);
  }
  return versions;
}

function parseFlowFormats(text: string): Protocols {
  let set = 0;
  for (const word of text.split(',').filter((part) => part !== '')) {
    const protocol = parseProtocol(word);
    if (protocol === null) throw new UserError(`${word}: unknown flow protocol`);
    set |= protocol;
  }
  if (set === 0) throw new UserError(`${text}: no flow protocol specified`);
  return set;
}

/** Their names, and those of old. */
const PACKET_IN_FORMATS: ReadonlyMap<string, PacketInFormat> = new Map([
  ['standard', 'standard'],
  ['openflow10', 'standard'],
  ['nxt_packet_in', 'nxt_packet_in'],
  ['nxm', 'nxt_packet_in'],
  ['nxt_packet_in2', 'nxt_packet_in2'],
]);

function parsePacketInFormat(text: string): PacketInFormat {
  const format = PACKET_IN_FORMATS.get(text);
  if (format === undefined) throw new UserError(`unknown packet-in format \`${text}'`);
  return format;
}

function parseCriterion(text: string | null, descending: boolean): SortCriterion {
  if (text === null || text.toLowerCase() === 'priority') return { field: null, descending };
  const field = findField(text);
  if (field === undefined || (field.name !== text && !field.aliases.includes(text))) {
    throw new UserError(`${text}: unknown field name`);
  }
  return { field, descending };
}

/** Bundles need OpenFlow 1.3; where none such is enabled, 1.4 is. */
function bundleVersions(versions: ReadonlySet<OpenFlowVersion>): ReadonlySet<OpenFlowVersion> {
  const able = [...versions].filter((version) => version >= 13);
  return new Set<OpenFlowVersion>(able.length > 0 ? able : [14]);
}

/** Both of -O and -F must allow something. */
function allowedProtocols(versions: ReadonlySet<OpenFlowVersion>, formats: Protocols): Protocols {
  let byVersion = 0;
  for (const version of versions) byVersion |= protocolsOfVersion(version);
  if ((formats & byVersion) !== 0) return formats & byVersion;
  const names = [...versions].sort().map((version) => `OpenFlow${version}`);
  throw new UserError(
    `None of the enabled OpenFlow versions (${names.join(', ')}) supports any of the enabled flow formats ` +
      `(${formatProtocols(formats)}).  (Use -O to enable additional OpenFlow versions or -F to enable additional ` +
      'flow formats.)',
  );
}

export function parseCommandLine(argv: readonly string[]): ParsedCommandLine {
  const { given, args } = splitOptions(argv);
  const has = (name: string): boolean => given.some((option) => option.name === name);
  const lastValue = (wanted: string): string | null => given.findLast(({ name }) => name === wanted)?.value ?? null;
  const last = (...names: string[]): string | null =>
    given.findLast((option) => names.includes(option.name))?.name ?? null;
  let versions: ReadonlySet<OpenFlowVersion> = new Set([10]);
  let formats = P_ANY;
  const sort: SortCriterion[] = [];
  let packetInFormat: PacketInFormat | null = null;
  for (const { name, value } of given) {
    if (name === 'protocols') versions = parseVersions(value ?? '');
    else if (name === 'flow-format') formats = parseFlowFormats(value ?? '');
    else if (name === 'sort' || name === 'rsort') sort.push(parseCriterion(value, name === 'rsort'));
    else if (name === 'packet-in-format') packetInFormat = parsePacketInFormat(value ?? '');
    else if (name === 'timeout' && !/^[1-9]\d*$/.test(value ?? '')) {
      throw new UserError(`value ${value} on -t or --timeout is invalid`);
    } else if (name === 'help' || name === 'version') break;
  }
  // Flows that are equal so far end in the order of their priority.
  if (sort.length > 0) sort.push({ field: null, descending: true });
  const names = last('names', 'no-names');
  const stop = last('help', 'version');
  let allowed = P_ANY;
  if (stop === null) {
    allowed = allowedProtocols(has('bundle') ? bundleVersions(versions) : versions, formats);
    // The command called bundle needs what the option does, and forgets the formats where it has to bring it along.
    if (args[0] === 'bundle' && ![...versions].some((version) => version >= 13)) allowed = P_OF14;
  }
  const options: OfctlOptions = {
    strict: has('strict'),
    readd: has('readd'),
    bundle: has('bundle'),
    mayCreate: has('may-create'),
    readOnly: has('read-only'),
    stats: last('stats', 'no-stats') !== 'no-stats',
    names: names === null ? null : names === 'names',
    sort,
    allowed,
    help: stop === 'help',
    version: stop === 'version',
    verbosity: given.filter(({ name }) => name === 'more').length,
    timestamp: has('timestamp'),
    raw: has('raw'),
    pcap: has('pcap'),
    packetInFormat,
    daemon: {
      detach: has('detach'),
      pidfile: has('pidfile') ? (lastValue('pidfile') ?? '') : null,
      unixctl: lastValue('unixctl'),
      timeoutSeconds: has('timeout') ? Number(lastValue('timeout')) : null,
    },
  };
  return { options, args };
}

/** The highest version among the allowed protocols: what a switch that speaks them all agrees to. */
export function highestVersion(allowed: Protocols): OpenFlowVersion {
  let version: OpenFlowVersion = 10;
  for (let bit = 1; bit <= allowed; bit <<= 1) {
    if ((allowed & bit) !== 0) version = Math.max(version, versionOfProtocol(bit)) as OpenFlowVersion;
  }
  return version;
}
