/**
 * Integers as OVS reads and writes them in text: C's strtoull with base 0 for most arguments, and hexadecimal of any
 * width for match fields. Mirrors lib/util.c (parse_int_string, str_to_int) and lib/ofp-parse.c (str_to_u16, …).
 * A parser returns null, or a number of characters, instead of throwing: the caller knows OVS's words for its place.
 */
import { UserError } from '../report/user-error.js';

/** What strtoull(text, &tail, base) would make of the text: the value and how many characters it took (0: none). */
export interface ScannedInteger {
  readonly value: bigint;
  readonly length: number;
}

/** Bits of the widest number that C's strtoull gives. */
const U64_MAX = (1n << 64n) - 1n;

/**
 * C's strtoull: leading white space, a sign, 0x for hexadecimal, 0 for octal. Values beyond 64 bits come back as they
 * are, for the caller to refuse; a minus sign gives the two's complement, as in C.
 */
export function scanInteger(text: string, base: 0 | 10 = 0): ScannedInteger {
  const pattern = base === 10 ? /^\s*([+-]?)(\d+)/ : /^\s*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)/;
  const found = pattern.exec(text);
  if (found === null) return { value: 0n, length: 0 };
  const digits = found[2]!;
  const magnitude = base === 0 && /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits);
  const value = found[1] === '-' && magnitude <= U64_MAX ? BigInt.asUintN(64, -magnitude) : magnitude;
  return { value, length: found[0].length };
}

export type FieldInteger =
  | { readonly ok: true; readonly value: bigint; readonly length: number }
  | { readonly ok: false; readonly tooLarge: boolean };

/**
 * An integer of at most `bytes` bytes: hexadecimal may be of any width and may have white space between its digits,
 * other bases end at 64 bits. Trailing text is the caller's.
 */
export function parseIntString(text: string, bytes: number): FieldInteger {
  if (/^0[xX]/.test(text)) {
    const digits = /^(\s*[0-9a-fA-F])*\s*/.exec(text.slice(2))![0];
    const hex = digits.replace(/\s+/g, '').replace(/^0+/, '');
    if (hex.length > bytes * 2) return { ok: false, tooLarge: true };
    return { ok: true, value: hex === '' ? 0n : BigInt(`0x${hex}`), length: 2 + digits.length };
  }
  const { value, length } = scanInteger(text);
  if (length === 0) return { ok: false, tooLarge: false };
  if (value > U64_MAX || value >> BigInt(bytes * 8) !== 0n) return { ok: false, tooLarge: true };
  return { ok: true, value, length };
}

/** A whole text as a signed 32-bit number that lies in [0, limit], or null (str_to_int and the checks after it). */
function wholeInteger(text: string, limit: bigint): number | null {
  const { value, length } = scanInteger(text);
  if (length === 0 || length !== text.length || value > limit) return null;
  return Number(value);
}

/** An 8-bit number; `what` names it in the error. */
export function parseU8(text: string, what: string): number {
  const value = wholeInteger(text, 0xffn);
  if (value === null) throw new UserError(`invalid ${what} "${text}"`);
  return value;
}

/** A 16-bit number; `what` names it in the error. */
export function parseU16(text: string, what: string): number {
  const value = wholeInteger(text, 0xffffn);
  if (value === null) throw new UserError(`invalid ${what} "${text}"`);
  return value;
}

/** A 64-bit number. */
export function parseU64(text: string): bigint {
  if (text === '') throw new UserError('missing required numeric argument');
  const { value, length } = scanInteger(text);
  if (length !== text.length || value > U64_MAX) throw new UserError(`invalid numeric format ${text}`);
  return value;
}

/** A 32-bit number, the low bits of what was written, as OVS takes it on 64-bit machines. */
export function parseU32(text: string): number {
  return Number(BigInt.asUintN(32, parseU64(text)));
}

/** `0x1f`, and `0` for zero: C's %#x. */
export function formatHex(value: bigint | number): string {
  return value === 0 || value === 0n ? '0' : `0x${value.toString(16)}`;
}

/** The decimal number that C's atoi() finds at the start of the text, 0 if there is none. */
export function parseLeadingDecimal(text: string): number {
  return Number(BigInt.asIntN(32, scanInteger(text, 10).value));
}
