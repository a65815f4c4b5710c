/**
 * Hashes of a packet's flow as OVS computes them, so that buckets and source ports are those that OVS would choose.
 * // hot path
 *
 * Mirrors flow_hash_5tuple() and flow_hash_symmetric_l3l4() of lib/flow.c. Words are those of a flow key: raw network bytes in a
 * little-endian word, as OVS hashes them on such machines. All results are unsigned.
 */
import { hashAdd, hashFinish } from '#flowtable/murmur-hash.js';

const LE_IP = 0x0008;
const LE_ARP = 0x0608;
const LE_IPV6 = 0xdd86;
/** The VLAN id in the TCI's half of a word. */
const LE_VID = 0xff0f;

/** Addresses, protocol and ports of the packet whose key is at `row`. */
export function hash5Tuple(words: Int32Array, row: number, basis: number): number {
  const typeWord = words[row + 6]!;
  const type = typeWord & 0xffff;
  let hash = basis | 0;
  if (type === LE_IPV6) {
    for (let i = 20; i < 28; i++) hash = hashAdd(hash, words[row + i]!);
  } else if (type === LE_IP || type === LE_ARP) {
    hash = hashAdd(hashAdd(hash, words[row + 8]!), words[row + 9]!);
  } else return hashFinish(hash, 42);
  const protocol = typeWord >>> 24;
  hash = hashAdd(hash, protocol);
  const hasPorts = protocol === 6 || protocol === 17 || protocol === 132 || protocol === 1 || protocol === 58;
  if (hasPorts) hash = hashAdd(hash, words[row + 10]!);
  return hashFinish(hash, 42);
}

/** The same for both directions of a flow; ports of UDP do not count. Without IP the Ethernet header does. */
export function hashSymmetric(words: Int32Array, row: number, basis: number): number {
  const typeWord = words[row + 6]!;
  const type = typeWord & 0xffff;
  let hash = basis | 0;
  if (type === LE_IP) hash = hashAdd(hash, words[row + 8]! ^ words[row + 9]!);
  else if (type === LE_IPV6) {
    for (let i = 20; i < 24; i++) hash = hashAdd(hash, words[row + i]! ^ words[row + i + 4]!);
  } else return hashEthernet(words, row, basis);
  const protocol = typeWord >>> 24;
  hash = hashAdd(hash, protocol);
  const isFragment = ((typeWord >>> 16) & 3) !== 0;
  if (!isFragment && (protocol === 6 || protocol === 132)) {
    const ports = words[row + 10]!;
    hash = hashAdd(hash, (ports ^ (ports >>> 16)) & 0xffff);
  }
  return hashFinish(hash, basis);
}

function hashEthernet(words: Int32Array, row: number, basis: number): number {
  const vid = ((words[row + 5]! >>> 16) ^ (words[row + 16]! >>> 16)) & LE_VID;
  // Destination and source, three halves each, lie in three words.
  const w2 = words[row + 2]!;
  const w3 = words[row + 3]!;
  const w4 = words[row + 4]!;
  const first = ((w2 ^ (w3 >>> 16)) & 0xffff) | (((w2 >>> 16) ^ w4) << 16);
  const last = (w3 ^ (w4 >>> 16)) & 0xffff;
  let hash = hashAdd(basis | 0, (words[row + 6]! & 0xffff) | (vid << 16));
  hash = hashAdd(hash, first);
  return hashFinish(hashAdd(hash, last), basis);
}
