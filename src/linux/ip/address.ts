/**
 * IP addresses as bytes in network order: 4 of them are an IPv4 address, 16 an IPv6 one. Text is RFC 4632's dotted
 * quad and RFC 5952's canonical form; prefixes are `address/length`.
 */
import { Address6 } from 'ip-address';

export type IpAddress = Uint8Array;

export interface Prefix {
  readonly address: IpAddress;
  readonly length: number;
}

export const familyOf = (address: IpAddress): 4 | 6 => (address.length === 4 ? 4 : 6);

export const ANY_IPV4: IpAddress = new Uint8Array(4);
export const BROADCAST_IPV4: IpAddress = new Uint8Array([255, 255, 255, 255]);
export const BROADCAST_MAC: Uint8Array = new Uint8Array([255, 255, 255, 255, 255, 255]);
export const ZERO_MAC: Uint8Array = new Uint8Array(6);

export function parseIpv4Address(text: string): IpAddress | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  const bytes = match.slice(1).map(Number);
  return bytes.every((byte) => byte <= 255) ? new Uint8Array(bytes) : null;
}

export function parseIpv6Address(text: string): IpAddress | null {
  if (!text.includes(':') || !/^[0-9a-fA-F:.]+$/.test(text) || !Address6.isValid(text)) return null;
  const words = new Address6(text).canonicalForm().split(':');
  const bytes = new Uint8Array(16);
  words.forEach((word, index) => {
    const value = Number.parseInt(word, 16);
    bytes[2 * index] = value >>> 8;
    bytes[2 * index + 1] = value & 0xff;
  });
  return bytes;
}

export const parseAddress = (text: string): IpAddress | null => parseIpv4Address(text) ?? parseIpv6Address(text);

export function formatAddress(address: IpAddress): string {
  if (address.length === 4) return address.join('.');
  const words: string[] = [];
  for (let i = 0; i < 16; i += 2) words.push(((address[i]! << 8) | address[i + 1]!).toString(16));
  return new Address6(words.join(':')).correctForm();
}

/** `10.0.0.0/24`; a bare address has the length of its family. */
export function parsePrefix(text: string): Prefix | null {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === null) return null;
  const width = address.length * 8;
  if (slash < 0) return { address, length: width };
  const lengthText = text.slice(slash + 1);
  const length = Number(lengthText);
  return /^\d{1,3}$/.test(lengthText) && length <= width ? { address, length } : null;
}

export const formatPrefix = (prefix: Prefix): string => `${formatAddress(prefix.address)}/${prefix.length}`;

/** A map key, unique over both families. */
export const addressKey = (address: IpAddress): string => {
  let key = '';
  for (const byte of address) key += String.fromCharCode(byte);
  return key;
};

export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Do the first `length` bits agree? Addresses of different families never do. */
export function isInPrefix(address: IpAddress, prefix: Prefix): boolean {
  if (address.length !== prefix.address.length) return false;
  const whole = prefix.length >>> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== prefix.address[i]) return false;
  const rest = prefix.length & 7;
  return rest === 0 || (address[whole]! ^ prefix.address[whole]!) >>> (8 - rest) === 0;
}

/** The address with all bits after the first `length` cleared. */
export function networkOf(prefix: Prefix): IpAddress {
  return prefix.address.map((byte, index) => {
    const bits = Math.min(8, Math.max(0, prefix.length - 8 * index));
    return byte & (0xff00 >>> bits) & 0xff;
  });
}

/** The directed broadcast address of an IPv4 prefix; null where there is none (/31, /32: RFC 3021). */
export function broadcastOf(prefix: Prefix): IpAddress | null {
  if (prefix.address.length !== 4 || prefix.length >= 31) return null;
  const network = networkOf(prefix);
  return network.map((byte, index) => {
    const bits = Math.min(8, Math.max(0, prefix.length - 8 * index));
    return byte | (0xff >>> bits);
  });
}

export const isMulticast = (address: IpAddress): boolean =>
  address.length === 4 ? address[0]! >>> 4 === 14 : address[0] === 0xff;

export const isUnspecified = (address: IpAddress): boolean => address.every((byte) => byte === 0);

export const isLoopbackAddress = (address: IpAddress): boolean =>
  address.length === 4 ? address[0] === 127 : address.every((byte, index) => byte === (index === 15 ? 1 : 0));

export const isLinkLocalIpv6 = (address: IpAddress): boolean =>
  address.length === 16 && address[0] === 0xfe && (address[1]! & 0xc0) === 0x80;

/** The Ethernet address of a multicast group (RFC 1112 §6.4, RFC 2464 §7). */
export const multicastMac = (group: IpAddress): Uint8Array =>
  group.length === 4
    ? new Uint8Array([0x01, 0x00, 0x5e, group[1]! & 0x7f, group[2]!, group[3]!])
    : new Uint8Array([0x33, 0x33, group[12]!, group[13]!, group[14]!, group[15]!]);

/** The solicited-node group of an address (RFC 4291 §2.7.1). */
export function solicitedNode(address: IpAddress): IpAddress {
  const group = new Uint8Array(16);
  group.set([0xff, 0x02]);
  group[11] = 1;
  group[12] = 0xff;
  group.set(address.subarray(13), 13);
  return group;
}

/** The link-local address that an Ethernet address gives (RFC 4291 appendix A, modified EUI-64). */
export function linkLocalOf(mac: Uint8Array): IpAddress {
  const address = new Uint8Array(16);
  address.set([0xfe, 0x80]);
  address.set([mac[0]! ^ 2, mac[1]!, mac[2]!, 0xff, 0xfe, mac[3]!, mac[4]!, mac[5]!], 8);
  return address;
}

export function parseMac(text: string): Uint8Array | null {
  if (!/^[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){5}$/.test(text)) return null;
  return new Uint8Array(text.split(':').map((part) => Number.parseInt(part, 16)));
}

export const formatMac = (mac: Uint8Array): string =>
  Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join(':');
