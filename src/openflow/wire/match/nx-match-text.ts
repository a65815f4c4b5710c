/**
 * NXM and OXM entries as text: `NXM_OF_ETH_TYPE(0800), NXM_OF_IP_SRC_W(0a000000/ff000000)`. Fields stand under their
 * names or, for tests of what is not understood, as the hexadecimal digits of a header.
 *
 * Mirrors nx_match_from_string_raw() and nx_match_to_string() of lib/nx-match.c, whose words its errors are.
 */
import { EXPERIMENTER_CLASS, type OxmName } from '#flowtable/field.js';
import { type Field, FIELD_BY_OXM } from '#flowtable/fields.js';
import { UserError } from '../../../report/user-error.js';
import { OpenFlowError } from '../../switch-connection.js';
import { ByteReader } from '../byte-reader.js';
import { ByteWriter } from '../byte-writer.js';
import { readPayload } from './field-entry.js';
import { type FieldHeader, knownHeader, payloadSize, readHeader, valueSize, writeHeader } from './field-header.js';
import { COOKIE_HEADER, isCookieHeader } from './nx-match.js';

const ANY = '<any>';
const WILD_SUFFIX = '_W';
/** Digits of a header: of the common ones, and of an experimenter's. */
const HEADER_DIGITS = 8;
const EXPERIMENTER_HEADER_DIGITS = 16;
const COOKIE_NAME = 'NXM_NX_COOKIE';

const experimenterSize = (oxmClass: number): number => (oxmClass === EXPERIMENTER_CLASS ? 4 : 0);

/** The header for values of so many bytes. */
function withValueSize(header: FieldHeader, size: number): FieldHeader {
  return { ...header, length: experimenterSize(header.oxmClass) + size * (header.isMasked ? 2 : 1) };
}

function headerOf(field: Field, { oxmClass, oxmField, experimenter }: OxmName, isMasked: boolean): FieldHeader {
  return withValueSize({ oxmClass, oxmField, isMasked, length: 0, experimenter }, field.wireSize);
}

function headerNamed(name: string): FieldHeader | null {
  const isWild = name.length > WILD_SUFFIX.length && name.endsWith(WILD_SUFFIX);
  const plain = isWild ? name.slice(0, -WILD_SUFFIX.length) : name;
  const field = FIELD_BY_OXM.get(plain);
  if (field !== undefined && (!isWild || field.maskable)) {
    return headerOf(field, field.oxm.find((oxm) => oxm.name === plain)!, isWild);
  }
  if (plain === COOKIE_NAME) return withValueSize({ ...COOKIE_HEADER, isMasked: isWild }, 8);
  return headerOfDigits(name);
}

function headerOfDigits(digits: string): FieldHeader | null {
  if (!/^[0-9a-fA-F]*$/.test(digits)) return null;
  if (digits.length !== HEADER_DIGITS && digits.length !== EXPERIMENTER_HEADER_DIGITS) return null;
  const bits = BigInt(`0x${digits.padEnd(EXPERIMENTER_HEADER_DIGITS, '0')}`);
  const part = (shift: bigint, ones: bigint): number => Number((bits >> shift) & ones);
  const header: FieldHeader = {
    oxmClass: part(48n, 0xffffn),
    oxmField: part(41n, 0x7fn),
    isMasked: part(40n, 1n) === 1,
    length: part(32n, 0xffn),
    experimenter: part(0n, 0xffffffffn),
  };
  const isExperimenter = header.oxmClass === EXPERIMENTER_CLASS;
  if (bits === 0n || (digits.length === EXPERIMENTER_HEADER_DIGITS && !isExperimenter)) return null;
  return header;
}

/** Bytes that the header asks for; where an experimenter's has no room for its number, what C makes of that. */
function expectedSize(header: FieldHeader): number {
  const size = payloadSize(header);
  return size < 0 && header.isMasked ? Math.floor((2 ** 32 + size) / 2) : valueSize(header);
}

/** Takes pairs of hexadecimal digits, white space and dots off the front of a text. */
function scanHex(text: string): { readonly bytes: Uint8Array; readonly rest: string } {
  const taken = /^(?:[ .\t\r\n]*[0-9a-fA-F]{2})*[ .\t\r\n]*/.exec(text)![0];
  return { bytes: Buffer.from(taken.replace(/[ .\t\r\n]+/g, ''), 'hex'), rest: text.slice(taken.length) };
}

/** The header with the length that the value has: fields of any length have that of their value. */
function fitHeader(header: FieldHeader, size: number): FieldHeader {
  if (size === expectedSize(header)) return header;
  const field = knownHeader(header)?.field;
  if (field === undefined || field.option === null) {
    throw new UserError(`expected to read ${expectedSize(header)} bytes but got ${size}`);
  }
  if (size > field.wireSize) {
    throw new UserError(`expected to read at most ${field.wireSize} bytes but got ${size}`);
  }
  return withValueSize(header, size);
}

/** The bytes of a list of entries, without padding. */
export function parseNxMatchText(text: string): Uint8Array {
  const writer = new ByteWriter();
  if (text === ANY) return writer.take();
  for (let rest = text.replace(/^[, ]+/, ''); rest !== ''; rest = rest.replace(/^[, ]+/, '')) {
    const nameLength = rest.indexOf('(');
    if (nameLength < 0) throw new UserError(`${text}: missing ( at end of nx_match`);
    const name = rest.slice(0, nameLength);
    const named = headerNamed(name);
    if (named === null) throw new UserError(`${text}: unknown field \`${name}'`);
    const value = scanHex(rest.slice(nameLength + 1));
    const header = fitHeader(named, value.bytes.length);
    writeHeader(header, writer);
    writer.put(value.bytes);
    rest = value.rest;
    if (header.isMasked) {
      rest = rest.replace(/^ +/, '');
      if (!rest.startsWith('/')) throw new UserError(`${text}: missing / in masked field ${name}`);
      const mask = scanHex(rest.slice(1));
      if (mask.bytes.length !== value.bytes.length) {
        throw new UserError(`${mask.rest.slice(0, 2)}: hex digits expected`);
      }
      writer.put(mask.bytes);
      rest = mask.rest;
    }
    rest = rest.replace(/^ +/, '');
    if (!rest.startsWith(')')) throw new UserError(`${text}: missing ) following field ${name}`);
    rest = rest.slice(1);
  }
  return writer.take();
}

function formatName(header: FieldHeader): string {
  const known = knownHeader(header);
  if (known === null && !isCookieHeader(header)) return `${header.oxmClass}:${header.oxmField}`;
  return `${known?.oxm.name ?? COOKIE_NAME}${header.isMasked ? WILD_SUFFIX : ''}`;
}

/** A value or mask; OVS shows those of tunnel metadata as they begin when zeros fill them up to the longest. */
function formatBytes(bytes: Uint8Array, header: FieldHeader): string {
  const field = knownHeader(header)?.field;
  if (field === undefined || field.option === null) return Buffer.from(bytes).toString('hex');
  const filled = new Uint8Array(field.wireSize);
  filled.set(bytes.subarray(0, field.wireSize), Math.max(0, field.wireSize - bytes.length));
  return Buffer.from(filled.subarray(0, bytes.length)).toString('hex');
}

/** Entries as text; `<any>` where there are none. What is broken ends it, and is told to `onError`. */
export function formatNxMatch(bytes: Uint8Array, onError?: (error: OpenFlowError) => void): string {
  if (bytes.length === 0) return ANY;
  const reader = new ByteReader(bytes);
  const parts: string[] = [];
  try {
    while (reader.remaining > 0) {
      const { header, value, mask } = readPayload(readHeader(reader), reader);
      const maskText = mask === null ? '' : `/${formatBytes(mask, header)}`;
      parts.push(`${formatName(header)}(${formatBytes(value, header)}${maskText})`);
    }
  } catch (error) {
    if (!(error instanceof OpenFlowError)) throw error;
    onError?.(error);
    if (reader.remaining > 0) parts.push(`<${reader.remaining} invalid bytes>`);
  }
  return parts.join(', ');
}
