/**
 * What every table of megaflows must do. Run over each implementation:
 *
 *   flowTableConformance('tuple space search', (capacity) => new MegaflowTable({ capacity, checkDisjoint: true }));
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlowKey, SHAPE_WORD } from '#flowtable/flow-key.js';
import { type FlowTable, INSERT_EXISTS, INSERT_FULL, INSERT_OVERLAPS } from '#flowtable/megaflow-table.js';
import { keyOf, maskOf } from '../support/datapath-bench.js';
import { LinearFlowTable } from '../support/linear-flow-table.js';

export function flowTableConformance(name: string, make: (capacity: number) => FlowTable): void {
  const lookup = (table: FlowTable, key: FlowKey): number => table.lookup(key.words, 0);
  const flow = (i: number): FlowKey => keyOf({ in_port: 1, eth_type: 0x800, ip_dst: i });
  const mask = maskOf('in_port', 'eth_type', 'ip_dst');

  describe(`${name}: a table of megaflows`, () => {
    it('finds a flow by any key that agrees with it on its mask', () => {
      const table = make(10);
      const slot = table.insert(flow(5), mask);
      const key = keyOf({ in_port: 1, eth_type: 0x800, ip_dst: 5, ip_src: 99, tcp_dst: 80, pkt_mark: 4 });
      expect(lookup(table, key)).toBe(slot);
      expect(lookup(table, flow(6))).toBe(-1);
      expect(lookup(table, keyOf({ in_port: 2, eth_type: 0x800, ip_dst: 5 }))).toBe(-1);
    });

    it('looks a key up wherever it lies in an array', () => {
      const table = make(10);
      const slot = table.insert(flow(5), mask);
      const words = new Int32Array(500);
      words.set(flow(5).words, 123);
      expect(table.lookup(words, 123)).toBe(slot);
    });

    it('has room for the flow that matches everything', () => {
      const table = make(10);
      const slot = table.insert(new FlowKey(), new FlowKey());
      expect(lookup(table, flow(77))).toBe(slot);
      expect(table.insert(flow(1), mask)).toBe(INSERT_OVERLAPS);
    });

    it('knows a flow that it has, one that overlaps, and one too many', () => {
      const table = make(2);
      expect(table.insert(flow(1), mask)).toBeGreaterThanOrEqual(0);
      expect(table.insert(flow(1), mask)).toBe(INSERT_EXISTS);
      expect(table.insert(flow(1), maskOf('in_port'))).toBe(INSERT_OVERLAPS);
      expect(table.insert(flow(2), mask)).toBeGreaterThanOrEqual(0);
      expect(table.insert(flow(3), mask)).toBe(INSERT_FULL);
    });

    it('forgets a removed flow, and only that', () => {
      const table = make(1000);
      const slots = Array.from({ length: 300 }, (_, i) => table.insert(flow(i), mask));
      for (let i = 0; i < 300; i += 3) expect(table.remove(slots[i]!)).toBe(true);
      expect(table.remove(slots[0]!)).toBe(false);
      expect(table.remove(12345)).toBe(false);
      slots.forEach((slot, i) => {
        expect(lookup(table, flow(i))).toBe(i % 3 === 0 ? -1 : slot);
      });
      expect(table.flowCount).toBe(200);
      expect([...table.slots()]).toHaveLength(200);
    });

    it('drops a mask with its last flow', () => {
      const table = make(10);
      const slot = table.insert(flow(1), mask);
      table.insert(keyOf({ in_port: 9 }), maskOf('in_port'));
      expect(table.maskCount).toBe(2);
      table.remove(slot);
      expect(table.maskCount).toBe(1);
      table.clear();
      expect([table.maskCount, table.flowCount]).toEqual([0, 0]);
    });

    it('gives back the key as it was put, and the mask', () => {
      const table = make(10);
      const key = keyOf({ in_port: 1, eth_type: 0x800, ip_dst: 5, tcp_dst: 80 });
      const slot = table.insert(key, mask);
      expect(table.keyOf(slot).equals(key)).toBe(true);
      expect(table.maskOf(slot).equals(mask)).toBe(true);
    });

    it('does not look at SHAPE', () => {
      const table = make(10);
      const all = new FlowKey();
      all.words.fill(-1);
      const slot = table.insert(flow(1), all);
      const key = flow(1);
      key.words[SHAPE_WORD] = 77;
      expect(lookup(table, key)).toBe(slot);
    });

    it('agrees with the naive table on any sequence of puts, removes and lookups', () => {
      // Few values and masks, so that flows meet.
      const smallKey = fc
        .record({ in_port: fc.nat(2), ip_src: fc.nat(7), ip_dst: fc.nat(7), tcp_dst: fc.nat(3) })
        .map(keyOf);
      const smallMask = fc
        .record({ in_port: fc.nat(3), ip_src: fc.nat(7), ip_dst: fc.nat(7), tcp_dst: fc.nat(3) })
        .map(keyOf);
      const step = fc.oneof(
        fc.record({ do: fc.constant('put' as const), key: smallKey, mask: smallMask }),
        fc.record({ do: fc.constant('remove' as const), pick: fc.nat(1000) }),
        fc.record({ do: fc.constant('lookup' as const), key: smallKey }),
      );
      fc.assert(
        fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
          const table = make(20);
          const naive = new LinearFlowTable(20);
          const slots: { ours: number; theirs: number }[] = [];
          for (const one of steps) {
            if (one.do === 'put') {
              const ours = table.insert(one.key, one.mask);
              const theirs = naive.insert(one.key, one.mask);
              expect(Math.min(ours, 0)).toBe(Math.min(theirs, 0));
              if (ours >= 0) slots.push({ ours, theirs });
            } else if (one.do === 'remove' && slots.length > 0) {
              const [gone] = slots.splice(one.pick % slots.length, 1);
              expect(table.remove(gone!.ours)).toBe(true);
              naive.remove(gone!.theirs);
            } else if (one.do === 'lookup') {
              const theirs = naive.lookup(one.key.words, 0);
              const want = slots.find((slot) => slot.theirs === theirs)?.ours ?? -1;
              expect(lookup(table, one.key)).toBe(want);
            }
            expect([table.flowCount, table.maskCount]).toEqual([naive.flowCount, naive.maskCount]);
          }
        }),
        { numRuns: 150 },
      );
    });
  });
}
