/**
 * Matches and fields as bytes: what messages (flow mods, statistics, packet-ins) and actions call.
 *
 * A version of OpenFlow has one form of match of its own: 1.0 a structure of 40 bytes, 1.1 a structure of 88, later
 * ones a list of OXM entries behind a header. OVS's extensions of 1.0 have NXM, such a list without a header.
 */
import type { Match } from '#flowtable/match.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import type { WireContext } from '../message-kind.js';
import type { MatchReading } from './nx-match.js';

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
export function encodeMatch(_match: Match, _context: WireContext, _writer: ByteWriter): void {
  throw new Error('not built yet');
}

/**
 * Reads a match in the version's own form, with its padding; throws OpenFlowError. Versions from 1.1 on are told
 * apart by the match's own header, as OVS does.
 */
export function decodeMatch(_reader: ByteReader, _context: WireContext, _reading: MatchReading = {}): Match {
  throw new Error('not built yet');
}
