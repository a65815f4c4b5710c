/**
 * hash: computes dp_hash, which a recirculation then matches on. // hot path
 *
 * Mirrors OVS_ACTION_ATTR_HASH of lib/odp-execute.c: L4 hashes anew the hash that the packet got when it came in (even
 * if its headers have changed since), or its headers where a popped MPLS label took that hash away; symmetric L4 hashes
 * the headers as they are.
 */
import { OFF_DP_HASH, SHAPE_META, SHAPE_WORD } from '#flowtable/flow-key.js';
import type { DpAction } from '../dpif.js';
import { hash2Words } from '#flowtable/murmur-hash.js';
import { hash5Tuple, hashSymmetric } from '../flow-hash.js';
import { swap32 } from '../packet/byte-order.js';
import { FLOW_HASH_NONE, type Packet } from '../packet-buffer.js';
import { OP_HASH, type ProgramBuilder } from './program.js';

export const HASH_SYMMETRIC_L4 = 1;

const DP_HASH_WORD = OFF_DP_HASH / 4;

export function compileHash(action: Extract<DpAction, { kind: 'hash' }>, builder: ProgramBuilder): void {
  builder.add(OP_HASH, action.algorithm, action.basis | 0);
}

/** The key is that of the headers as they are, unless the hash is the one that the packet has. */
export function needsFreshKey(packet: Packet, algorithm: number): boolean {
  return algorithm === HASH_SYMMETRIC_L4 || packet.flowHashState === FLOW_HASH_NONE;
}

export function hashPacket(packet: Packet, algorithm: number, basis: number): void {
  const { words, row } = packet;
  let hash: number;
  if (algorithm === HASH_SYMMETRIC_L4) hash = hashSymmetric(words, row, basis);
  else if (packet.flowHashState === FLOW_HASH_NONE) hash = hash5Tuple(words, row, basis);
  else hash = hash2Words(packet.takeFlowHash(), basis);
  words[row + DP_HASH_WORD] = swap32(hash);
  if (hash !== 0) words[row + SHAPE_WORD] = words[row + SHAPE_WORD]! | SHAPE_META;
}
