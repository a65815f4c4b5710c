/** Matches as lists of NXM or OXM entries. */
import type { Match } from '#flowtable/match.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import type { WireContext } from '../message-kind.js';
import type { HeaderStyle } from './field-header.js';

export interface MatchReading {
  /** Skips fields that are not known, and does not ask whether packets of the match have the others. */
  readonly isLoose?: boolean;
  /** Answers OFPBRC_PIPELINE_FIELDS_ONLY to fields of packets' headers (OpenFlow 1.5's packet-out). */
  readonly pipelineFieldsOnly?: boolean;
}

/** The cookie that NXM may have among its fields; no bits of the mask: none. */
export interface CookieMatch {
  readonly cookie: bigint;
  readonly cookieMask: bigint;
}

/** Appends entries alone, without header and padding (oxm_put_raw: packet-ins of OVS's own). */
export function encodeFieldMatch(_match: Match, _style: HeaderStyle, _writer: ByteWriter): void {
  throw new Error('not built yet');
}

/** Reads entries up to the reader's end (oxm_decode_match). */
export function decodeFieldMatch(_reader: ByteReader, _context: WireContext, _reading: MatchReading = {}): Match {
  throw new Error('not built yet');
}

/** Appends an NXM match, padded to 8 bytes; returns its length without the padding (nx_put_match). */
export function encodeNxMatch(_match: Match, _writer: ByteWriter, _cookie?: CookieMatch): number {
  throw new Error('not built yet');
}

/**
 * Reads an NXM match of `length` bytes with its padding; a cookie only where it is allowed: elsewhere it is an unknown
 * field (nx_pull_match, nx_pull_match_loose).
 */
export function decodeNxMatch(
  _reader: ByteReader,
  _length: number,
  _context: WireContext,
  _reading: MatchReading & { readonly allowsCookie?: boolean } = {},
): CookieMatch & { readonly match: Match } {
  throw new Error('not built yet');
}
