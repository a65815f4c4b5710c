import { describe, expect, it } from 'vitest';
import type { DpAction, UserspaceCookie } from '#datapath/dpif.js';
import { MAX_FRAME_SIZE } from '#datapath/packet-buffer.js';
import { FlowKey } from '#flowtable/flow-key.js';
import { exactDatapathMask } from '#flowtable/flow-mask.js';
import { frameKey, keyOf, makeBench, maskOf, output, putFlow, setField } from '../support/datapath-bench.js';
import { eth, toHex } from '../support/packet-builder.js';

const udp = eth().ipv4('10.0.0.1', '10.0.0.2').udp(1, 2).payload(22).bytes();
const tcp = (flags: number): Uint8Array => eth().ipv4('10.0.0.1', '10.0.0.2').tcp(1, 2, { flags }).bytes();
const COOKIE: UserspaceCookie = { kind: 'slow-path', reason: 'action', inPort: 1 };
const userspace: DpAction = { kind: 'userspace', pid: 1, cookie: COOKIE };

describe('a miss', () => {
  it('is sent up with the key and the frame', () => {
    const bench = makeBench();
    bench.clock.nowNs = 77;
    bench.datapath.receive(1, udp);
    const [upcall, ...more] = bench.drainUpcalls();
    expect(more).toEqual([]);
    expect(upcall!.kind).toBe('miss');
    expect(upcall!.key.equals(frameKey(udp, 1))).toBe(true);
    expect(toHex(upcall!.packet)).toBe(toHex(udp));
    expect(upcall!.arrivedNs).toBe(77);
    expect(bench.datapath.stats()).toMatchObject({ hits: 0, missed: 1, lost: 0 });
  });

  it('tells the listener when the queue stops being empty, and only then', () => {
    const bench = makeBench();
    let calls = 0;
    bench.datapath.onUpcall(() => calls++);
    bench.datapath.receive(1, udp);
    bench.datapath.receive(1, udp);
    expect(calls).toBe(1);
    bench.drainUpcalls();
    bench.datapath.receive(2, udp);
    expect(calls).toBe(2);
  });

  it('is executed, not returned, when its flow has been installed since', () => {
    const bench = makeBench();
    for (let i = 0; i < 3; i++) bench.datapath.receive(1, udp);
    expect(bench.datapath.upcallReceive()).not.toBeNull();
    putFlow(bench, udp, 1, [output(2)]);
    expect(bench.drainUpcalls()).toEqual([]);
    expect(bench.takeSent().map((s) => s.port)).toEqual([2, 2]);
    const [flow] = [...bench.datapath.flowDump()];
    expect(flow!.stats.packets).toBe(2);
    expect(bench.datapath.stats()).toMatchObject({ hits: 0, missed: 3 });
  });

  it('is all there is when the megaflow table is off', () => {
    const bench = makeBench({ megaflowTable: false });
    putFlow(bench, udp, 1, [output(2)]);
    bench.datapath.receive(1, udp);
    bench.datapath.receive(1, udp);
    expect(bench.drainUpcalls()).toHaveLength(2);
    expect(bench.sent).toEqual([]);
  });
});

describe('a hit', () => {
  it('runs the actions and is counted: packets, bytes, time, TCP flags', () => {
    const bench = makeBench();
    putFlow(bench, tcp(0), 1, [output(2), output(3)], maskOf('in_port', 'eth_type', 'nw_proto'));
    bench.clock.nowNs = 5;
    bench.datapath.receive(1, tcp(0x002));
    bench.clock.nowNs = 9;
    bench.datapath.receive(1, tcp(0x110));
    expect(bench.takeSent().map((s) => s.port)).toEqual([2, 3, 2, 3]);
    const [flow] = [...bench.datapath.flowDump()];
    expect(flow!.stats).toEqual({ packets: 2, bytes: 108, usedNs: 9, tcpFlags: 0x112 });
  });

  it('comes from the microflow cache the second time', () => {
    const bench = makeBench();
    putFlow(bench, udp, 1, [output(2)], maskOf('in_port'));
    for (let i = 0; i < 3; i++) bench.datapath.receive(1, udp);
    expect(bench.datapath.stats()).toMatchObject({ hits: 3, microflowHits: 2, megaflowHits: 1, cacheHits: 2 });
  });

  it('is never taken from a flow that has gone or changed', () => {
    const bench = makeBench();
    putFlow(bench, udp, 1, [output(2)], maskOf('in_port'));
    bench.datapath.receive(1, udp);
    bench.datapath.receive(1, udp);
    bench.datapath.flowPut({ key: frameKey(udp, 1), mask: maskOf('in_port'), actions: [output(3)], mode: 'modify' });
    bench.datapath.receive(1, udp);
    const [flow] = [...bench.datapath.flowDump()];
    expect(flow!.stats.packets).toBe(3);
    bench.datapath.flowDelete(flow!.ufid);
    bench.datapath.receive(1, udp);
    expect(bench.takeSent().map((s) => s.port)).toEqual([2, 2, 3]);
    expect(bench.drainUpcalls()).toHaveLength(1);
  });
});

describe('the flow table as userspace sees it', () => {
  const key = keyOf({ in_port: 1, eth_type: 0x800, ip_dst: 0x0a000002 });
  const mask = maskOf('in_port', 'eth_type', 'ip_dst');

  it('puts by mode', () => {
    const { datapath } = makeBench();
    expect(datapath.flowPut({ key, mask, actions: [], mode: 'modify' })).toBe('missing');
    expect(datapath.flowPut({ key, mask, actions: [], mode: 'create' })).toBe('ok');
    expect(datapath.flowPut({ key, mask, actions: [], mode: 'create' })).toBe('exists');
    expect(datapath.flowPut({ key, mask, actions: [output(1)], mode: 'put' })).toBe('ok');
    expect(datapath.flowCount()).toBe(1);
  });

  it('names a flow by key and mask: the same in every run, another for another flow', () => {
    const ufids = ['10.0.0.2', '10.0.0.3'].map((_, i) => {
      const { datapath } = makeBench();
      datapath.flowPut({
        key: keyOf({ in_port: 1, eth_type: 0x800, ip_dst: 0x0a000002 + i }),
        mask,
        actions: [],
        mode: 'put',
      });
      return [...datapath.flowDump()][0]!.ufid;
    });
    expect(ufids[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(ufids[0]).not.toBe(ufids[1]);
    const { datapath } = makeBench();
    datapath.flowPut({ key, mask, actions: [], mode: 'put' });
    expect(datapath.flowGet(ufids[0]!)?.key.equals(key)).toBe(true);
    expect(datapath.flowGet('no such flow')).toBeNull();
  });

  it('refuses a flow that shares packets with another, and one too many', () => {
    const { datapath } = makeBench({ maxFlows: 1 });
    datapath.flowPut({ key, mask, actions: [], mode: 'put' });
    expect(datapath.flowPut({ key, mask: maskOf('in_port'), actions: [], mode: 'put' })).toBe('overlaps');
    const other = keyOf({ in_port: 2 });
    expect(datapath.flowPut({ key: other, mask, actions: [], mode: 'put' })).toBe('table-full');
  });

  it('flushes, and may be changed while it is dumped', () => {
    const { datapath } = makeBench();
    for (let i = 0; i < 20; i++) {
      datapath.flowPut({ key: keyOf({ in_port: i }), mask: maskOf('in_port'), actions: [], mode: 'put' });
    }
    let count = 0;
    for (const flow of datapath.flowDump()) {
      datapath.flowDelete(flow.ufid);
      count++;
    }
    expect(count).toBe(20);
    expect(datapath.flowCount()).toBe(0);
    datapath.flowPut({ key, mask, actions: [], mode: 'put' });
    datapath.flowFlush();
    expect(datapath.stats()).toMatchObject({ flows: 0, masks: 0 });
  });

  it('takes over neither SHAPE nor what only userspace knows into a mask', () => {
    const { datapath } = makeBench();
    const all = new FlowKey();
    all.bytes.fill(0xff);
    datapath.flowPut({ key, mask: all, actions: [], mode: 'put' });
    expect([...datapath.flowDump()][0]!.mask.equals(exactDatapathMask())).toBe(true);
  });
});

describe('actions', () => {
  it('leave what was already sent as it was', () => {
    const bench = makeBench();
    putFlow(bench, udp, 1, [output(2), setField('eth', { eth_dst: 0x0200000000aan }), output(3), output(2)]);
    bench.datapath.receive(1, udp);
    const changed = eth('02:00:00:00:00:01', '02:00:00:00:00:aa').ipv4('10.0.0.1', '10.0.0.2').udp(1, 2).payload(22);
    expect(bench.takeSent()).toEqual([
      { port: 2, frame: toHex(udp) },
      { port: 3, frame: toHex(changed.bytes()) },
      { port: 2, frame: toHex(changed.bytes()) },
    ]);
  });

  it('push and pop a tag', () => {
    const bench = makeBench();
    const push: DpAction = { kind: 'push_vlan', tpid: 0x8100, tci: 0x1000 | (3 << 13) | 100 };
    putFlow(bench, udp, 1, [push, output(2), { kind: 'pop_vlan' }, output(3)]);
    bench.datapath.receive(1, udp);
    const tagged = eth().vlan(100, { pcp: 3 }).ipv4('10.0.0.1', '10.0.0.2').udp(1, 2).payload(22).bytes();
    expect(bench.takeSent()).toEqual([
      { port: 2, frame: toHex(tagged) },
      { port: 3, frame: toHex(udp) },
    ]);
  });

  it('refuse a tag without the presence bit, and an action that is none', () => {
    const bench = makeBench();
    expect(() => putFlow(bench, udp, 1, [{ kind: 'push_vlan', tpid: 0x8100, tci: 5 }])).toThrow('presence bit');
    expect(() => putFlow(bench, udp, 1, [{ kind: 'jump' } as unknown as DpAction])).toThrow('no such action');
  });

  it('send to userspace the packet as it is then', () => {
    const bench = makeBench();
    putFlow(bench, udp, 1, [setField('ipv4', { ip_dst: 0x0a000009 }), userspace, output(2)]);
    bench.datapath.receive(1, udp);
    const [upcall] = bench.drainUpcalls();
    expect(upcall!.kind).toBe('action');
    expect(upcall!.cookie).toEqual(COOKIE);
    expect(upcall!.key.u32(36)).toBe(0x0a000009);
    const want = eth().ipv4('10.0.0.1', '10.0.0.9').udp(1, 2).payload(22).bytes();
    expect(toHex(upcall!.packet)).toBe(toHex(want));
    expect(bench.takeSent()).toHaveLength(1);
  });

  it('count a drop: no actions, an explicit one, a port that is not there', () => {
    const bench = makeBench();
    putFlow(bench, udp, 1, []);
    putFlow(bench, udp, 2, [{ kind: 'drop', reason: 'vlan-filtered' }, output(1)]);
    putFlow(bench, udp, 3, [output(99)]);
    for (const port of [1, 2, 3]) bench.datapath.receive(port, udp);
    expect(bench.sent).toEqual([]);
    expect([1, 2, 3].map((port) => [...bench.datapath.portGet(port)!.drops])).toEqual([
      [['flow-drop', 1]],
      [['vlan-filtered', 1]],
      [['no-vport', 1]],
    ]);
  });
});

describe('recirculation', () => {
  const recirc = (id: number): DpAction => ({ kind: 'recirc', id });

  it('looks the packet up again by its id and its changed headers', () => {
    const bench = makeBench();
    putFlow(bench, udp, 1, [setField('udp', { udp_dst: 53 }), recirc(7), output(3)]);
    const key = keyOf({ recirc_id: 7, in_port: 1, eth_type: 0x800, nw_proto: 17, udp_dst: 53 });
    const mask = maskOf('recirc_id', 'in_port', 'eth_type', 'nw_proto', 'udp_dst');
    bench.datapath.flowPut({
      key,
      mask,
      actions: [{ kind: 'push_vlan', tpid: 0x8100, tci: 0x1005 }, output(2)],
      mode: 'put',
    });
    bench.datapath.receive(1, udp);
    const plain = eth().ipv4('10.0.0.1', '10.0.0.2').udp(1, 53).payload(22).bytes();
    const tagged = eth().vlan(5).ipv4('10.0.0.1', '10.0.0.2').udp(1, 53).payload(22).bytes();
    expect(bench.takeSent()).toEqual([
      { port: 2, frame: toHex(tagged) },
      { port: 3, frame: toHex(plain) },
    ]);
    expect(bench.datapath.stats()).toMatchObject({ recirculations: 1, hits: 2 });
    expect(bench.datapath.pool.inUseCount).toBe(0);
  });

  it('ends after six within each other', () => {
    const bench = makeBench();
    putFlow(bench, udp, 1, [recirc(1)], maskOf('in_port', 'recirc_id'));
    const again = keyOf({ in_port: 1, recirc_id: 1 });
    bench.datapath.flowPut({ key: again, mask: maskOf('in_port', 'recirc_id'), actions: [recirc(1)], mode: 'put' });
    bench.datapath.receive(1, udp);
    expect(bench.datapath.stats().recirculations).toBe(6);
    expect(bench.datapath.portGet(1)!.drops.get('recirculation-limit')).toBe(1);
  });

  it('misses with the id in the key', () => {
    const bench = makeBench();
    putFlow(bench, udp, 1, [recirc(9)]);
    bench.datapath.receive(1, udp);
    expect(bench.drainUpcalls().map((upcall) => upcall.key.u32(4))).toEqual([9]);
  });
});

describe('ports', () => {
  it('count what they receive and send, from the side of the switch', () => {
    const bench = makeBench();
    putFlow(bench, udp, 1, [output(2)]);
    bench.datapath.receive(1, udp);
    expect(bench.datapath.portGet(1)!.stats).toMatchObject({ rxPackets: 1, rxBytes: 64, txPackets: 0 });
    expect(bench.datapath.portGet(2)!.stats).toMatchObject({ rxPackets: 0, txPackets: 1, txBytes: 64 });
  });

  it('take the lowest free number from 1, or the one that is asked for', () => {
    const { datapath } = makeBench({}, []);
    const add = (port?: number): number =>
      datapath.portAdd({ name: 'x', type: 'internal', ...(port === undefined ? {} : { port }) });
    expect([add(2), add(), add(), add(0)]).toEqual([2, 1, 3, 0]);
    expect(datapath.portDump().map((info) => info.port)).toEqual([0, 1, 2, 3]);
    expect(() => add(2)).toThrow('taken');
    expect(datapath.portDelete(2)).toBe(true);
    expect(datapath.portDelete(2)).toBe(false);
    expect(add()).toBe(2);
  });

  it.each([
    ['netdev', 1514, 'untagged', true],
    ['netdev', 1515, 'untagged', false],
    ['netdev', 1518, '802.1Q', true],
    ['netdev', 1518, '802.1ad', true],
    ['dummy', 1518, '802.1Q', true],
    ['dummy', 1518, '802.1ad', false],
  ] as const)('%s sends %i bytes %s: %s', (type, size, tag, sends) => {
    const bench = makeBench({}, [1]);
    const sent: number[] = [];
    bench.datapath.portAdd({ name: 'out', type, port: 2, transmit: (frame) => sent.push(frame.length) });
    const base = eth();
    const tagged = tag === 'untagged' ? base : base.vlan(1, { tpid: tag === '802.1Q' ? 0x8100 : 0x88a8 });
    const frame = tagged.payload(1).padded(size);
    putFlow(bench, frame, 1, [output(2)]);
    bench.datapath.receive(1, frame);
    expect(sent).toEqual(sends ? [size] : []);
    expect(bench.datapath.portGet(2)!.drops.get('mtu-exceeded')).toBe(sends ? undefined : 1);
  });

  it('neither receive nor send while they are down', () => {
    const bench = makeBench();
    putFlow(bench, udp, 1, [output(2)]);
    bench.datapath.portSet(2, { up: false });
    bench.datapath.receive(1, udp);
    bench.datapath.receive(2, udp);
    expect(bench.sent).toEqual([]);
    const info = bench.datapath.portGet(2)!;
    expect(info.stats).toMatchObject({ rxDropped: 1, txDropped: 1, rxPackets: 0 });
    expect(info.drops.get('vport-down')).toBe(2);
  });

  it.each([2048 - 128, 2048 - 127, 20_000, 60_000])('take a frame of %i bytes, longer than a buffer or not', (size) => {
    const bench = makeBench({ packetBufferSize: 2048 });
    bench.datapath.portSet(2, { mtu: 100_000 });
    const frame = new Uint8Array(size);
    frame.set(udp);
    const actions = [{ kind: 'push_vlan', tpid: 0x8100, tci: 0x1005 } as const, output(2)];
    putFlow(bench, udp, 1, actions);
    bench.datapath.receive(1, frame);
    bench.datapath.receive(1, udp);
    const tagged = (bytes: Uint8Array) => `${toHex(bytes.subarray(0, 12))}81000005${toHex(bytes.subarray(12))}`;
    const sent = bench.takeSent().map((each) => each.frame);
    expect(sent.map((each) => each.length / 2)).toEqual([size + 4, udp.length + 4]);
    expect(sent[0] === tagged(frame) && sent[1] === tagged(udp)).toBe(true);
    expect(bench.datapath.pool.inUseCount).toBe(0);
  });

  it('count frames that are no frames', () => {
    const bench = makeBench({ packetBufferSize: 2048 });
    bench.datapath.receive(1, new Uint8Array(13));
    bench.datapath.receive(1, new Uint8Array(MAX_FRAME_SIZE + 1));
    bench.datapath.receive(77, udp);
    expect([...bench.datapath.portGet(1)!.drops]).toEqual([
      ['frame-too-short', 1],
      ['frame-too-long', 1],
    ]);
    expect([...bench.datapath.drops()]).toEqual([['no-vport', 1]]);
    expect(bench.datapath.parseFailureCount()).toBe(1);
    expect(bench.datapath.pool.inUseCount).toBe(0);
  });

  it('may send a frame back in at once; the packet buffers bound how deep', () => {
    const bench = makeBench({ packetBufferCount: 8 }, [1]);
    bench.addPort(2, { transmit: (frame) => bench.datapath.receive(1, frame) });
    putFlow(bench, udp, 1, [output(2)]);
    bench.datapath.receive(1, udp);
    expect(bench.datapath.portGet(1)!.drops.get('no-packet-buffer')).toBe(1);
    expect(bench.datapath.portGet(2)!.stats.txPackets).toBe(8);
    expect(bench.datapath.pool.inUseCount).toBe(0);
  });

  it('lose no buffer when a sink throws', () => {
    const bench = makeBench({}, [1]);
    bench.addPort(2, {
      transmit: () => {
        throw new Error('cable on fire');
      },
    });
    putFlow(bench, udp, 1, [output(2)]);
    expect(() => bench.datapath.receive(1, udp)).toThrow('cable on fire');
    expect(bench.datapath.pool.inUseCount).toBe(0);
  });
});

describe('execute', () => {
  it('takes metadata from the key and the rest from the frame', () => {
    const bench = makeBench();
    const key = keyOf({ in_port: 3, pkt_mark: 5, recirc_id: 8, ip_dst: 0x01020304 });
    bench.datapath.execute(udp, key, [userspace, output(2)]);
    const [upcall] = bench.drainUpcalls();
    expect(upcall!.key.u32(0)).toBe(3);
    expect(upcall!.key.u32(52)).toBe(5);
    expect(upcall!.key.u32(4)).toBe(8);
    expect(upcall!.key.u32(36)).toBe(0x0a000002);
    expect(bench.takeSent()).toEqual([{ port: 2, frame: toHex(udp) }]);
    expect(bench.datapath.stats()).toMatchObject({ hits: 0, missed: 0 });
  });

  it('bears a frame of any length', () => {
    const bench = makeBench();
    for (const size of [0, 1, 13, 14, 17]) {
      bench.datapath.execute(new Uint8Array(size), new FlowKey(), [
        { kind: 'pop_vlan' },
        setField('ipv4', { ip_dst: 1 }),
        setField('eth', { eth_src: 1 }),
        { kind: 'push_vlan', tpid: 0x8100, tci: 0x1001 },
      ]);
    }
    bench.datapath.execute(new Uint8Array(MAX_FRAME_SIZE + 1), keyOf({ in_port: 1 }), [output(2)]);
    expect(bench.datapath.portGet(1)!.drops.get('frame-too-long')).toBe(1);
    expect(bench.datapath.pool.inUseCount).toBe(0);
  });
});
