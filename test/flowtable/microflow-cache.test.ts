import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FlowKey } from '#flowtable/flow-key.js';
import { microflowHash } from '#flowtable/hash.js';
import { MegaflowTable } from '#flowtable/megaflow-table.js';
import { MicroflowCache } from '#flowtable/microflow-cache.js';
import { keyOf, maskOf } from '../support/datapath-bench.js';

const hashOf = (key: FlowKey): number => microflowHash(key.words, 0);
const find = (cache: MicroflowCache, key: FlowKey, handles: Int32Array): number =>
  cache.lookup(key.words, 0, hashOf(key), handles);

describe('the microflow cache', () => {
  const handles = Int32Array.from({ length: 100 }, (_, slot) => slot);

  it.each([
    ['a plain key', keyOf({ in_port: 1, eth_type: 0x800, ip_src: 1, tcp_dst: 80 })],
    ['recirculation', keyOf({ in_port: 1, recirc_id: 5 })],
    ['a mark', keyOf({ in_port: 1, pkt_mark: 7 })],
    ['IPv6', keyOf({ in_port: 1, eth_type: 0x86dd, ipv6_src: 5n, ipv6_dst: 1n << 100n })],
    ['ARP', keyOf({ in_port: 1, eth_type: 0x806, arp_sha: 5n })],
    ['a tunnel', keyOf({ in_port: 4, tun_id: 77n, tun_src: 1, tun_dst: 2 })],
    ['a second tag', keyOf({ in_port: 4, vlan_tci: 0x1001, vlan1_tci: 0x1002 })],
    ['MPLS', keyOf({ in_port: 4, mpls_label: 3 })],
    ['a connection', keyOf({ in_port: 4, ct_state: 1, ct_mark: 3 })],
  ])('remembers a key with %s, and tells it from one that differs in any bit', (_name, key) => {
    const cache = new MicroflowCache(16);
    cache.insert(key.words, 0, hashOf(key), 9);
    expect(find(cache, key, handles)).toBe(9);
    for (let byte = 0; byte < 280; byte++) {
      const other = key.clone();
      other.bytes[byte] = other.bytes[byte]! ^ 0x10;
      other.updateShape();
      // Even under the same hash.
      if (!other.equals(key)) expect(cache.lookup(other.words, 0, hashOf(key), handles)).toBe(-1);
    }
  });

  it('does not answer with a flow that has gone', () => {
    const table = new MegaflowTable();
    const cache = new MicroflowCache(16);
    const key = keyOf({ in_port: 3 });
    const slot = table.insert(key, maskOf('in_port'));
    cache.insert(key.words, 0, hashOf(key), table.handles[slot]!);
    expect(find(cache, key, table.handles)).toBe(slot);
    table.remove(slot);
    expect(find(cache, key, table.handles)).toBe(-1);
    // The slot is used again, by another flow.
    expect(table.insert(keyOf({ in_port: 4 }), maskOf('in_port'))).toBe(slot);
    expect(find(cache, key, table.handles)).toBe(-1);
  });

  it('forgets everything when generations begin anew', () => {
    const cache = new MicroflowCache(16);
    const key = keyOf({ in_port: 3 });
    cache.insert(key.words, 0, hashOf(key), 5);
    cache.follow(0);
    expect(find(cache, key, handles)).toBe(5);
    cache.follow(1);
    expect(find(cache, key, handles)).toBe(-1);
  });

  it('never answers wrongly, whatever is put and however full it is', () => {
    const few = fc.record({ in_port: fc.nat(3), ip_src: fc.nat(3), pkt_mark: fc.nat(1), tun_id: fc.bigInt(0n, 1n) });
    fc.assert(
      fc.property(fc.array(fc.tuple(few, fc.nat(99), fc.nat(7)), { maxLength: 200 }), (steps) => {
        const cache = new MicroflowCache(8);
        const truth = new Map<string, number>();
        for (const [fields, handle, hash] of steps) {
          const key = keyOf(fields);
          const name = key.words.join();
          const found = cache.lookup(key.words, 0, truth.size < 3 ? hash : hashOf(key), handles);
          if (found >= 0) expect(found).toBe(truth.get(name));
          cache.insert(key.words, 0, hashOf(key), handle);
          // A full cache may refuse; what it holds of this key is then gone or stale, so ask.
          const now = find(cache, key, handles);
          if (now >= 0) truth.set(name, now);
        }
      }),
    );
  });

  it('wants a power of two', () => {
    expect(() => new MicroflowCache(1000)).toThrow('power of two');
  });
});
