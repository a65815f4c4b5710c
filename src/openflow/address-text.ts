/**
 * Ethernet, IPv4 and IPv6 addresses as text, with masks: as numbers of 48, 32 and 128 bits.
 * Mirrors lib/packets.c (ip_parse_masked, ip_format_masked, …); IPv6 text per RFC 5952 with glibc's inet_ntop() habits:
 * IPv4-compatible and IPv4-mapped addresses end in dotted decimals.
 */
import { Address4, Address6 } from 'ip-address';
import { UserError } from '../report/user-error.js';

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

/** Six one- or two-digit hexadecimal bytes, or null. */
export function parseMac(text: string): bigint | null {
  if (!/^\s*[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){5}$/.test(text)) return null;
  return BigInt(
    `0x${text
      .trim()
      .split(':')
      .map((byte) => byte.padStart(2, '0'))
      .join('')}`,
  );
}

export function parseMacMasked(text: string): Masked {
  const slash = text.indexOf('/');
  const value = parseMac(slash < 0 ? text : text.slice(0, slash));
  const mask = slash < 0 ? MAC_ONES : parseMac(text.slice(slash + 1));
  if (value === null || mask === null) throw new UserError(`${text}: invalid Ethernet address`);
  return { value, mask };
}

export function formatMac(value: bigint): string {
  return value.toString(16).padStart(12, '0').match(/../g)!.join(':');
}

export function formatMacMasked(value: bigint, mask: bigint): string {
  return mask === MAC_ONES ? formatMac(value) : `${formatMac(value)}/${formatMac(mask)}`;
}

/** Four decimal bytes, or null. OVS takes a number above 255 modulo 256; here it is an error. */
export function parseIpv4(text: string): bigint | null {
  if (!/^\s*\d{1,3}(\.\d{1,3}){3}$/.test(text)) return null;
  let address = 0n;
  for (const byte of text.trim().split('.')) {
    const number = Number(byte);
    if (number > 255) return null;
    address = (address << 8n) | BigInt(number);
  }
  return address;
}

export function parseIpv4Masked(text: string): Masked {
  const bad = (): UserError => new UserError(`${text}: invalid IP address`);
  const slash = text.indexOf('/');
  const value = parseIpv4(slash < 0 ? text : text.slice(0, slash));
  if (value === null) throw bad();
  if (slash < 0) return { value, mask: IPV4_ONES };
  const maskText = text.slice(slash + 1);
  const mask = parseIpv4(maskText);
  if (mask !== null) return { value, mask };
  if (!/^[+-]?\d+$/.test(maskText)) throw bad();
  const length = Number(maskText);
  if (length < 0 || length > 32) {
    throw new UserError(`${text}: IPv4 network prefix bits not between 0 and 32, inclusive`);
  }
  return { value, mask: prefixMask(length, 32) };
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
  // Zones, prefixes and brackets are the package's, not inet_pton()'s.
  if (!/^[0-9a-fA-F:.]+$/.test(text) || !Address6.isValid(text)) return null;
  return new Address6(text).bigInt();
}

export function parseIpv6Masked(text: string): Masked {
  const slash = text.indexOf('/');
  const value = parseIpv6((slash < 0 ? text : text.slice(0, slash)).trimStart());
  if (value === null) throw new UserError(`${text}: invalid IPv6 address`);
  if (slash < 0) return { value, mask: IPV6_ONES };
  const maskText = text.slice(slash + 1);
  // As in OVS a mask that begins with a decimal digit is a prefix length, and nothing may follow that.
  const prefix = /^[+-]?\d+/.exec(maskText)?.[0];
  if (prefix !== undefined) {
    const length = Number(prefix);
    if (length < 0 || length > 128) {
      throw new UserError(`${text}: IPv6 network prefix bits not between 0 and 128, inclusive`);
    }
    if (prefix !== maskText) throw new UserError(`${text}: invalid IPv6 address`);
    return { value, mask: prefixMask(length, 128) };
  }
  const mask = parseIpv6(maskText);
  if (mask === null) throw new UserError(`${text}: Invalid IPv6 mask`);
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
