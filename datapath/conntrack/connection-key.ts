/**
 * What identifies a connection in one direction: a fixed row of twelve 32-bit words.
 *
 * Mirrors `struct conn_key` of lib/conntrack-private.h. An endpoint is an address (an IPv4 address stands in its first
 * word, the rest zero) and one word that holds the port in its upper half, or for ICMP the identifier there, the type
 * and the code below. Numbers are in host order, so that ranges can be computed.
 *
 * Invariant: words that a protocol does not use are zero, so that keys are compared and hashed as a whole. The hash is
 * symmetric: a key and its reverse fall into the same bucket.
 *
 * ```
 *  word 0..3 source address   4..7 destination address   8 source endpoint   9 destination endpoint
 *      10 EtherType, zone    11 protocol
 * ```
 */
import { mixBits } from '#flowtable/hash.js';

export type ConnectionKey = Int32Array;

export const KEY_SRC = 0;
export const KEY_DST = 4;
export const KEY_SRC_ENDPOINT = 8;
export const KEY_DST_ENDPOINT = 9;
export const KEY_TYPE_AND_ZONE = 10;
export const KEY_PROTOCOL = 11;
export const CONNECTION_KEY_WORDS = 12;

export const ETH_TYPE_IPV4 = 0x0800;
export const ETH_TYPE_IPV6 = 0x86dd;

export function makeKey(): ConnectionKey {
  return new Int32Array(CONNECTION_KEY_WORDS);
}

export function zoneOf(key: ConnectionKey): number {
  return key[KEY_TYPE_AND_ZONE]! & 0xffff;
}

export function etherTypeOf(key: ConnectionKey): number {
  return key[KEY_TYPE_AND_ZONE]! >>> 16;
}

export function setTypeAndZone(key: ConnectionKey, etherType: number, zone: number): void {
  key[KEY_TYPE_AND_ZONE] = (etherType << 16) | zone;
}

export function sourcePortOf(key: ConnectionKey): number {
  return key[KEY_SRC_ENDPOINT]! >>> 16;
}

export function destinationPortOf(key: ConnectionKey): number {
  return key[KEY_DST_ENDPOINT]! >>> 16;
}

/** Replaces the port (or ICMP identifier) and leaves the lower half of the endpoint. */
export function setPort(key: ConnectionKey, endpoint: number, port: number): void {
  key[endpoint] = (port << 16) | (key[endpoint]! & 0xffff);
}

/** The endpoint word of an ICMP message. */
export function icmpEndpoint(id: number, type: number, code: number): number {
  return (id << 16) | (type << 8) | code;
}

/** Swaps the two ends, in place. */
export function reverseKey(key: ConnectionKey): void {
  for (let i = 0; i < 4; i++) {
    const address = key[KEY_SRC + i]!;
    key[KEY_SRC + i] = key[KEY_DST + i]!;
    key[KEY_DST + i] = address;
  }
  const endpoint = key[KEY_SRC_ENDPOINT]!;
  key[KEY_SRC_ENDPOINT] = key[KEY_DST_ENDPOINT]!;
  key[KEY_DST_ENDPOINT] = endpoint;
}

export function reversedKey(key: ConnectionKey): ConnectionKey {
  const reversed = key.slice();
  reverseKey(reversed);
  return reversed;
}

export function areKeysEqual(a: ConnectionKey, b: ConnectionKey): boolean {
  for (let i = 0; i < CONNECTION_KEY_WORDS; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Copies an address of four words between keys, or between a key and an array of four words. */
export function copyAddress(from: Int32Array, fromWord: number, to: Int32Array, toWord: number): void {
  for (let i = 0; i < 4; i++) to[toWord + i] = from[fromWord + i]!;
}

export function isAddressEqual(a: Int32Array, aWord: number, b: Int32Array, bWord: number): boolean {
  for (let i = 0; i < 4; i++) if (a[aWord + i] !== b[bWord + i]) return false;
  return true;
}

/** The hash under a salt that a sender of packets does not know. */
export function hashKey(key: ConnectionKey, salt: number): number {
  const ends = hashEnd(key, KEY_SRC, KEY_SRC_ENDPOINT, salt) ^ hashEnd(key, KEY_DST, KEY_DST_ENDPOINT, salt);
  return mixBits(mixBits(ends ^ key[KEY_TYPE_AND_ZONE]!) ^ key[KEY_PROTOCOL]!);
}

function hashEnd(key: ConnectionKey, address: number, endpoint: number, salt: number): number {
  let hash = mixBits(salt ^ key[endpoint]!);
  for (let i = 0; i < 4; i++) hash = mixBits(hash ^ key[address + i]!) + salt;
  return hash;
}
