/**
 * Which addresses and ports a new connection is given: NAT's choice, free of clashes with what is tracked.
 *
 * Mirrors nat_get_unique_tuple() of lib/conntrack.c. The address comes from the range by a hash over the connection.
 * For source NAT the port is kept if it is free, else another of its class (below 512, 600 to 1023, or 1024 and above)
 * is searched; a range of ports is searched from a point given by the hash. Destination NAT with a range of ports
 * searches that first and then changes the source port. At most 128 ports are tried in a row, then 64, 32, 16 and 8
 * from random points, so that a full range costs little.
 *
 * Deliberately different: a range of all 2^32 addresses divides by zero in OVS; here it is a range. The hash is our own,
 * so the same connection may get another address of the range than it would from OVS (whose hash is salted anew with
 * each start).
 */
import { mixBits } from '#flowtable/hash.js';
import { readU32 } from '../packet/byte-order.js';
import { IP_PROTO_TCP, IP_PROTO_UDP } from '../packet/ipv4.js';
import { NAT_DST, NAT_DST_PORT, NAT_SRC, NAT_SRC_PORT } from './connection.js';
import {
  CONNECTION_KEY_WORDS,
  type ConnectionKey,
  copyAddress,
  destinationPortOf,
  ETH_TYPE_IPV4,
  etherTypeOf,
  KEY_DST,
  KEY_DST_ENDPOINT,
  KEY_PROTOCOL,
  KEY_SRC,
  KEY_SRC_ENDPOINT,
  setPort,
  sourcePortOf,
} from './connection-key.js';
import type { NatRequest } from './ct-request.js';

const MAX_ATTEMPTS = 128;
const MIN_EPHEMERAL_PORT = 1024;
const MAX_PORT = 65535;
/** The widest range of IPv6 addresses that is used. */
const MAX_IPV6_DELTA = 0xfffffffen;

/** A NAT request in numbers. */
export interface NatPlan {
  /** NAT_* bits. */
  readonly action: number;
  readonly minAddress: Int32Array;
  readonly maxAddress: Int32Array;
  readonly minPort: number;
  readonly maxPort: number;
}

interface PortRange {
  readonly current: number;
  readonly min: number;
  readonly max: number;
}

/** What the search needs of the tracker. */
export interface TupleSearch {
  readonly salt: number;
  /** Does a connection use this key? */
  isTaken(key: ConnectionKey): boolean;
  random32(): number;
}

export function planNat(request: NatRequest): NatPlan {
  const none = new Int32Array(4);
  if (request === 'restore') return { action: 0, minAddress: none, maxAddress: none, minPort: 0, maxPort: 0 };
  const isSource = request.kind === 'source';
  const hasPort = request.minPort !== null || request.maxPort !== null;
  const minPort = request.minPort ?? 0;
  return {
    action: (isSource ? NAT_SRC : NAT_DST) | (hasPort ? (isSource ? NAT_SRC_PORT : NAT_DST_PORT) : 0),
    minAddress: request.minAddress === null ? none : addressWords(request.minAddress),
    maxAddress: addressWords(request.maxAddress ?? request.minAddress ?? new Uint8Array(4)),
    minPort,
    maxPort: request.maxPort ?? minPort,
  };
}

function addressWords(bytes: Uint8Array): Int32Array {
  const words = new Int32Array(4);
  for (let i = 0; i + 4 <= bytes.length && i < 16; i += 4) words[i / 4] = readU32(bytes, i);
  return words;
}

/**
 * Changes `reverse`, the reverse of `key`, into a tuple that no connection uses. False when none was found.
 */
export function chooseUniqueTuple(
  key: ConnectionKey,
  reverse: ConnectionKey,
  plan: NatPlan,
  search: TupleSearch,
): boolean {
  const hash = hashForRange(key, plan, search.salt);
  const protocol = key[KEY_PROTOCOL]!;
  const hasPorts = protocol === IP_PROTO_TCP || protocol === IP_PROTO_UDP;
  const source = sourcePorts(plan, key, hash);
  const destination = destinationPorts(plan, key, hash);
  if (hasPorts) {
    setPort(reverse, KEY_SRC_ENDPOINT, destination.current);
    setPort(reverse, KEY_DST_ENDPOINT, source.current);
  }
  const address = chooseAddress(key, plan, hash);
  copyAddress(address, 0, reverse, (plan.action & NAT_SRC) !== 0 ? KEY_DST : KEY_SRC);
  if (!hasPorts) return !search.isTaken(reverse);
  if ((plan.action & NAT_DST_PORT) !== 0 && findPort(reverse, KEY_SRC_ENDPOINT, destination, search)) return true;
  return findPort(reverse, KEY_DST_ENDPOINT, source, search);
}

function hashForRange(key: ConnectionKey, plan: NatPlan, salt: number): number {
  let hash = mixBits(salt ^ ((plan.maxPort << 16) | plan.minPort));
  for (let i = 0; i < 4; i++) {
    hash = mixBits(hash ^ plan.minAddress[i]!);
    hash = mixBits(hash ^ plan.maxAddress[i]!);
  }
  for (let i = 0; i < CONNECTION_KEY_WORDS; i++) hash = mixBits(hash ^ key[i]!) + salt;
  return mixBits(hash) >>> 0;
}

function rangeOf(plan: NatPlan, hash: number): PortRange {
  const count = Math.max(1, plan.maxPort - plan.minPort + 1);
  return { min: plan.minPort, max: plan.maxPort, current: plan.minPort + (hash % count) };
}

function sourcePorts(plan: NatPlan, key: ConnectionKey, hash: number): PortRange {
  const isKept = (plan.action & (NAT_SRC | NAT_SRC_PORT)) === NAT_SRC || (plan.action & NAT_DST) !== 0;
  if (!isKept) return rangeOf(plan, hash);
  const current = sourcePortOf(key);
  if (current < 512) return { current, min: 1, max: 511 };
  if (current < MIN_EPHEMERAL_PORT) return { current, min: 600, max: 1023 };
  return { current, min: MIN_EPHEMERAL_PORT, max: MAX_PORT };
}

function destinationPorts(plan: NatPlan, key: ConnectionKey, hash: number): PortRange {
  if ((plan.action & NAT_DST_PORT) !== 0) return rangeOf(plan, hash);
  const current = destinationPortOf(key);
  return { current, min: current, max: current };
}

function chooseAddress(key: ConnectionKey, plan: NatPlan, hash: number): Int32Array {
  const { minAddress, maxAddress, action } = plan;
  if (minAddress.every((word) => word === 0)) {
    if ((action & NAT_SRC) !== 0) return key.slice(KEY_SRC, KEY_SRC + 4);
    return (action & NAT_DST) !== 0 ? key.slice(KEY_DST, KEY_DST + 4) : new Int32Array(4);
  }
  const address = minAddress.slice();
  if (etherTypeOf(key) === ETH_TYPE_IPV4) {
    const count = (maxAddress[0]! - minAddress[0]! + 1) >>> 0 || 0x1_0000_0000;
    address[0] = minAddress[0]! + (hash % count);
    return address;
  }
  const delta = toBigInt(maxAddress) - toBigInt(minAddress);
  const widest = delta < 0n || delta > MAX_IPV6_DELTA ? MAX_IPV6_DELTA : delta;
  let sum = toBigInt(minAddress) + (BigInt(hash) % (widest + 1n));
  for (let i = 3; i >= 0; i--, sum >>= 32n) address[i] = Number(sum & 0xffff_ffffn);
  return address;
}

function toBigInt(words: Int32Array): bigint {
  return words.reduce((sum, word) => (sum << 32n) | BigInt(word >>> 0), 0n);
}

/** Searches a free port for one end of `reverse`; leaves the first one there when there is none. */
function findPort(reverse: ConnectionKey, endpoint: number, range: PortRange, search: TupleSearch): boolean {
  const { min, max } = range;
  const count = max - min + 1;
  let attempts = Math.min(count, MAX_ATTEMPTS);
  let current = range.current;
  for (;;) {
    // A port outside the range (a port that is kept) is tried besides all those in it.
    const isOutside = current < min || current > max;
    const rounds = Math.min(isOutside ? count + 1 : count, attempts);
    for (let i = 0; i < rounds; i++) {
      setPort(reverse, endpoint, current);
      if (!search.isTaken(reverse)) return true;
      current = current < min || current >= max ? min : current + 1;
    }
    if (attempts >= count || attempts < 16) break;
    attempts >>= 1;
    current = min + (search.random32() % count);
  }
  setPort(reverse, endpoint, range.current);
  return false;
}
