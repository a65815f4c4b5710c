import { describe, expect, it } from 'vitest';
import type { FlowKey } from '#flowtable/flow-key.js';
import { MegaflowTable, slotOf } from '#flowtable/megaflow-table.js';
import { flowTableConformance } from '../conformance/flow-table.js';
import { keyOf, maskOf } from '../support/datapath-bench.js';
import { LinearFlowTable } from '../support/linear-flow-table.js';

flowTableConformance('a list', (capacity) => new LinearFlowTable(capacity));
flowTableConformance('tuple space search', (capacity) => new MegaflowTable({ capacity, checkDisjoint: true }));

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

describe('the search', () => {
  it('comes to the busy subtables first', () => {
    const table = new MegaflowTable();
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
