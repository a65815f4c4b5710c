/**
 * Ethernet, IPv4 and IPv6 addresses as text, with masks: as numbers of 48, 32 and 128 bits.
 * Mirrors lib/packets.c (ip_parse_masked, ip_format_masked, …); IPv6 text per RFC 5952 with glibc's inet_ntop() habits:
 * IPv4-compatible and IPv4-mapped addresses end in dotted decimals.
 */
import { Address4, Address6 } from 'ip-address';
import { UserError } from '../report/user-error.js';
import { scan } from './scan.js';

export interface Masked {
  readonly value: bigint;
  readonly mask: bigint;
}

export const MAC_ONES = (1n << 48n) - 1n;
export const IPV4_ONES = (1n << 32n) - 1n;
export const IPV6_ONES = (1n << 128n) - 1n;

/** A prefix length's mask over `bits` bits. */
function prefixMask(length: number, bits: number): bigint {
  const ones = (1n << BigInt(bits)) - 1n;
  return ones ^ (ones >> BigInt(length));
}

/** The prefix length of a mask of contiguous ones from the top, or null. */
function prefixLength(mask: bigint, bits: number): number | null {
  const wild = ((1n << BigInt(bits)) - 1n) ^ mask;
  if ((wild & (wild + 1n)) !== 0n) return null;
  return bits - (wild === 0n ? 0 : wild.toString(2).length);
}

export function isCidr(mask: bigint): boolean {
  return prefixLength(mask, 32) !== null;
}

/** What a scanner made of the front of a text: the address and how many characters it took. */
export interface ScannedAddress {
  readonly value: bigint;
  readonly length: number;
}

function scanBytes(text: string, format: string): ScannedAddress | null {
  const found = scan(text, format);
  if (found === null) return null;
  return { value: found.values.reduce((sum, byte) => (sum << 8n) | byte, 0n), length: found.length };
}

export const scanMac = (text: string): ScannedAddress | null => scanBytes(text, '%hhx:%hhx:%hhx:%hhx:%hhx:%hhx');
export const scanIpv4 = (text: string): ScannedAddress | null => scanBytes(text, '%hhu.%hhu.%hhu.%hhu');

/** The number at the front of a text as C's int, and how many characters it took. */
function scanInt(text: string): { readonly value: number; readonly length: number } | null {
  const found = scan(text, '%d');
  return found === null ? null : { value: Number(found.values[0]), length: found.length };
}

/** The address if nothing follows it. */
function whole(scanned: ScannedAddress | null, text: string): bigint | null {
  return scanned !== null && scanned.length === text.length ? scanned.value : null;
}

export function parseMacMasked(text: string): Masked {
  const value = scanMac(text);
  if (value !== null) {
    const rest = text.slice(value.length);
    if (rest === '') return { value: value.value, mask: MAC_ONES };
    const mask = rest.startsWith('/') ? whole(scanMac(rest.slice(1)), rest.slice(1)) : null;
    if (mask !== null) return { value: value.value, mask };
  }
  throw new UserError(`${text}: invalid Ethernet address`);
}

export function formatMac(value: bigint): string {
  return value.toString(16).padStart(12, '0').match(/../g)!.join(':');
}

export function formatMacMasked(value: bigint, mask: bigint): string {
  return mask === MAC_ONES ? formatMac(value) : `${formatMac(value)}/${formatMac(mask)}`;
}

/** Four decimal bytes as inet_pton() takes them, or null. */
export function parseIpv4(text: string): bigint | null {
  if (!/^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/.test(text)) return null;
  const bytes = text.split('.').map(BigInt);
  return bytes.every((byte) => byte <= 255n) ? bytes.reduce((sum, byte) => (sum << 8n) | byte, 0n) : null;
}

export function parseIpv4Masked(text: string): Masked {
  const bad = (): UserError => new UserError(`${text}: invalid IP address`);
  const scanned = scanIpv4(text);
  if (scanned === null) throw bad();
  const { value } = scanned;
  const rest = text.slice(scanned.length);
  if (rest === '') return { value, mask: IPV4_ONES };
  if (!rest.startsWith('/')) throw bad();
  const maskText = rest.slice(1);
  const mask = scanIpv4(maskText);
  if (mask !== null) {
    if (mask.length !== maskText.length) throw bad();
    return { value, mask: mask.value };
  }
  const length = scanInt(maskText);
  if (length === null) throw bad();
  if (length.value < 0 || length.value > 32) {
    throw new UserError(`${text}: IPv4 network prefix bits not between 0 and 32, inclusive`);
  }
  if (length.length !== maskText.length) throw bad();
  return { value, mask: prefixMask(length.value, 32) };
}

export function formatIpv4(value: bigint): string {
  return Address4.fromBigInt(value).correctForm();
}

export function formatIpv4Masked(value: bigint, mask: bigint): string {
  if (mask === IPV4_ONES) return formatIpv4(value);
  const length = prefixLength(mask, 32);
  return `${formatIpv4(value)}/${length === null ? formatIpv4(mask) : length}`;
}

/** An IPv6 address as inet_pton() takes it, or null. */
export function parseIpv6(text: string): bigint | null {
  // Zones, prefixes and brackets are the package's, not inet_pton()'s; so is a leading zero in dotted decimals.
  if (!/^[0-9a-fA-F:.]+$/.test(text) || !Address6.isValid(text)) return null;
  const dotted = /[^:]*\.[^:]*$/.exec(text)?.[0];
  if (dotted !== undefined && parseIpv4(dotted) === null) return null;
  return new Address6(text).bigInt();
}

/** As many characters as an IPv6 address may have. */
const IPV6_CHARACTERS = /^\s*([0-9a-fA-F:.]{1,46})/;

export function parseIpv6Masked(text: string): Masked {
  const bad = (): UserError => new UserError(`${text}: invalid IPv6 address`);
  const found = IPV6_CHARACTERS.exec(text);
  const value = found === null ? null : parseIpv6(found[1]!);
  if (found === null || value === null) throw bad();
  const rest = text.slice(found[0].length);
  if (rest === '') return { value, mask: IPV6_ONES };
  if (!rest.startsWith('/')) throw bad();
  const maskText = rest.slice(1);
  // As in OVS a mask that begins with a decimal digit is a prefix length, and nothing may follow that.
  const length = scanInt(maskText);
  if (length !== null) {
    if (length.value < 0 || length.value > 128) {
      throw new UserError(`${text}: IPv6 network prefix bits not between 0 and 128, inclusive`);
    }
    if (length.length !== maskText.length) throw bad();
    return { value, mask: prefixMask(length.value, 128) };
  }
  const maskWord = /^[0-9a-fA-F:.]{1,46}/.exec(maskText)?.[0];
  if (maskWord === undefined) throw bad();
  const mask = parseIpv6(maskWord);
  if (mask === null) throw new UserError(`${text}: Invalid IPv6 mask`);
  if (maskWord.length !== maskText.length) throw bad();
  return { value, mask };
}

/** inet_ntop(): RFC 5952, and dotted decimals at the end of ::a.b.c.d and ::ffff:a.b.c.d. */
export function formatIpv6(value: bigint): string {
  const words: number[] = [];
  for (let i = 7; i >= 0; i--) words.push(Number((value >> BigInt(16 * i)) & 0xffffn));
  let bestStart = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && words[i + length] === 0) length++;
    if (length > bestLength) {
      bestStart = i;
      bestLength = length;
    }
  }
  const dotted = bestStart === 0 && (bestLength === 6 || (bestLength === 5 && words[5] === 0xffff));
  const parts = words.map((word) => word.toString(16));
  if (dotted) parts.splice(6, 2, formatIpv4(value & IPV4_ONES));
  if (bestStart < 0) return parts.join(':');
  return `${parts.slice(0, bestStart).join(':')}::${parts.slice(bestStart + bestLength).join(':')}`;
}

export function formatIpv6Masked(value: bigint, mask: bigint): string {
  if (mask === IPV6_ONES) return formatIpv6(value);
  const length = prefixLength(mask, 128);
  return `${formatIpv6(value)}/${length === null ? formatIpv6(mask) : length}`;
}
