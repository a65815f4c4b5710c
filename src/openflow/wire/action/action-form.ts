/**
 * What an action's file says of its bytes. Mirrors enum ofp_raw_action_type of lib/ofp-actions.c: a row there, one shape
 * of an action, is an ActionForm here, and stands in the action's own file.
 *
 * An action on the wire (OpenFlow 1.5.1 §7.2.6; of a vendor as OVS and the ONF lay out their extensions), big-endian:
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------------------------------+-------------------------------+
 *     |     type, of a vendor 0xffff  |   length, a multiple of 8     |
 *     +-------------------------------+-------------------------------+
 *     |              of a vendor only: which vendor                   |
 *     +-------------------------------+-------------------------------+
 *     |  of a vendor only: subtype    |
 *     +-------------------------------+
 */
import type { Action } from '../../action/action.js';
import type { OpenFlowVersion } from '../../protocol.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import type { WireContext } from '../message-kind.js';

export const NICIRA = 0x2320;
export const ONF = 0x4f4e4600;

/** The numbers that name a form in a range of versions. */
export interface ActionCode {
  /** 0: OpenFlow itself. */
  readonly vendor: number;
  /** A vendor's subtype. */
  readonly type: number;
  readonly firstVersion: OpenFlowVersion;
  readonly lastVersion: OpenFlowVersion;
}

type Coding = (type: number, firstVersion?: OpenFlowVersion, lastVersion?: OpenFlowVersion) => ActionCode;

const codingOf =
  (vendor: number): Coding =>
  (type, firstVersion = 10, lastVersion = 15) => ({ vendor, type, firstVersion, lastVersion });

export const openflow = codingOf(0);
export const nicira = codingOf(NICIRA);
export const onf = codingOf(ONF);

const HEADER_SIZE = 4;
const VENDOR_HEADER_SIZE = 10;
export const ACTION_ALIGNMENT = 8;

export const headerSizeOf = (code: ActionCode): number => (code.vendor === 0 ? HEADER_SIZE : VENDOR_HEADER_SIZE);

export interface ActionDecodeContext extends WireContext {
  /** Reads the actions inside an action to the reader's end: which may stand there depends on that. */
  decodeNested(reader: ByteReader, outer: 'clone' | 'ct' | 'write_actions'): readonly Action[];
}

export interface ActionEncodeContext extends WireContext {
  encodeNested(actions: readonly Action[], writer: ByteWriter): void;
}

export interface ActionForm<A> {
  readonly codes: readonly ActionCode[];
  /** Bytes behind the header, at least. */
  readonly size: number;
  /** More bytes may follow; else the action is as long as `size` makes it, with padding to a multiple of 8. */
  readonly grows?: boolean;
  /** Does the action travel in this form? Of several forms, it does in the first that says so; absent: it does. */
  carries?(action: A, version: OpenFlowVersion): boolean;
  /** Reads what is behind the header, to the action's end; throws OpenFlowError with what a switch answers. */
  decode(body: ByteReader, context: ActionDecodeContext, code: ActionCode): Action;
  /** Appends what is behind the header; length and padding at the end are seen to. */
  encode(action: A, body: ByteWriter, context: ActionEncodeContext, code: ActionCode): void;
}

/** An instruction (OpenFlow 1.5.1 §7.2.5): type and length, 16 bits each, then what it says. */
export interface InstructionForm<A> {
  readonly type: number;
  /** Bytes behind type and length. */
  readonly size: number;
  readonly grows?: boolean;
  decode(body: ByteReader, context: ActionDecodeContext): Action;
  encode(action: A, body: ByteWriter, context: ActionEncodeContext): void;
}

/** An action that is its header and no more. */
export function emptyForm<A>(
  codes: readonly ActionCode[],
  decode: (context: ActionDecodeContext) => Action,
): ActionForm<A> {
  return {
    codes,
    size: 0,
    decode: (_body, context) => decode(context),
    encode() {},
  };
}

interface NumberForm<A> {
  readonly codes: readonly ActionCode[];
  /** Of the number. */
  readonly size: 1 | 2 | 4;
  decode(value: number, context: ActionDecodeContext): Action;
  encode(action: A): number;
  carries?(action: A, version: OpenFlowVersion): boolean;
}

/** Between a vendor's header and a number of 32 bits there are two bytes, so that it stands at a multiple of four. */
const gapBefore = (size: number, code: ActionCode): number => (size === 4 ? -headerSizeOf(code) & 3 : 0);

/** An action that is a number. */
export function numberForm<A>({ codes, size, decode, encode, carries }: NumberForm<A>): ActionForm<A> {
  return {
    codes,
    size,
    ...(carries === undefined ? {} : { carries }),
    decode(body, context, code) {
      body.skip(gapBefore(size, code));
      return decode(size === 1 ? body.u8() : size === 2 ? body.u16() : body.u32(), context);
    },
    encode(action, body, _context, code) {
      body.zeros(gapBefore(size, code));
      const value = encode(action);
      if (size === 1) body.u8(value);
      else if (size === 2) body.u16(value);
      else body.u32(value);
    },
  };
}

/** Bytes that must be zero. */
export function requireZeros(reader: ByteReader, length: number, code: string): void {
  if (reader.view(length).some((byte) => byte !== 0)) throw new OpenFlowError(code);
}

/** Throws the error code that a check found. */
export function refuse(code: string | null): void {
  if (code !== null) throw new OpenFlowError(code);
}
