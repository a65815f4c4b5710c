/**
 * ovs-ofctl parse-ofp11-match: matches of OpenFlow 1.1 as bytes, through a match, to bytes again. Mirrors
 * ofctl_parse_ofp11_match().
 */
import { formatMatch } from '../match-format.js';
import { NO_PORT_NAMES } from '../ports.js';
import { OpenFlowError } from '../switch-connection.js';
import { ByteReader } from '../wire/byte-reader.js';
import { ByteWriter } from '../wire/byte-writer.js';
import { decodeOfp11Match, encodeOfp11Match, OFP11_MATCH_SIZE } from '../wire/match/ofp11-match.js';
import type { OfctlCommand } from './command.js';
import type { Invocation } from './invocation.js';
import { formatDifferences, inputLines, parseBytesOf } from './hex-input.js';
import { LimitedLog } from './limited-log.js';

function parseLine(invocation: Invocation, line: string): void {
  const given = parseBytesOf(line, OFP11_MATCH_SIZE);
  const match = decodeOfp11Match(new ByteReader(given));
  invocation.print(`${formatMatch(match, { ports: NO_PORT_NAMES })}\n`);
  const writer = new ByteWriter();
  encodeOfp11Match(match, writer);
  invocation.print(formatDifferences(given, writer.take()));
}

export const parseOfp11Match: OfctlCommand = {
  name: 'parse-ofp11-match',
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  writes: true,
  run(invocation) {
    const log = new LimitedLog(invocation);
    for (const line of inputLines(invocation.environment.stdin)) {
      try {
        parseLine(invocation, line);
      } catch (error) {
        if (!(error instanceof OpenFlowError)) throw error;
        log.logError(error);
        invocation.print(`bad ofp11_match: ${error.code}\n`);
      }
      invocation.print('\n');
    }
  },
};
