/** Unique flow identifiers: one for each pair of key and mask, and no other. */
import { expect, test } from 'vitest';
import { FlowKey, OFF_NW_SRC, OFF_TP_DST, SHAPE_WORD } from '../../flowtable/flow-key.js';
import { ufidOf } from '../../flowtable/hash.js';

const prefix = (bits: number, width: number): number => (bits === 0 ? 0 : (2 ** width - 2 ** (width - bits)) >>> 0);

function flow(source: number, sourceBits: number, port: number, portBits: number): [FlowKey, FlowKey] {
  const key = new FlowKey();
  const mask = new FlowKey();
  key.setU32(OFF_NW_SRC, source);
  mask.setU32(OFF_NW_SRC, prefix(sourceBits, 32));
  key.setU16(OFF_TP_DST, port);
  mask.setU16(OFF_TP_DST, prefix(portBits, 16));
  return [key, mask];
}

test('prefixes that end one bit apart have different names', () => {
  expect(ufidOf(...flow(0x0a0001c5, 24, 0, 0))).not.toBe(ufidOf(...flow(0x0a0000e3, 25, 0, 0)));
});

test('all prefixes of an address and a port have names of their own', () => {
  const names = new Set<string>();
  for (let sourceBits = 0; sourceBits <= 32; sourceBits++) {
    for (let portBits = 0; portBits <= 16; portBits++) {
      const differing = sourceBits === 0 ? 0 : 2 ** (32 - sourceBits);
      names.add(ufidOf(...flow((0x0a00000a ^ differing) >>> 0, sourceBits, 80, portBits)));
    }
  }
  expect(names.size).toBe(33 * 17);
});

test('a name depends on what the mask covers, and on nothing else', () => {
  const [key, mask] = flow(0x0a000001, 24, 80, 0);
  const [other] = flow(0x0a0000ff, 24, 443, 0);
  other.words[SHAPE_WORD] = 7;
  expect(ufidOf(other, mask)).toBe(ufidOf(key, mask));
  expect(ufidOf(key, mask)).toMatch(/^[0-9a-f]{32}$/);
});
