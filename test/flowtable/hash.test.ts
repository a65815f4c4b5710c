import { describe, expect, it } from 'vitest';
import { DATAPATH_WORDS, SHAPE_WORD } from '#flowtable/flow-key.js';
import { exactDatapathMask } from '#flowtable/flow-mask.js';
import { flowHash, microflowHash, ufidOf } from '#flowtable/hash.js';
import { keyOf, maskOf } from '../support/datapath-bench.js';

describe('hashes of flow keys', () => {
  it('spread neighbouring addresses and ports over all buckets', () => {
    // Last octets and ports stand in the high bytes of little-endian words: the hard case.
    for (const hash of [microflowHash, flowHash]) {
      const buckets = new Int32Array(1024);
      for (let i = 0; i < 1 << 16; i++) {
        const key = keyOf({
          in_port: 1,
          eth_type: 0x800,
          ip_src: 0x0a000000 + (i & 255),
          ip_dst: 0x0b000000 + (i >>> 8),
        });
        const bucket = hash(key.words, 0) & 1023;
        buckets[bucket] = buckets[bucket]! + 1;
      }
      // 64 expected in each; seven standard deviations either way.
      expect(Math.max(...buckets)).toBeLessThan(64 + 56);
      expect(Math.min(...buckets)).toBeGreaterThan(64 - 56);
    }
  });

  it('name a flow by every bit of its key and mask', () => {
    const key = keyOf({ in_port: 1 });
    const mask = exactDatapathMask();
    const names = new Set([ufidOf(key, mask)]);
    for (let byte = 0; byte < DATAPATH_WORDS * 4; byte++) {
      if (byte >> 2 === SHAPE_WORD) continue;
      const other = key.clone();
      other.bytes[byte] = other.bytes[byte]! ^ 1;
      names.add(ufidOf(other, mask));
      const otherMask = mask.clone();
      otherMask.bytes[byte] = 0xfe;
      names.add(ufidOf(key, otherMask));
    }
    expect(names.size).toBe(1 + 2 * (DATAPATH_WORDS - 1) * 4);
  });

  it('name a flow by nothing outside its mask', () => {
    const mask = maskOf('in_port');
    expect(ufidOf(keyOf({ in_port: 1, ip_src: 5 }), mask)).toBe(ufidOf(keyOf({ in_port: 1 }), mask));
  });
});
