/** The hashes by which bonds choose members, so that ours choose what OVS's do. Mirrors bond_hash() of bond.c. */
import { hash5Tuple } from '#datapath/flow-hash.js';
import { type FlowKey, OFF_ETH_SRC } from '#flowtable/flow-key.js';
import { hashAdd, hashFinish } from '#flowtable/murmur-hash.js';

/** Hash values that are told apart. */
export const BUCKET_COUNT = 256;
export const BUCKET_MASK = BUCKET_COUNT - 1;

/** hash_mac(): six bytes at an offset, and a VLAN. */
export function hashMac(bytes: Uint8Array, offset: number, vlan: number, basis: number): number {
  const half = (at: number): number => (bytes[offset + at]! << 8) | bytes[offset + at + 1]!;
  const low = (half(2) << 16) | half(4);
  const high = (vlan << 16) | half(0);
  return hashFinish(hashAdd(hashAdd(basis | 0, low), high), 8);
}

/** By source address and VLAN. */
export const slbBucket = (flow: FlowKey, vlan: number, basis: number): number =>
  hashMac(flow.bytes, OFF_ETH_SRC, vlan, basis) & BUCKET_MASK;

/** By addresses, protocol and ports. */
export const tcpBucket = (flow: FlowKey, basis: number): number => hash5Tuple(flow.words, 0, basis) & BUCKET_MASK;
