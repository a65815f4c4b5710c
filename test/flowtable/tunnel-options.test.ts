/** Where options of tunnels stand in a key, and how they get there. Places as lib/tun-metadata.c of OVS gives them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FlowKey, OFF_TUN_OPTIONS, OFF_TUN_OPTIONS_PRESENT } from '#flowtable/flow-key.js';
import {
  deleteOption,
  encodeOptions,
  encodeOptionsMask,
  isOptionPresent,
  OptionMap,
  presentOptions,
  rawOptions,
  readOption,
  setRawOptions,
  translateOptions,
  writeOption,
} from '#flowtable/tunnel-options.js';
import { hex, toHex } from '../support/packet-builder.js';

/** index, class, type, size. */
function mapOf(...entries: readonly (readonly [number, number, number, number])[]): OptionMap {
  const map = new OptionMap();
  for (const entry of entries) expect(map.add(...entry)).toBeNull();
  return map;
}

describe('a map of options', () => {
  test('gives the first place that is long enough, else several', () => {
    const map = mapOf([0, 1, 0, 4], [1, 1, 1, 8], [2, 1, 2, 124], [3, 1, 3, 116]);
    expect(map.placeOf(1)).toEqual({ size: 8, runs: [{ offset: 4, size: 8 }] });
    map.delete(1);
    expect(map.add(4, 2, 0, 12)).toBeNull();
    expect(map.placeOf(4)).toEqual({
      size: 12,
      runs: [
        { offset: 4, size: 8 },
        { offset: 252, size: 4 },
      ],
    });
    expect(map.add(5, 2, 1, 4)).toBe('full');
    expect(map.placeOf(5)).toBeNull();
  });

  test('has each field and each option once', () => {
    const map = mapOf([0, 1, 0, 4]);
    expect(map.add(0, 1, 1, 4)).toBe('already-mapped');
    expect(map.add(1, 1, 0, 4)).toBe('duplicate');
  });
});

describe('options of a key', () => {
  const map = mapOf([0, 0xffff, 0, 4], [9, 0xffff, 1, 8], [63, 1, 0x80, 0]);

  test.each([
    ['ffff0001000000050001800 0'.replace(' ', ''), [0, 63]],
    ['ffff01020000000000000007', [9]],
    ['000500010badcafeffff000100000005', [0]],
    ['', []],
  ])('%s are the fields %j', (bytes, present) => {
    const key = new FlowKey();
    setRawOptions(key, hex(bytes));
    expect(translateOptions(key, map)).toBe(true);
    expect(presentOptions(key)).toEqual(present);
  });

  test.each([
    ['ffff000200000005', 'longer than that'],
    ['ffff00020000000500000006', 'of another length than the map has'],
    ['0005800100000001', 'critical and unknown'],
  ])('%s: %s', (bytes) => {
    const key = new FlowKey();
    setRawOptions(key, hex(bytes));
    expect(translateOptions(key, map)).toBe(false);
    expect(key.optionPlaces).toBeNull();
    expect(key.u16(OFF_TUN_OPTIONS_PRESENT)).toBe(bytes.length / 2);
  });

  test('are written in the order of the fields, with whether one is critical', () => {
    const key = new FlowKey();
    key.optionPlaces = map;
    writeOption(key, 9, 0x1122334455667788n);
    writeOption(key, 0, 0x1_0000_0002n);
    expect(readOption(key, 0)).toBe(2n);
    expect(toHex(encodeOptions(key).options)).toBe('ffff000100000002ffff01021122334455667788');
    expect(encodeOptions(key).isCritical).toBe(false);
    writeOption(key, 63, 0n);
    deleteOption(key, 0);
    expect(encodeOptions(key)).toEqual({ options: hex('ffff0102112233445566778800018000'), isCritical: true });
    // A field without a place is not written.
    writeOption(key, 5, 1n);
    expect(isOptionPresent(key, 5)).toBe(false);
  });

  test('a mask has their headers where a field was looked at, and their length always', () => {
    const packet = new FlowKey();
    setRawOptions(packet, hex('000500010badcafeffff000100000005'));
    const mask = new FlowKey();
    mask.optionPlaces = map;
    const seen = (): string => toHex(mask.bytes.subarray(OFF_TUN_OPTIONS, OFF_TUN_OPTIONS + 16));
    encodeOptionsMask(mask, packet);
    expect([mask.u16(OFF_TUN_OPTIONS_PRESENT), seen()]).toEqual([0xffff, '0'.repeat(32)]);
    mask.setU16(OFF_TUN_OPTIONS_PRESENT, 0);
    mask.optionPlaces = map;
    writeOption(mask, 0, 0xffn);
    encodeOptionsMask(mask, packet);
    expect(seen()).toBe('ffffff1f00000000ffffff1f000000ff');
  });

  test('survive the way through the tables', () => {
    const option = fc.record({
      index: fc.nat(63),
      words: fc.nat(5),
      seed: fc.bigInt({ min: 0n, max: (1n << 160n) - 1n }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(option, { selector: ({ index }) => index, maxLength: 8 }), (options) => {
        const own = new OptionMap();
        const before = new FlowKey();
        before.optionPlaces = own;
        for (const { index, words } of options) expect(own.add(index, index, 1, 4 * words)).toBeNull();
        for (const { index, seed } of options) writeOption(before, index, seed);
        const raw = new FlowKey();
        setRawOptions(raw, encodeOptions(before).options);
        expect(rawOptions(raw)).toHaveLength(options.length);
        expect(translateOptions(raw, own)).toBe(true);
        expect(presentOptions(raw)).toEqual(presentOptions(before));
        for (const { index } of options) expect(readOption(raw, index)).toBe(readOption(before, index));
      }),
    );
  });
});
