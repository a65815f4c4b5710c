/**
 * IP addresses as OVS's tunnel tables hold them: 16 bytes, IPv4 mapped into IPv6 (RFC 4291 §2.5.5.2); and the texts of
 * addresses with a prefix or a mask. Mirrors ip_parse_masked(), ip_parse_cidr(), ipv6_parse_cidr() and
 * ipv6_format_mapped() of lib/packets.c, whose words errors use.
 */
import { formatIpv4, formatIpv6, scanIpv4, scanIpv6 } from '../odp/address-text.js';

export const IP_SIZE = 16;
const MAPPED_OFFSET = 12;
const MAPPED_PREFIX = 96;

export const NO_ADDRESS: Uint8Array = new Uint8Array(IP_SIZE);

export function mapped(ipv4: Uint8Array): Uint8Array {
  const ip = new Uint8Array(IP_SIZE);
  ip.fill(0xff, 10, MAPPED_OFFSET);
  ip.set(ipv4, MAPPED_OFFSET);
  return ip;
}

export const isMapped = (ip: Uint8Array): boolean =>
  ip[10] === 0xff && ip[11] === 0xff && ip.subarray(0, 10).every((byte) => byte === 0);

export const isSet = (ip: Uint8Array): boolean => ip.some((byte) => byte !== 0);

/** The IPv4 address in it; zero where there is none. */
export const ipv4Of = (ip: Uint8Array): Uint8Array => (isMapped(ip) ? ip.slice(MAPPED_OFFSET) : new Uint8Array(4));

export const sameAddress = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

export const formatAddress = (ip: Uint8Array): string =>
  isMapped(ip) ? formatIpv4(ip, MAPPED_OFFSET) : formatIpv6(ip, 0);

export function prefixMask(bits: number, size = IP_SIZE): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (0xff00 >> Math.min(8, Math.max(0, bits - 8 * i))) & 0xff);
}

export const masked = (ip: Uint8Array, mask: Uint8Array): Uint8Array => ip.map((byte, i) => byte & mask[i]!);

export const countBits = (mask: Uint8Array): number =>
  mask.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);

/** An address and its mask, or what is wrong with the text. */
export type ParsedAddress = { readonly ip: Uint8Array; readonly mask: Uint8Array } | { readonly error: string };

function parseMasked(text: string, size: 4 | 16): ParsedAddress {
  const scan = size === 4 ? scanIpv4 : scanIpv6;
  const invalid = { error: `${text}: invalid ${size === 4 ? 'IP' : 'IPv6'} address` };
  const address = scan(text);
  if (address === null) return invalid;
  const rest = text.slice(address.length);
  if (rest === '') return { ip: address.bytes, mask: prefixMask(8 * size, size) };
  if (!rest.startsWith('/')) return invalid;
  const mask = scan(rest.slice(1));
  if (mask !== null) return mask.length + 1 === rest.length ? { ip: address.bytes, mask: mask.bytes } : invalid;
  const prefix = /^\/\s*([-+]?\d+)(.*)$/.exec(rest);
  if (prefix === null) return invalid;
  const bits = Number(prefix[1]);
  if (bits < 0 || bits > 8 * size) {
    const family = size === 4 ? 'IPv4' : 'IPv6';
    return { error: `${text}: ${family} network prefix bits not between 0 and ${8 * size}, inclusive` };
  }
  return prefix[2] === '' ? { ip: address.bytes, mask: prefixMask(bits, size) } : invalid;
}

/** `10.0.0.1/24`, `10.0.0.1/255.0.255.0`: 4 bytes each. */
export const parseIpv4Masked = (text: string): ParsedAddress => parseMasked(text, 4);

function parseNetwork(text: string, size: 4 | 16): ParsedAddress {
  const parsed = parseMasked(text, size);
  if ('error' in parsed) return parsed;
  const isPrefix = sameAddress(prefixMask(countBits(parsed.mask), size), parsed.mask);
  return isPrefix ? parsed : { error: `${text}: CIDR network required` };
}

export const parseIpv6Network = (text: string): ParsedAddress => parseNetwork(text, 16);

/** Either family, as 16 bytes and a prefix length of them; null where the text is no network. */
export function parseAnyNetwork(text: string): { readonly ip: Uint8Array; readonly prefix: number } | null {
  const ipv4 = parseNetwork(text, 4);
  if (!('error' in ipv4)) return { ip: mapped(ipv4.ip), prefix: MAPPED_PREFIX + countBits(ipv4.mask) };
  const ipv6 = parseNetwork(text, 16);
  return 'error' in ipv6 ? null : { ip: ipv6.ip, prefix: countBits(ipv6.mask) };
}

/** A whole text as an address of the family, as inet_pton() takes it; 16 bytes. */
export function parseHost(text: string, isIpv4: boolean): Uint8Array | null {
  if (isIpv4) {
    const isDotted = /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split('.').every((part) => Number(part) < 256);
    return isDotted ? mapped(Uint8Array.from(text.split('.'), Number)) : null;
  }
  const scanned = scanIpv6(text);
  return scanned !== null && scanned.length === text.length ? scanned.bytes : null;
}
