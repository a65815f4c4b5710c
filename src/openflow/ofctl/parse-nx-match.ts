/**
 * ovs-ofctl parse-nx-match, parse-nxm and parse-oxm VERSION: matches as text, through bytes and a match, to text again.
 * Mirrors ofctl_parse_nxm__().
 */
import type { Match } from '#flowtable/match.js';
import { UserError } from '../../report/user-error.js';
import { formatHexDump } from '../hex-bytes.js';
import type { OpenFlowVersion } from '../protocol.js';
import { OpenFlowError } from '../switch-connection.js';
import { ByteReader } from '../wire/byte-reader.js';
import { ByteWriter } from '../wire/byte-writer.js';
import {
  type CookieMatch,
  decodeNxMatch,
  decodeOxmMatch,
  encodeNxMatch,
  encodeOxmMatch,
  NO_COOKIE,
  putOxmHeader,
} from '../wire/match/nx-match.js';
import { formatNxMatch, parseNxMatchText } from '../wire/match/nx-match-text.js';
import type { OfctlCommand } from './command.js';
import { echoedLines } from './hex-input.js';
import type { Invocation } from './invocation.js';
import { LimitedLog } from './limited-log.js';
import { parseVersion } from './options.js';

/** What the tool does with one kind of list. */
interface Form {
  /** The bytes that a list of entries stands in, padded. */
  wrap(entries: Uint8Array): Uint8Array;
  decode(bytes: Uint8Array, length: number, isLoose: boolean): CookieMatch & { readonly match: Match };
  encode(match: Match, cookie: CookieMatch, writer: ByteWriter): { readonly start: number; readonly length: number };
}

const NO_TABLE = { tlvTable: null };
const OXM_HEADER_SIZE = 4;

const NXM: Form = {
  wrap(entries) {
    const writer = new ByteWriter();
    writer.put(entries);
    writer.pad(8);
    return writer.take();
  },
  decode(bytes, length, isLoose) {
    return decodeNxMatch(new ByteReader(bytes), length, NO_TABLE, { isLoose, allowsCookie: true });
  },
  encode(match, cookie, writer) {
    return { start: 0, length: encodeNxMatch(match, writer, cookie) };
  },
};

const oxmOf = (version: OpenFlowVersion): Form => ({
  wrap(entries) {
    const writer = new ByteWriter();
    putOxmHeader(entries.length, writer);
    writer.put(entries);
    writer.pad(8);
    return writer.take();
  },
  decode(bytes, _length, isLoose) {
    return { match: decodeOxmMatch(new ByteReader(bytes), NO_TABLE, { isLoose }), ...NO_COOKIE };
  },
  encode(match, _cookie, writer) {
    return { start: OXM_HEADER_SIZE, length: encodeOxmMatch(match, version, writer) - OXM_HEADER_SIZE };
  },
});

function parseMatches(invocation: Invocation, form: Form): void {
  const { strict, verbosity } = invocation.options;
  const log = new LimitedLog(invocation);
  for (const line of echoedLines(invocation)) {
    const entries = parseNxMatchText(line);
    try {
      const { match, ...cookie } = form.decode(form.wrap(entries), entries.length, !strict);
      const writer = new ByteWriter();
      const { start, length } = form.encode(match, cookie, writer);
      const bytes = writer.take();
      invocation.print(`${formatNxMatch(bytes.subarray(start, start + length))}\n`);
      if (verbosity > 0) invocation.print(formatHexDump(bytes, false));
    } catch (error) {
      if (!(error instanceof OpenFlowError)) throw error;
      log.logError(error);
      invocation.print(`nx_pull_match() returned error ${error.code}\n`);
    }
  }
}

const parseNxmNamed = (name: string): OfctlCommand => ({
  name,
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  writes: true,
  run: (invocation) => parseMatches(invocation, NXM),
});

export const parseNxMatch = parseNxmNamed('parse-nx-match');
export const parseNxm = parseNxmNamed('parse-nxm');

const FIRST_OXM_VERSION = 12;

export const parseOxm: OfctlCommand = {
  name: 'parse-oxm',
  usage: '',
  minArgs: 1,
  maxArgs: 1,
  writes: true,
  run(invocation, [name = '']) {
    const version = parseVersion(name);
    if (version === null || version < FIRST_OXM_VERSION) throw new UserError(`${name}: not a valid version for OXM`);
    parseMatches(invocation, oxmOf(version));
  },
};
