/**
 * Messages as bytes: which message the headers name, its body in and out, and long lists in several parts. Mirrors
 * lib/ofp-msgs.c. message-kind.ts draws the header that all have; behind it (OpenFlow 1.5.1 §7.3.5, §7.1):
 *
 *     vendor message:      vendor (4), subtype (4)
 *     statistics, 1.0:     type (2), flags (2); of a vendor: vendor (4), subtype (4), zeros (4)
 *     statistics, later:   type (2), flags (2), zeros (4); of a vendor: vendor (4), subtype (4)
 *
 * Reading never goes past the message's end, and what it makes is no larger than a small multiple of the message.
 */
import type { OpenFlowVersion } from '../protocol.js';
import { OpenFlowError } from '../switch-connection.js';
import type { TlvTable } from '../tlv-map.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { NX_VENDOR, ONF_VENDOR } from './errors.js';
import { OFPT_VENDOR, STATS_VENDOR, statsDirection } from './message-code.js';
import type { AnyMessageKind, Framing, MessageCode, MessageKind, WireContext } from './message-kind.js';
import { MESSAGES } from './messages.js';

export const HEADER_SIZE = 8;
const MAX_MESSAGE_SIZE = 0xffff;
/** OFPSF_REPLY_MORE: other parts follow. */
export const FLAG_MORE = 1;

const VERSIONS: readonly OpenFlowVersion[] = [10, 11, 12, 13, 14, 15];

export const wireVersionOf = (version: OpenFlowVersion): number => version - 9;
/** Null where nobody knows that version. */
export const versionOfWire = (wireVersion: number): OpenFlowVersion | null =>
  VERSIONS.find((version) => wireVersionOf(version) === wireVersion) ?? null;

/** What the headers say. */
export interface MessageHead {
  readonly wireVersion: number;
  /** The latest, where the message is of one that nobody knows yet. */
  readonly version: OpenFlowVersion;
  readonly xid: number;
  readonly code: MessageCode;
  readonly kind: AnyMessageKind;
  /** Of statistics; else 0. */
  readonly flags: number;
  /** Where the body begins. */
  readonly size: number;
}

interface Numbers {
  readonly type: number;
  readonly statsType: number;
  readonly vendor: number;
  readonly subtype: number;
}

interface Entry {
  readonly code: MessageCode;
  readonly kind: AnyMessageKind;
}

const keyOf = (wireVersion: number, { type, statsType, vendor, subtype }: Numbers): string =>
  `${wireVersion}/${type}/${statsType}/${vendor}/${subtype}`;

const numbersOf = ({ type, statsType = 0, vendor = 0, subtype = 0 }: MessageCode): Numbers => ({
  type,
  statsType,
  vendor,
  subtype,
});

const BY_NUMBERS: ReadonlyMap<string, Entry> = byNumbers();
/** Of those that are the same in every version, by their type. */
const IMMUTABLE: ReadonlyMap<number, Entry> = immutable();

function byNumbers(): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const kind of MESSAGES) {
    for (const code of kind.codes) {
      for (const version of VERSIONS) {
        if (version < code.firstVersion || version > code.lastVersion) continue;
        const key = keyOf(wireVersionOf(version), numbersOf(code));
        if (entries.has(key)) throw new Error(`two messages of the numbers ${key}`);
        entries.set(key, { code, kind });
      }
    }
  }
  return entries;
}

function immutable(): Map<number, Entry> {
  const entries = new Map<number, Entry>();
  for (const kind of MESSAGES) {
    for (const code of kind.codes) if (code.isImmutable === true) entries.set(code.type, { code, kind });
  }
  return entries;
}

/** The numbers of vendors whose subtypes are known: of 1.0's statistics only Nicira's. */
function subtypeOf(reader: ByteReader, vendor: number, mayBeOnf: boolean): number {
  if (vendor === NX_VENDOR || (mayBeOnf && vendor === ONF_VENDOR)) return reader.u32();
  throw new OpenFlowError('OFPBRC_BAD_VENDOR');
}

/**
 * Reads the headers of a message that may have been cut off behind them. Throws OpenFlowError with what a switch
 * answers to a message of which it knows no more.
 */
export function readHead(bytes: Uint8Array): MessageHead {
  const reader = new ByteReader(bytes);
  const wireVersion = reader.u8();
  const type = reader.u8();
  reader.skip(2);
  const xid = reader.u32();
  const direction = statsDirection(wireVersion, type);
  let numbers: Numbers = { type, statsType: 0, vendor: 0, subtype: 0 };
  let flags = 0;
  if (type === OFPT_VENDOR) {
    if (reader.remaining < 8) throw new OpenFlowError('OFPBRC_BAD_LEN');
    const vendor = reader.u32();
    numbers = { ...numbers, vendor, subtype: subtypeOf(reader, vendor, true) };
  } else if (direction !== null || (wireVersion !== 1 && (type === 18 || type === 19))) {
    const isOpenFlow10 = wireVersion === 1;
    const statsType = reader.u16();
    flags = reader.u16();
    if (!isOpenFlow10) reader.skip(4);
    numbers = { ...numbers, statsType };
    if (statsType === STATS_VENDOR) {
      if (!isOpenFlow10 && reader.remaining < 8) throw new OpenFlowError('OFPBRC_BAD_LEN');
      const vendor = reader.u32();
      numbers = { ...numbers, vendor, subtype: subtypeOf(reader, vendor, !isOpenFlow10) };
      if (isOpenFlow10) reader.skip(4);
    }
  }
  const entry = BY_NUMBERS.get(keyOf(wireVersion, numbers)) ?? (wireVersion === 0 ? undefined : IMMUTABLE.get(type));
  if (entry === undefined) {
    if (numbers.vendor !== 0) throw new OpenFlowError('OFPBRC_BAD_SUBTYPE');
    throw new OpenFlowError(direction === null ? 'OFPBRC_BAD_TYPE' : 'OFPBRC_BAD_STAT');
  }
  const version = versionOfWire(wireVersion) ?? 15;
  return { wireVersion, version, xid, ...entry, flags, size: reader.offset };
}

/** Throws where the body cannot be as long as it is. */
function checkBodySize({ code }: MessageHead, size: number): void {
  if (code.body === undefined) return;
  const { size: least, unit } = code.body;
  const isRight = unit === 0 ? size === least : size >= least && (size - least) % unit === 0;
  if (!isRight) throw new OpenFlowError('OFPBRC_BAD_LEN');
}

/** The headers of a whole message, whose length is right for what it is. */
export function readWholeHead(bytes: Uint8Array): MessageHead {
  const head = readHead(bytes);
  checkBodySize(head, bytes.length - head.size);
  return head;
}

export interface DecodedMessage {
  readonly head: MessageHead;
  readonly message: { readonly kind: string };
}

/** What a message's bytes mean besides themselves. */
export type MessageContext = Pick<WireContext, 'tlvTable' | 'namesTables'>;

/** What messages that carry others are handed. */
const FRAMING: Framing = {
  kindOf: (bytes) => readWholeHead(bytes).kind.kind,
  decode: (bytes, context) => decodeMessage(bytes, context).message,
  encode: (kind, message, xid, { version, ...options }) => encodeMessage(kind, version, xid, message, options),
};

/** Reads one whole message; throws OpenFlowError with what a switch answers. */
export function decodeMessage(bytes: Uint8Array, context: MessageContext = { tlvTable: null }): DecodedMessage {
  const head = readWholeHead(bytes);
  return { head, message: decodeBody(bytes, head, context) };
}

export function decodeBody(bytes: Uint8Array, head: MessageHead, context: MessageContext): { readonly kind: string } {
  const { version, wireVersion, xid } = head;
  const whole = { ...context, version, wireVersion, xid, framing: FRAMING };
  return head.kind.decode(new ByteReader(bytes, head.size), head.code, whole);
}

export interface EncodeOptions {
  /** The name of the code to use, where the version has several (NXT_FLOW_MOD or OFPT_FLOW_MOD). */
  readonly name?: string;
  readonly tlvTable?: TlvTable | null;
  /** Of what is answered, where nobody knows that version. */
  readonly wireVersion?: number;
  readonly namesTables?: boolean;
}

function encodeContext(version: OpenFlowVersion, { name: _name, ...options }: EncodeOptions): WireContext {
  return { wireVersion: wireVersionOf(version), tlvTable: null, ...options, version, framing: FRAMING };
}

/** The code that a message travels by; throws where the version has none. */
export function codeOf<M extends { readonly kind: string }>(
  kind: MessageKind<M>,
  version: OpenFlowVersion,
  message: M,
  name?: string,
): MessageCode {
  const codes = kind.codes.filter(
    (code) => version >= code.firstVersion && version <= code.lastVersion && (name === undefined || code.name === name),
  );
  const code = codes.length > 1 && kind.choose !== undefined ? kind.choose(message, codes) : codes[0];
  if (code === undefined) throw new Error(`OpenFlow 1.${version - 10} has no ${name ?? kind.kind}`);
  return code;
}

function writeHead(writer: ByteWriter, code: MessageCode, version: OpenFlowVersion, xid: number): void {
  writer.u8(wireVersionOf(version));
  writer.u8(code.type);
  writer.u16(0);
  writer.u32(xid);
  if (code.statsType !== undefined) {
    writer.u16(code.statsType);
    writer.u16(0);
    if (version > 10) writer.zeros(4);
  }
  if (code.vendor === undefined) return;
  writer.u32(code.vendor);
  writer.u32(code.subtype ?? 0);
  if (code.statsType !== undefined && version === 10) writer.zeros(4);
}

/** The bytes of one message; throws RangeError where they are more than a message can be. */
export function encodeMessage<M extends { readonly kind: string }>(
  kind: MessageKind<M>,
  version: OpenFlowVersion,
  xid: number,
  message: M,
  options: EncodeOptions = {},
): Uint8Array {
  const code = codeOf(kind, version, message, options.name);
  const writer = new ByteWriter();
  writeHead(writer, code, version, xid);
  kind.encode(message, writer, code, encodeContext(version, options));
  if (writer.size > MAX_MESSAGE_SIZE) throw new RangeError(`a message of ${writer.size} bytes`);
  writer.patchU16(2, writer.size);
  return writer.take();
}

/** The bytes of a message in as many parts as it takes; all but the last say that more follow. */
export function encodeParts<M extends { readonly kind: string }>(
  kind: MessageKind<M>,
  version: OpenFlowVersion,
  xid: number,
  message: M,
  options: EncodeOptions = {},
): readonly Uint8Array[] {
  const code = codeOf(kind, version, message, options.name);
  const entries = code.statsType === undefined ? undefined : kind.split?.(message);
  if (entries === undefined || entries.length < 2) return [encodeMessage(kind, version, xid, message, options)];
  const context = encodeContext(version, options);
  const begin = (): ByteWriter => {
    const writer = new ByteWriter();
    writeHead(writer, code, version, xid);
    return writer;
  };
  const parts: Uint8Array[] = [];
  const finish = (writer: ByteWriter, isLast: boolean): void => {
    writer.patchU16(2, writer.size);
    if (!isLast) writer.patchU16(HEADER_SIZE + 2, FLAG_MORE);
    parts.push(writer.take());
  };
  let part = begin();
  for (const entry of entries) {
    const body = new ByteWriter();
    kind.encode(entry, body, code, context);
    if (part.size + body.size > MAX_MESSAGE_SIZE) {
      finish(part, false);
      part = begin();
    }
    part.put(body.take());
  }
  finish(part, true);
  return parts;
}
