/**
 * Matches and fields as bytes: what messages (flow mods, statistics, packet-ins) and actions call.
 *
 * A version of OpenFlow has one form of match of its own: 1.0 a structure of 40 bytes, 1.1 a structure of 88, later
 * ones a list of OXM entries behind a header. OVS's extensions of 1.0 have NXM, such a list without a header.
 *
 * Mirrors ofputil_put_ofp11_match() and ofputil_pull_ofp11_match() of lib/ofp-match.c.
 */
import type { Match } from '#flowtable/match.js';
import { OpenFlowError } from '../../switch-connection.js';
import { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import type { WireContext } from '../message-kind.js';
import { decodeOxmMatch, encodeOxmMatch, type MatchReading } from './nx-match.js';
import { decodeOfp10Match, encodeOfp10Match } from './ofp10-match.js';
import { decodeOfp11Match, encodeOfp11Match, OFP11_MATCH_SIZE, OFPMT_STANDARD } from './ofp11-match.js';

export { decodeFieldEntry, encodeFieldEntry } from './field-entry.js';
export { decodeFieldHeader, encodeFieldHeader, type HeaderStyle } from './field-header.js';
export { decodeFieldList, encodeFieldList } from './field-list.js';
export { decodeFieldValue, encodeFieldValue } from './field-value-bytes.js';
export {
  type CookieMatch,
  decodeFieldMatch,
  decodeNxMatch,
  encodeFieldMatch,
  encodeNxMatch,
  type MatchReading,
} from './nx-match.js';

/** Appends the match in the version's own form, padded to 8 bytes. What the form has no room for is left out. */
export function encodeMatch(match: Match, { version }: Pick<WireContext, 'version'>, writer: ByteWriter): void {
  if (version === 10) encodeOfp10Match(match, writer);
  else if (version === 11) encodeOfp11Match(match, writer);
  else encodeOxmMatch(match, version, writer);
}

/**
 * Reads a match in the version's own form, with its padding; throws OpenFlowError. Versions from 1.1 on are told
 * apart by the match's own header, as OVS does; one that is read loosely, or for pipeline fields, can only be OXM.
 */
export function decodeMatch(reader: ByteReader, context: WireContext, reading: MatchReading = {}): Match {
  if (context.version === 10) return decodeOfp10Match(reader);
  if (reading.isLoose || reading.pipelineFieldsOnly) return decodeOxmMatch(reader, context, reading);
  const { type, length } = peekHeader(reader);
  if (type !== OFPMT_STANDARD) return decodeOxmMatch(reader, context, reading);
  if (length !== OFP11_MATCH_SIZE) throw new OpenFlowError('OFPBMC_BAD_LEN');
  return decodeOfp11Match(reader);
}

const HEADER_SIZE = 4;

/** Type and length of the match that begins here. */
function peekHeader({ bytes, offset, end, remaining }: ByteReader): { readonly type: number; readonly length: number } {
  if (remaining < HEADER_SIZE) throw new OpenFlowError('OFPBMC_BAD_LEN');
  const header = new ByteReader(bytes, offset, end);
  return { type: header.u16(), length: header.u16() };
}
