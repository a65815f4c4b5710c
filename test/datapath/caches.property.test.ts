/**
 * Caches change how fast an answer comes, never the answer: a random sequence of frames gives the same frames out with
 * the microflow cache on or off, with the megaflow table off, and by the fast path; and the fast path counts as the
 * reference does.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DatapathOptions } from '#datapath/datapath-options.js';
import type { DpAction } from '#datapath/dpif.js';
import type { FrameBatch } from '#datapath/packet-buffer.js';
import { mixBits } from '#flowtable/hash.js';
import { FlowKey, OFF_ETH_TYPE, OFF_NW_FRAG, OFF_NW_PROTO } from '#flowtable/flow-key.js';
import { applyMask } from '#flowtable/flow-mask.js';
import { type DatapathBench, makeBench, maskOf, output, type Sent, setField } from '../support/datapath-bench.js';
import { allFrames } from '../support/frame-samples.js';
import { eth } from '../support/packet-builder.js';

const PORTS = [1, 2, 3];
const HEAD = ['in_port', 'recirc_id', 'eth_type', 'vlan_tci', 'nw_proto', 'ip_frag', 'pkt_mark'];

/** The mask that this userspace gives a key. It hangs on nothing but fields that it has in full: flows are disjoint. */
function maskFor(key: FlowKey): FlowKey {
  const type = key.u16(OFF_ETH_TYPE);
  const proto = key.u8(OFF_NW_PROTO);
  const isLater = (key.u8(OFF_NW_FRAG) & 2) !== 0;
  const more: string[] = [];
  if (type === 0x800) more.push('ip_dst', ...(proto === 6 && !isLater ? ['tcp_dst'] : []));
  else if (type === 0x86dd) more.push('ipv6_src', ...(proto === 58 ? ['icmpv6_type', 'nd_target'] : []));
  else if (type === 0x806) more.push('arp_spa', 'arp_sha');
  else more.push('eth_dst');
  return maskOf(...HEAD, ...more);
}

/** What this userspace does with all packets of a megaflow, by its masked key. */
function actionsFor(key: FlowKey, mask: FlowKey): DpAction[] {
  const masked = key.clone();
  applyMask(masked, mask);
  let hash = 0;
  masked.words.forEach((word, i) => {
    hash = mixBits(hash ^ word ^ i);
  });
  const out = output(PORTS[(hash >>> 8) % 3]!);
  const other = output(PORTS[(hash >>> 12) % 3]!);
  const recircId = key.u32(4);
  switch ((hash >>> 16) % 18) {
    case 0:
      return [];
    case 1:
      return [setField('ipv4', { ip_dst: 0x0a0000ff, nw_ttl: 7 }), out];
    case 2:
      return [{ kind: 'push_vlan', tpid: 0x8100, tci: 0x1000 | (hash & 0xfff) }, out, { kind: 'pop_vlan' }, other];
    case 3:
      return [out, setField('eth', { eth_dst: 0x020000000077n }), other, { kind: 'pop_vlan' }, out];
    case 4:
      return recircId > 20 ? [out] : [setField('udp', { udp_dst: 53 }), { kind: 'recirc', id: recircId + 1 }];
    case 5:
      return recircId > 20
        ? [other]
        : [{ kind: 'recirc', id: recircId + 2 }, setField('tcp', { tcp_src: 5 }), { kind: 'pop_vlan' }, other];
    case 6:
      return [{ kind: 'set', attribute: 'skb_mark', value: maskOf('pkt_mark'), mask: null }, out, other];
    case 7:
      return [{ kind: 'trunc', maxLen: 40 }, out, { kind: 'clone', actions: [{ kind: 'pop_vlan' }, other] }, out];
    case 8:
      return [
        { kind: 'push_mpls', ethertype: 0x8847, lse: 0x5140 },
        out,
        { kind: 'pop_mpls', ethertype: 0x800 },
        ...(recircId > 20 ? [other] : [{ kind: 'recirc', id: recircId + 1 } as const]),
      ];
    case 9:
      return recircId > 20
        ? [out]
        : [
            { kind: 'hash', algorithm: hash & 1 ? 1 : 0, basis: 3 },
            { kind: 'recirc', id: 21 },
          ];
    case 10:
      return [
        { kind: 'check_pkt_len', size: 60, greater: [setField('eth', { eth_dst: 5 }), out], lessOrEqual: [] },
        { kind: 'sample', probability: 2 ** 31, actions: [{ kind: 'push_vlan', tpid: 0x8100, tci: 0x1001 }, other] },
        out,
      ];
    default:
      return [out];
  }
}

/** Userspace serves all upcalls: it installs a megaflow for each miss, and executes the packet. */
function serve(bench: DatapathBench): void {
  const { datapath } = bench;
  for (let upcall = datapath.upcallReceive(); upcall !== null; upcall = datapath.upcallReceive()) {
    const mask = maskFor(upcall.key);
    const actions = actionsFor(upcall.key, mask);
    expect(datapath.flowPut({ key: upcall.key, mask, actions, mode: 'put' })).toBe('ok');
    datapath.execute(upcall.packet, upcall.key, actions);
  }
}

const samples = allFrames().map((sample) => sample.frame);
const plain = (n: number): Uint8Array => {
  const head = (n & 1) === 0 ? eth() : eth().vlan(n & 3);
  const ip = head.ipv4('10.0.0.1', `10.0.0.${n & 7}`);
  return ((n & 16) === 0 ? ip.tcp(n & 255, n >>> 5, { flags: n & 0xfff }) : ip.udp(n & 255, n >>> 5)).padded();
};
const plain6 = (n: number): Uint8Array => {
  const head = (n & 1) === 0 ? eth() : eth().vlan(n & 3);
  const ip = head.ipv6('2001:db8::1', `2001:db8::${(n & 7).toString(16)}`, {
    flowLabel: n & 0x7000,
    trafficClass: n & 12,
  });
  return ((n & 16) === 0 ? ip.tcp(n & 255, n >>> 5, { flags: n & 0xfff }) : ip.udp(n & 255, n >>> 5)).padded();
};
const frame = fc.oneof(
  { weight: 3, arbitrary: fc.nat(0xffff).map(plain6) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(0xffff), fc.nat(58), fc.nat(255)).map(([n, at, byte]) => {
      const bytes = plain6(n);
      bytes[12 + at] = byte;
      return bytes;
    }),
  },
  { weight: 6, arbitrary: fc.nat(0xffff).map(plain) },
  { weight: 3, arbitrary: fc.constantFrom(...samples) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(0xffff), fc.nat(45), fc.nat(255)).map(([n, at, byte]) => {
      const bytes = plain(n);
      bytes[12 + at] = byte;
      return bytes;
    }),
  },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 0, maxLength: 80 }) },
);
const arrival = fc.record({ port: fc.constantFrom(...PORTS), frame });
type Arrival = { readonly port: number; readonly frame: Uint8Array };

/** The frames in one arena, with some bytes between them. */
function batchOf(arrivals: readonly Arrival[]): { arena: { bytes: Uint8Array; view: DataView }; batch: FrameBatch } {
  const size = arrivals.reduce((sum, one) => sum + one.frame.length + 16, 16);
  const bytes = new Uint8Array(size).fill(0xee);
  const batch = {
    starts: new Int32Array(arrivals.length),
    lengths: Int32Array.from(arrivals, (one) => one.frame.length),
    ports: Int32Array.from(arrivals, (one) => one.port),
  };
  let at = 3;
  arrivals.forEach((one, i) => {
    bytes.set(one.frame, at);
    batch.starts[i] = at;
    at += one.frame.length + 13;
  });
  return { arena: { bytes, view: new DataView(bytes.buffer) }, batch };
}

describe('a random sequence of frames', () => {
  /**
   * What each frame made go out, sorted: a recirculation that misses is finished by userspace, after the actions
   * behind it, so the order within one frame's output is not the caches' to keep.
   */
  function play(arrivals: readonly Arrival[], options: Partial<DatapathOptions>): Sent[][] {
    const bench = makeBench(options, PORTS);
    const sent = arrivals.map((one) => {
      bench.datapath.receive(one.port, one.frame);
      serve(bench);
      return bench.takeSent().sort((a, b) => a.port - b.port || (a.frame < b.frame ? -1 : 1));
    });
    expect(bench.datapath.pool.inUseCount).toBe(0);
    return sent;
  }

  it('gives the same frames with every cache on and off', () => {
    fc.assert(
      fc.property(fc.array(arrival, { minLength: 1, maxLength: 60 }), (arrivals) => {
        const none = play(arrivals, { megaflowTable: false });
        expect(play(arrivals, {})).toEqual(none);
        expect(play(arrivals, { microflowCache: false })).toEqual(none);
        expect(play(arrivals, { microflowCacheSize: 2 })).toEqual(none);
        for (const flowSearch of ['tuple-space', 'difference-tree'] as const) {
          expect(play(arrivals, { flowSearch, microflowCache: false })).toEqual(none);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('the fast path', () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant('frames' as const), arrivals: fc.array(arrival, { maxLength: 40 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), pick: fc.nat(100) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('modify' as const), pick: fc.nat(100) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('port' as const),
        port: fc.constantFrom(...PORTS),
        up: fc.boolean(),
        mtu: fc.constantFrom(44, 60, 1500),
      }),
    },
  );

  /** Everything that can be seen of a datapath, and what went out of it. */
  function play(
    steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[],
    options: Partial<DatapathOptions>,
    sinks: boolean,
  ): unknown {
    const bench = makeBench(options, sinks ? PORTS : []);
    const { datapath } = bench;
    if (!sinks) for (const port of PORTS) datapath.portAdd({ name: `p${port}`, type: 'netdev', port });
    for (const one of steps) {
      bench.clock.nowNs++;
      if (one.do === 'frames') {
        const { arena, batch } = batchOf(one.arrivals);
        const before = arena.bytes.slice();
        datapath.receiveFrames(arena, batch, 0, one.arrivals.length);
        expect(arena.bytes).toEqual(before);
        serve(bench);
      } else if (one.do === 'port') datapath.portSet(one.port, { up: one.up, mtu: one.mtu });
      else {
        const flows = [...datapath.flowDump()];
        const flow = flows[one.pick % Math.max(1, flows.length)];
        if (flow === undefined) continue;
        if (one.do === 'delete') datapath.flowDelete(flow.ufid);
        else datapath.flowPut({ key: flow.key, mask: flow.mask, actions: [output(2)], mode: 'modify' });
      }
    }
    const stats = datapath.stats();
    return {
      sent: bench.sent,
      ports: datapath.portDump().map((info) => ({ ...info, drops: [...info.drops] })),
      flows: [...datapath.flowDump()].map((flow) => ({
        ufid: flow.ufid,
        stats: flow.stats,
        key: flow.key.words.join(),
      })),
      stats: { ...stats, microflowHits: 0, megaflowHits: 0, cacheHits: 0, maskHits: 0 },
      drops: [...datapath.drops()],
      inUse: datapath.pool.inUseCount,
    };
  }

  it.each([
    ['with sinks', {}, true],
    ['with ports that only count', {}, false],
    ['with a tiny microflow cache', { microflowCacheSize: 2 }, false],
    ['without microflow cache', { microflowCache: false }, true],
  ] as const)('sends and counts as the reference: %s', (_name, options, sinks) => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const reference = play(steps, { ...options, fastPath: false }, sinks);
        expect(play(steps, { ...options, fastPath: true }, sinks)).toEqual(reference);
      }),
      { numRuns: 40 },
    );
  });

  it('counts hits of both caches as the reference, frame by frame', () => {
    const frames = Array.from({ length: 400 }, (_, i) => ({ port: 1 + (i % 3), frame: plain(i % 37) }));
    const hits = [false, true].map((fastPath) => {
      const bench = makeBench({ fastPath }, PORTS);
      for (let round = 0; round < 3; round++) {
        const { arena, batch } = batchOf(frames);
        for (let i = 0; i < frames.length; i += 7) {
          bench.datapath.receiveFrames(arena, batch, i, Math.min(7, frames.length - i));
          serve(bench);
        }
      }
      return bench.datapath.stats();
    });
    expect(hits[1]!.hits).toBe(hits[0]!.hits);
    expect(hits[1]!.microflowHits).toBeGreaterThan(1000);
  });

  it('bears a sink that deletes the flow and the port under it', () => {
    const bench = makeBench({}, [1]);
    const arrivals = Array.from({ length: 10 }, () => ({ port: 1, frame: plain(16) }));
    let count = 0;
    bench.addPort(2, {
      transmit: () => {
        if (++count === 3) bench.datapath.flowFlush();
        if (count === 5) bench.datapath.portDelete(1);
      },
    });
    const put = (): void => {
      bench.datapath.flowPut({ key: new FlowKey(), mask: new FlowKey(), actions: [output(2)], mode: 'put' });
    };
    put();
    bench.datapath.receiveFrames(batchOf(arrivals).arena, batchOf(arrivals).batch, 0, 4);
    expect(count).toBe(3);
    put();
    bench.drainUpcalls();
    bench.datapath.receiveFrames(batchOf(arrivals).arena, batchOf(arrivals).batch, 4, 6);
    expect(bench.datapath.drops().get('no-vport')).toBeGreaterThan(0);
    expect(bench.datapath.pool.inUseCount).toBe(0);
  });
});
