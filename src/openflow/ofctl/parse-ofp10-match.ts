/**
 * ovs-ofctl parse-ofp10-match: matches of OpenFlow 1.0 as bytes, through a match, to bytes again. Mirrors
 * ofctl_parse_ofp10_match(): an `x` in the input is a digit that nothing may depend on, and comes out as 0. OVS puts
 * random digits there; we put all sixteen, one after the other.
 */
import { formatMatch } from '../match-format.js';
import type { Match } from '#flowtable/match.js';
import { normalizeMatch } from '../match-normalize.js';
import { NO_PORT_NAMES } from '../ports.js';
import { ByteReader } from '../wire/byte-reader.js';
import { ByteWriter } from '../wire/byte-writer.js';
import { decodeOfp10Match, encodeOfp10Match, OFP10_MATCH_SIZE } from '../wire/match/ofp10-match.js';
import type { OfctlCommand } from './command.js';
import { formatDifferences, inputLines, parseBytesOf } from './hex-input.js';
import { LimitedLog } from './limited-log.js';

const HEX_DIGITS = '0123456789abcdef';

function encode(match: Match): Uint8Array {
  const writer = new ByteWriter();
  encodeOfp10Match(match, writer);
  return writer.take();
}

const textOf = (match: Match): string => formatMatch(match, { ports: NO_PORT_NAMES });

export const parseOfp10Match: OfctlCommand = {
  name: 'parse-ofp10-match',
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  writes: true,
  run(invocation) {
    const log = new LimitedLog(invocation);
    for (const line of inputLines(invocation.environment.stdin)) {
      const expected = parseBytesOf(line.replaceAll('x', '0'), OFP10_MATCH_SIZE);
      let filled = 0;
      const given = parseBytesOf(
        line.replaceAll('x', () => HEX_DIGITS[filled++ % HEX_DIGITS.length]!),
        OFP10_MATCH_SIZE,
      );
      const match = decodeOfp10Match(new ByteReader(given));
      invocation.print(`${textOf(match)}\n`);
      const bytes = encode(match);
      invocation.print(formatDifferences(expected, bytes));

      const normal = match.clone();
      normalizeMatch(normal);
      if (!normal.mask.equals(match.mask)) {
        const details = [` pre: ${textOf(match)}`, `post: ${textOf(normal)}`];
        log.log('ofp_match', ['normalization changed ofp_match, details:', ...details], 'INFO');
      }
      invocation.print(formatDifferences(bytes, encode(normal), 'normal: '));
      invocation.print('\n');
    }
  },
};
