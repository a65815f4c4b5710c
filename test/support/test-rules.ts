/** Rules and packets for properties of classifiers: fields of all four stages, with few values so that rules meet packets. */
import fc from 'fast-check';
import type { ClassifierRule } from '#flowtable/classifier.js';
import { fieldNamed, writeField } from '#flowtable/fields.js';
import { FlowKey, KEY_BYTES, OFF_ETH_TYPE, OFF_NW_PROTO } from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';

export interface TestRule extends ClassifierRule {
  readonly name: string;
}

const FIELDS = ['in_port', 'reg0', 'eth_dst', 'dl_vlan', 'ip_src', 'ip_dst', 'tcp_src', 'tcp_dst'].map(fieldNamed);

/** A small number for each field of a packet. */
export const fieldNumbers = fc.array(fc.nat(5), { minLength: FIELDS.length, maxLength: FIELDS.length });

/** Spreads a small number over the width of a field, so that prefixes tell values apart in high and low bits. */
const spread = (n: number, bits: number): bigint =>
  ((BigInt(n) << BigInt(bits - 2)) | BigInt(n >> 1)) & ((1n << BigInt(bits)) - 1n);

export function testPacket(numbers: readonly number[]): FlowKey {
  const key = new FlowKey();
  key.setU16(OFF_ETH_TYPE, 0x0800);
  key.setU8(OFF_NW_PROTO, 6);
  for (const [i, field] of FIELDS.entries()) writeField(key, field, spread(numbers[i]!, field.bits));
  return key;
}

/** The packet, with the bits of another where the mask says that they do not matter. */
export function withOtherBits(key: FlowKey, wc: FlowKey, other: FlowKey): FlowKey {
  const mixed = other.clone();
  for (let i = 0; i < KEY_BYTES; i++) {
    mixed.bytes[i] = (key.bytes[i]! & wc.bytes[i]!) | (other.bytes[i]! & ~wc.bytes[i]!);
  }
  // The prerequisites of IP fields are exact in every megaflow.
  mixed.setU16(OFF_ETH_TYPE, 0x0800);
  mixed.setU8(OFF_NW_PROTO, 6);
  return mixed;
}

export const testRule: fc.Arbitrary<TestRule> = fc
  .record({
    numbers: fieldNumbers,
    /** Prefix length of each field in quarters of its width; 0 leaves it out. */
    quarters: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: FIELDS.length, maxLength: FIELDS.length }),
    priority: fc.nat(4),
  })
  .map(({ numbers, quarters, priority }) => {
    const match = new Match();
    match.set('eth_type', 0x0800n);
    match.set('nw_proto', 6n);
    FIELDS.forEach((field, i) => {
      const length = Math.floor((field.bits * quarters[i]!) / 4);
      if (length === 0) return;
      const ones = (1n << BigInt(field.bits)) - 1n;
      const mask = ones ^ ((1n << BigInt(field.bits - length)) - 1n);
      match.set(field, spread(numbers[i]!, field.bits), mask);
    });
    return { match, priority, name: `${numbers.join('')}/${quarters.join('')}@${priority}` };
  });
