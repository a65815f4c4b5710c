/**
 * Matches as lists of NXM or OXM entries.
 *
 * Mirrors nx_pull_raw(), nx_pull_match(), oxm_pull_match(), their loose variants, nx_put_match() and oxm_put_match() of
 * lib/nx-match.c. Entries come in any order in which none stands before what it needs (OpenFlow 1.5.1 §7.2.3.6).
 */
import type { Field } from '#flowtable/fields.js';
import { Match } from '#flowtable/match.js';
import { UserError } from '../../../report/user-error.js';
import {
  isFieldMatched,
  isMaskValid,
  isValueValid,
  matchHasField,
  matchValue,
  requireEthernet,
} from '../../field-value.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import type { WireContext } from '../message-kind.js';
import { type FieldEntry, putEntry, type RawEntry, readPayload, valuesOf } from './field-entry.js';
import { type FieldHeader, fieldOfHeader, type HeaderStyle, readHeader, writeHeader } from './field-header.js';
import { numberOfBytes, putNumber } from './field-value-bytes.js';
import { badPort } from './logged-error.js';
import { entriesOf } from './match-entries.js';

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

export const NO_COOKIE: CookieMatch = { cookie: 0n, cookieMask: 0n };

const COOKIE_SIZE = 8;
const COOKIE_ONES = (1n << 64n) - 1n;
/** NXM_NX_COOKIE, which is no field of packets: its number is that of another, with another length. */
export const COOKIE_HEADER: FieldHeader = {
  oxmClass: 0x0001,
  oxmField: 30,
  isMasked: false,
  length: COOKIE_SIZE,
  experimenter: 0,
};
const OFPMT_OXM = 1;
const MATCH_HEADER_SIZE = 4;

export const isCookieHeader = ({ oxmClass, oxmField, isMasked, length }: FieldHeader): boolean =>
  oxmClass === COOKIE_HEADER.oxmClass &&
  oxmField === COOKIE_HEADER.oxmField &&
  length === (isMasked ? 2 : 1) * COOKIE_SIZE;

/** Up to a multiple of 8. */
const padded = (length: number): number => Math.ceil(length / 8) * 8;

/** Fields that are no packet's header, but were there before it was matched (mf_is_pipeline_field). */
function isPipelineField({ name }: Field): boolean {
  return (
    /^(xx|x)?reg\d+$/.test(name) ||
    (name.startsWith('tun_') && name !== 'tun_tos' && name !== 'tun_ttl') ||
    ['metadata', 'in_port', 'in_port_oxm', 'packet_type'].includes(name)
  );
}

const badValue = (): OpenFlowError => new OpenFlowError('OFPBMC_BAD_VALUE');

/** Adds an entry to a match; throws what OVS answers to it. */
function addEntry(match: Match, { field, value, mask }: FieldEntry, reading: MatchReading): void {
  if (!isMaskValid(field, mask)) throw new OpenFlowError('OFPBMC_BAD_MASK');
  if (!isValueValid(field, value)) throw field.format === 'port' ? badPort(Number(value)) : badValue();
  if (!reading.isLoose && !matchHasField(field, match)) throw new OpenFlowError('OFPBMC_BAD_PREREQ');
  if (isFieldMatched(match, field)) throw new OpenFlowError('OFPBMC_DUP_FIELD');
  if (reading.pipelineFieldsOnly && !isPipelineField(field)) throw new OpenFlowError('OFPBRC_PIPELINE_FIELDS_ONLY');
  try {
    matchValue(match, field, value, mask);
  } catch (error) {
    if (error instanceof UserError) throw badValue();
    throw error;
  }
  if (field.prerequisite !== 'none') requireEthernet(match);
}

function cookieOf({ value, mask }: RawEntry): CookieMatch {
  return { cookie: numberOfBytes(value), cookieMask: mask === null ? COOKIE_ONES : numberOfBytes(mask) };
}

/** Reads entries up to the reader's end. */
function readEntries(
  reader: ByteReader,
  context: Pick<WireContext, 'tlvTable'>,
  reading: MatchReading,
  allowsCookie: boolean,
): CookieMatch & { readonly match: Match } {
  const match = new Match();
  let cookie = NO_COOKIE;
  while (reader.remaining > 0) {
    const header = readHeader(reader);
    const field = fieldOfHeader(header, context);
    const entry = readPayload(header, reader);
    if (field !== null) {
      addEntry(match, valuesOf(entry, field), reading);
    } else if (allowsCookie && isCookieHeader(header)) {
      if (cookie.cookieMask !== 0n) throw new OpenFlowError('OFPBMC_DUP_FIELD');
      cookie = cookieOf(entry);
    } else if (!reading.isLoose) {
      throw new OpenFlowError('OFPBMC_BAD_FIELD');
    }
  }
  return { match, ...cookie };
}

/** Appends entries alone, without header and padding (oxm_put_raw: packet-ins of OVS's own). */
export function encodeFieldMatch(match: Match, style: HeaderStyle, writer: ByteWriter): void {
  for (const { field, size, value, mask } of entriesOf(match, style)) {
    putEntry(field, style, size, value, mask, writer);
  }
}

/** Reads entries up to the reader's end (oxm_decode_match). */
export function decodeFieldMatch(
  reader: ByteReader,
  context: Pick<WireContext, 'tlvTable'>,
  reading: MatchReading = {},
): Match {
  return readEntries(reader, context, reading, false).match;
}

function putCookie({ cookie, cookieMask }: CookieMatch, writer: ByteWriter): void {
  if (cookieMask === 0n) return;
  const isMasked = cookieMask !== COOKIE_ONES;
  const length = (isMasked ? 2 : 1) * COOKIE_SIZE;
  writeHeader({ ...COOKIE_HEADER, isMasked, length }, writer);
  putNumber(cookie & cookieMask, COOKIE_SIZE, writer);
  if (isMasked) putNumber(cookieMask, COOKIE_SIZE, writer);
}

/** Appends an NXM match, padded to 8 bytes; returns its length without the padding (nx_put_match). */
export function encodeNxMatch(match: Match, writer: ByteWriter, cookie: CookieMatch = NO_COOKIE): number {
  const start = writer.size;
  encodeFieldMatch(match, 'nxm', writer);
  putCookie(cookie, writer);
  const length = writer.size - start;
  writer.pad(8, start);
  return length;
}

/**
 * Reads an NXM match of `length` bytes with its padding; a cookie only where it is allowed: elsewhere it is an unknown
 * field (nx_pull_match, nx_pull_match_loose).
 */
export function decodeNxMatch(
  reader: ByteReader,
  length: number,
  context: Pick<WireContext, 'tlvTable'>,
  reading: MatchReading & { readonly allowsCookie?: boolean } = {},
): CookieMatch & { readonly match: Match } {
  if (padded(length) > reader.remaining) throw new OpenFlowError('OFPBMC_BAD_LEN');
  const entries = reader.part(length);
  reader.skip(padded(length) - length);
  return readEntries(entries, context, reading, reading.allowsCookie === true);
}

/** Appends the header of a match that has so many bytes of entries. */
export function putOxmHeader(size: number, writer: ByteWriter): void {
  writer.u16(OFPMT_OXM);
  writer.u16(MATCH_HEADER_SIZE + size);
}

/** Appends the match behind OXM's header, padded to 8 bytes; returns its length without the padding (oxm_put_match). */
export function encodeOxmMatch(match: Match, style: HeaderStyle, writer: ByteWriter): number {
  const start = writer.size;
  putOxmHeader(0, writer);
  encodeFieldMatch(match, style, writer);
  const length = writer.size - start;
  writer.patchU16(start + 2, length);
  writer.pad(8, start);
  return length;
}

/** Reads a match behind OXM's header, with its padding (oxm_pull_match, oxm_pull_match_loose). */
export function decodeOxmMatch(
  reader: ByteReader,
  context: Pick<WireContext, 'tlvTable'>,
  reading: MatchReading = {},
): Match {
  if (reader.remaining < MATCH_HEADER_SIZE) throw new OpenFlowError('OFPBMC_BAD_LEN');
  const type = reader.u16();
  const length = reader.u16();
  if (length < MATCH_HEADER_SIZE) throw new OpenFlowError('OFPBMC_BAD_LEN');
  if (type !== OFPMT_OXM) throw new OpenFlowError('OFPBMC_BAD_TYPE');
  if (padded(length) - MATCH_HEADER_SIZE > reader.remaining) throw new OpenFlowError('OFPBMC_BAD_LEN');
  const entries = reader.part(length - MATCH_HEADER_SIZE);
  reader.skip(padded(length) - length);
  return decodeFieldMatch(entries, context, reading);
}
