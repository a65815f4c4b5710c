/**
 * Matches in flow changes beside the real ovs-ofctl: what it reads of any bytes is what we read of them, errors included.
 * `OVS_SEED=7 OVS_CASES=5000` runs others, and more of them.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatMatch } from '#src/openflow/match-format.js';
import { normalizeMatch } from '#src/openflow/match-normalize.js';
import { NO_PORT_NAMES } from '#src/openflow/ports.js';
import { type OpenFlowVersion, parseProtocol, versionOfProtocol } from '#src/openflow/protocol.js';
import { OpenFlowError } from '#src/openflow/switch-connection.js';
import { ByteReader } from '#src/openflow/wire/byte-reader.js';
import { decodeMatch, decodeNxMatch } from '#src/openflow/wire/match/index.js';
import { suiteSettings } from '../../../differential/dice.js';
import { requireOracle } from '../../../support/ovs-oracle.js';
import { RandomMatches } from './random-matches.js';

/** The ways in which a flow change can carry a match. */
const PROTOCOLS = [
  'OpenFlow10+table_id',
  'NXM+table_id',
  'OpenFlow11',
  'OXM-OpenFlow12',
  'OXM-OpenFlow13',
  'OXM-OpenFlow14',
  'OXM-OpenFlow15',
] as const;
type ProtocolName = (typeof PROTOCOLS)[number];

const versionOf = (name: ProtocolName): OpenFlowVersion => versionOfProtocol(parseProtocol(name)!);
const isNxm = (name: ProtocolName): boolean => name.startsWith('NXM');

const HEADER_SIZE = 8;
/** Bytes of a flow change in front of its match; of NXM's the match's length stands 8 bytes before that. */
const NXM_PREFIX = 48;
const OF11_PREFIX = 48;
const OF10_SIZE = 72;
const NO_TABLE = { tlvTable: null };

/** A flow change that adds a flow without actions; the bytes of its match as they are, padding and all. */
function flowModOf(name: ProtocolName, match: Uint8Array, nxmLength: number): Buffer {
  const version = versionOf(name);
  if (name.startsWith('OpenFlow10')) {
    const message = Buffer.alloc(OF10_SIZE);
    message.writeUInt32BE(0x010e0000 + OF10_SIZE, 0);
    message.set(match, HEADER_SIZE);
    message.writeUInt16BE(0x8000, 62);
    message.writeUInt32BE(0xffffffff, 64);
    message.writeUInt16BE(0xffff, 68);
    return message;
  }
  const prefix = Buffer.alloc(isNxm(name) ? NXM_PREFIX : OF11_PREFIX);
  prefix.writeUInt8(version - 9, 0);
  prefix.writeUInt8(isNxm(name) ? 4 : 14, 1);
  prefix.writeUInt16BE(prefix.length + match.length, 2);
  if (isNxm(name)) {
    prefix.writeUInt32BE(0x2320, 8);
    prefix.writeUInt32BE(13, 12);
    prefix.writeUInt16BE(0x8000, 30);
    prefix.writeUInt32BE(0xffffffff, 32);
    prefix.writeUInt16BE(0xffff, 36);
    prefix.writeUInt16BE(nxmLength, 40);
  } else {
    prefix.writeUInt16BE(0x8000, 30);
    prefix.writeUInt32BE(0xffffffff, 32);
    prefix.writeUInt32BE(0xffffffff, 36);
    prefix.writeUInt32BE(0xffffffff, 40);
  }
  return Buffer.concat([prefix, match]);
}

/** What a tool makes of the match's bytes: the match as text, or the error. */
function readOurs(name: ProtocolName, bytes: Uint8Array, nxmLength: number): { text: string; rest: number } {
  const reader = new ByteReader(bytes);
  try {
    const match = isNxm(name)
      ? decodeNxMatch(reader, nxmLength, NO_TABLE, { allowsCookie: true }).match
      : decodeMatch(reader, { version: versionOf(name), ...NO_TABLE });
    if (name.startsWith('OpenFlow10')) normalizeMatch(match);
    return { text: formatMatch(match, { ports: NO_PORT_NAMES }), rest: reader.remaining };
  } catch (error) {
    if (!(error instanceof OpenFlowError)) throw error;
    return { text: error.code, rest: 0 };
  }
}

/** The same of a line that ovs-ofctl prints of the message. */
function readTheirs(line: string): string {
  const refused = /\*\*\*decode error: (\w+)\*\*\*/.exec(line);
  if (refused !== null) return refused[1]!;
  const flow = /: ADD (.*?) ?actions=drop$/.exec(line)?.[1] ?? `not a flow: ${line}`;
  // The cookie among NXM's fields is not the match's, nor is 1.0's highest priority, which a whole match has.
  return flow.replace(/cookie:\S+ ?/, '').replace(/^priority=65535,?/, '');
}

describe.skipIf(!requireOracle())('matches in messages, beside the real ovs-ofctl', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'upcall-matches-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(PROTOCOLS)('%s: any bytes are read alike', { timeout: 1e8 }, (name) => {
    const { seed, cases } = suiteSettings(`reading ${name}`, 400);
    const random = new RandomMatches(seed * 2_000_003 + PROTOCOLS.indexOf(name));
    const form = isNxm(name) ? 'nxm' : versionOf(name);
    const given = Array.from({ length: cases }, () => random.bytes(form));
    const file = join(folder, 'messages');
    writeFileSync(file, Buffer.concat(given.map(({ bytes, length }) => flowModOf(name, bytes, length))));
    const done = spawnSync('ovs-ofctl', ['ofp-parse', file], { encoding: 'latin1', maxBuffer: 1e9 });
    const lines = done.stdout.split('\n').filter((line) => /^(OFPT|NXT)_FLOW_MOD/.test(line));
    expect(lines.length).toBe(cases);
    given.forEach(({ bytes, length }, i) => {
      const ours = readOurs(name, bytes, length);
      const theirs = readTheirs(lines[i]!);
      // What is left of the message is read as instructions or actions, which is not our concern.
      if (ours.rest > 0 && !theirs.startsWith('OFPBMC')) return;
      // A match that is right may be one that no flow can have, or have a cookie, which a change that adds cannot.
      if (theirs === 'OFPBAC_MATCH_INCONSISTENT' || theirs === 'NXBRC_NXM_INVALID') return;
      const hex = Buffer.from(bytes).toString('hex');
      expect({ hex, length, text: ours.text }).toEqual({ hex, length, text: theirs });
    });
  });
});
