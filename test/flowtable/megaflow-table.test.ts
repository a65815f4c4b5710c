import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FlowKey, OFF_NW_SRC, OFF_TP_DST } from '#flowtable/flow-key.js';
import { MegaflowTable, slotOf } from '#flowtable/megaflow-table.js';
import { flowTableConformance } from '../conformance/flow-table.js';
import { keyOf, maskOf } from '../support/datapath-bench.js';
import { LinearFlowTable } from '../support/linear-flow-table.js';

flowTableConformance('a list', (capacity) => new LinearFlowTable(capacity));
for (const search of ['tuple-space', 'difference-tree', 'auto'] as const) {
  flowTableConformance(search, (capacity) => new MegaflowTable({ capacity, checkDisjoint: true, search }));
}

const lookup = (table: MegaflowTable, key: FlowKey): number => table.lookup(key.words, 0);

describe('handles', () => {
  const mask = maskOf('in_port');
  const key = keyOf({ in_port: 1 });

  it('are current while the flow lives, and never again', () => {
    const table = new MegaflowTable();
    const seen = new Set<number>();
    for (let use = 0; use < 50; use++) {
      const slot = table.insert(key, mask);
      const handle = table.handles[slot]!;
      expect(slotOf(handle)).toBe(slot);
      expect(seen.has(handle)).toBe(false);
      seen.add(handle);
      table.remove(slot);
      expect(table.handles[slot]).not.toBe(handle);
    }
  });

  it('begin anew after 4,096 uses of a slot, and the epoch says so', () => {
    const table = new MegaflowTable();
    for (let use = 0; use < 4096; use++) table.remove(table.insert(key, mask));
    expect(table.epoch).toBe(1);
  });

  it('survive the growth of the table', () => {
    const table = new MegaflowTable();
    const slots = Array.from({ length: 3000 }, (_, i) => table.insert(keyOf({ in_port: i }), mask));
    slots.forEach((slot, i) => {
      expect(slotOf(table.handles[slot]!)).toBe(slot);
      expect(lookup(table, keyOf({ in_port: i }))).toBe(slot);
    });
  });
});

describe('tuple space search', () => {
  it('comes to the busy subtables first', () => {
    const table = new MegaflowTable({ search: 'tuple-space' });
    for (let i = 0; i < 32; i++) {
      const mask = maskOf('in_port');
      mask.setU32(32, 0xffffffff << i);
      table.insert(keyOf({ in_port: i, ip_src: 0x80000000 }), mask);
    }
    const busy = keyOf({ in_port: 31, ip_src: 0x80000000 });
    for (let i = 0; i < 10_000; i++) lookup(table, busy);
    const before = table.probeCount;
    lookup(table, busy);
    expect(table.probeCount - before).toBe(1);
  });

  it('counts the subtables that it looked at', () => {
    const table = new MegaflowTable();
    table.insert(keyOf({ in_port: 1 }), maskOf('in_port'));
    table.insert(keyOf({ in_port: 2, ip_dst: 1 }), maskOf('in_port', 'ip_dst'));
    lookup(table, keyOf({ in_port: 2, ip_dst: 1 }));
    lookup(table, keyOf({ in_port: 3 }));
    expect(table.probeCount).toBe(4);
  });
});

/** A mask of in_port and so many bits of ip_src and tcp_dst, from the top. */
function prefixMask(addressBits: number, portBits: number): FlowKey {
  const mask = maskOf('in_port');
  mask.setU32(OFF_NW_SRC, addressBits === 0 ? 0 : (-1 << (32 - addressBits)) >>> 0);
  mask.setU16(OFF_TP_DST, (0xffff << (16 - portBits)) & 0xffff);
  return mask;
}

/** The flow of packets that differ from an address and a port first at these bits: what translation makes of a rule. */
function exploded(address: number, port: number, addressBit: number, portBit: number, in_port = 1): FlowKey {
  return keyOf({
    in_port,
    ip_src: ((address ^ (0x8000_0000 >>> addressBit)) & (-1 << (31 - addressBit))) >>> 0,
    tcp_dst: (port ^ (0x8000 >>> portBit)) & (0xffff << (15 - portBit)),
  });
}

describe('the choice of the search', () => {
  it('goes to the tree with the fifth mask, and back with the second', () => {
    const table = new MegaflowTable();
    const seen: string[] = [];
    const slots = Array.from({ length: 6 }, (_, i) => {
      const slot = table.insert(exploded(0x0a00000a, 80, i, 3), prefixMask(i + 1, 4));
      seen.push(table.usedSearch);
      return slot;
    });
    for (const slot of slots) {
      table.remove(slot);
      seen.push(table.usedSearch);
    }
    const [few, many] = ['tuple-space', 'difference-tree'];
    expect(seen).toEqual([few, few, few, few, many, many, many, many, many, few, few, few]);
  });

  it('keeps counting probes over both', () => {
    const table = new MegaflowTable();
    for (let i = 0; i < 4; i++) table.insert(exploded(0x0a00000a, 80, i, 3), prefixMask(i + 1, 4));
    lookup(table, keyOf({ in_port: 9 }));
    expect(table.probeCount).toBe(4);
    table.insert(exploded(0x0a00000a, 80, 4, 3), prefixMask(5, 4));
    lookup(table, keyOf({ in_port: 9 }));
    expect(table.probeCount).toBe(5);
  });
});

describe('the difference tree', () => {
  const table = (): MegaflowTable => new MegaflowTable({ search: 'difference-tree' });

  it('finds every flow of an exploded tuple space, by keys that fill what its mask leaves open', () => {
    const tree = table();
    const slots = new Map<string, number>();
    for (const in_port of [1, 2, 3]) {
      for (let a = 0; a < 32; a++) {
        for (let p = 0; p < 16; p++) {
          slots.set(
            `${in_port}/${a}/${p}`,
            tree.insert(exploded(0x0a00000a, 80, a, p, in_port), prefixMask(a + 1, p + 1)),
          );
        }
      }
    }
    expect([tree.flowCount, tree.maskCount]).toEqual([1536, 512]);
    for (const [name, slot] of slots) {
      const [in_port, a, p] = name.split('/').map(Number) as [number, number, number];
      const key = exploded(0x0a00000a, 80, a, p, in_port);
      key.setU32(OFF_NW_SRC, (key.u32(OFF_NW_SRC) | (0x5555_5555 & ~(-1 << (31 - a)))) >>> 0);
      key.setU16(OFF_TP_DST, key.u16(OFF_TP_DST) | (0x3333 & ~(-1 << (15 - p))));
      expect(lookup(tree, key)).toBe(slot);
    }
    expect(lookup(tree, keyOf({ in_port: 1, ip_src: 0x0a00000a, tcp_dst: 80 }))).toBe(-1);
  });

  it('copes with flows that nothing parts: those that overlap', () => {
    const tree = table();
    // in_port=i and ip_src=i, each blind to what the other sees: pairs overlap, and no key is in another flow.
    const slots = [
      ...Array.from({ length: 40 }, (_, i) => tree.insert(keyOf({ in_port: i + 1 }), maskOf('in_port'))),
      ...Array.from({ length: 40 }, (_, i) => tree.insert(keyOf({ ip_src: i + 1 }), maskOf('ip_src'))),
    ];
    expect(Math.min(...slots)).toBeGreaterThanOrEqual(0);
    slots.forEach((slot, i) => {
      expect(lookup(tree, i < 40 ? keyOf({ in_port: i + 1 }) : keyOf({ ip_src: i - 39 }))).toBe(slot);
    });
    for (const slot of slots) expect(tree.remove(slot)).toBe(true);
    expect(lookup(tree, keyOf({ in_port: 1 }))).toBe(-1);
  });

  it('needs no more memory after many flows have come and gone than after one such wave', () => {
    const tree = table();
    const wave = (): void => {
      const slots: number[] = [];
      for (let a = 0; a < 32; a++) {
        for (let p = 0; p < 16; p++) slots.push(tree.insert(exploded(0x0a00000a, 80, a, p), prefixMask(a + 1, p + 1)));
      }
      for (const slot of slots) tree.remove(slot);
    };
    wave();
    const after = tree.searchWords;
    for (let i = 0; i < 20; i++) wave();
    expect(tree.searchWords).toBeLessThanOrEqual(2 * after);
  });

  it('agrees with the naive table on flows of prefixes and of scattered bits, through puts and removes', () => {
    const masks = fc.oneof(
      fc.record({ a: fc.nat(32), p: fc.nat(16) }).map(({ a, p }) => prefixMask(a, p)),
      fc.record({ in_port: fc.nat(3), ip_src: fc.nat(0xff), ip_dst: fc.nat(0xff), tcp_dst: fc.nat(0xff) }).map(keyOf),
    );
    const keys = fc
      .record({
        in_port: fc.nat(3),
        ip_src: fc.oneof(fc.nat(0xff), fc.nat(0xffff_ffff)),
        ip_dst: fc.nat(0xff),
        tcp_dst: fc.oneof(fc.nat(0xff), fc.nat(0xffff)),
      })
      .map(keyOf);
    fc.assert(
      fc.property(fc.array(fc.tuple(keys, masks, fc.nat(9)), { minLength: 50, maxLength: 300 }), (steps) => {
        const tree = new MegaflowTable({ search: 'difference-tree', checkDisjoint: true });
        const naive = new LinearFlowTable();
        const slots: { ours: number; theirs: number }[] = [];
        for (const [key, mask, dice] of steps) {
          if (dice === 0 && slots.length > 0) {
            const [gone] = slots.splice(key.u32(OFF_NW_SRC) % slots.length, 1);
            tree.remove(gone!.ours);
            naive.remove(gone!.theirs);
          }
          const ours = tree.insert(key, mask);
          const theirs = naive.insert(key, mask);
          expect(Math.min(ours, 0)).toBe(Math.min(theirs, 0));
          if (ours >= 0) slots.push({ ours, theirs });
        }
        for (const [key] of steps) {
          const theirs = naive.lookup(key.words, 0);
          expect(lookup(tree, key)).toBe(slots.find((slot) => slot.theirs === theirs)?.ours ?? -1);
        }
        for (const { ours } of slots) tree.remove(ours);
        expect(tree.flowCount).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});
