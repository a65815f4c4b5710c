import { describe, expect, it } from 'vitest';
import type { DpAction, VportSpec } from '#datapath/dpif.js';
import type { DropReason } from '#datapath/drop-reason.js';
import type { Underlay, UnderlayDatagram, UnderlayReceiver } from '#datapath/environment.js';
import { readField, fieldNamed } from '#flowtable/fields.js';
import type { FlowKey } from '#flowtable/flow-key.js';
import { keyOf, makeBench, maskOf, output, putFlow, type DatapathBench } from '../support/datapath-bench.js';
import { eth, hex, ip4, ip6, toHex } from '../support/packet-builder.js';

/** A host stack that keeps what it is given. */
class FakeUnderlay implements Underlay {
  readonly sent: { datagram: UnderlayDatagram; payload: Uint8Array }[] = [];
  readonly receivers = new Map<number, UnderlayReceiver>();
  answer: DropReason | null = null;

  sendUdp(datagram: UnderlayDatagram, payload: Uint8Array): DropReason | null {
    if (this.answer === null) this.sent.push({ datagram, payload: payload.slice() });
    return this.answer;
  }

  listenUdp(port: number, receiver: UnderlayReceiver): () => void {
    if (this.receivers.has(port)) throw new Error(`UDP port ${port} is taken`);
    this.receivers.set(port, receiver);
    return () => this.receivers.delete(port);
  }
}

const inner = eth().ipv4('10.0.0.1', '10.0.0.2').udp(1, 2).payload(10).bytes();

function tunnelBench(spec: Partial<VportSpec> = {}): { bench: DatapathBench; underlay: FakeUnderlay } {
  const underlay = new FakeUnderlay();
  const bench = makeBench({}, [1], underlay);
  bench.datapath.portAdd({ name: 'vxlan_sys_4789', type: 'vxlan', port: 4, ...spec });
  return { bench, underlay };
}

const setTunnel = (fields: Record<string, number | bigint>): DpAction => ({
  kind: 'set',
  attribute: 'tunnel',
  value: keyOf(fields),
  mask: null,
});

const read = (key: FlowKey, name: string): bigint => readField(key, fieldNamed(name));

describe('VXLAN encapsulation', () => {
  it('takes the outer header from the tunnel that was set', () => {
    const { bench, underlay } = tunnelBench();
    const tunnel = {
      tun_id: 0x123456n,
      tun_src: 0xac100001,
      tun_dst: 0xac100002,
      tun_tos: 0x28,
      tun_ttl: 64,
      tunnel_flags: 5,
    };
    putFlow(bench, inner, 1, [setTunnel(tunnel), { ...mark(9) }, output(4)]);
    bench.datapath.receive(1, inner);
    const [{ datagram, payload }] = underlay.sent as [(typeof underlay.sent)[0]];
    expect(datagram).toMatchObject({
      source: ip4('172.16.0.1'),
      destination: ip4('172.16.0.2'),
      destinationPort: 4789,
      tos: 0x28,
      ttl: 64,
      dontFragment: true,
      checksum: false,
      mark: 9,
    });
    expect(toHex(payload)).toBe(`0800000012345600${toHex(inner)}`);
    expect(bench.datapath.portGet(4)!.stats).toMatchObject({ txPackets: 1, txBytes: inner.length });
  });

  it('spreads flows over source ports from 32768 to 60999, one flow over one', () => {
    const { bench, underlay } = tunnelBench();
    const actions = [setTunnel({ tun_id: 1n, tun_dst: 0xac100002, tun_ttl: 64 }), output(4)];
    putFlow(bench, inner, 1, actions, maskOf('in_port'));
    for (let i = 0; i < 200; i++) {
      const frame = eth()
        .ipv4('10.0.0.1', '10.0.0.2')
        .udp(1000 + (i >> 1), 2)
        .bytes();
      bench.datapath.receive(1, frame);
    }
    const ports = underlay.sent.map((sent) => sent.datagram.sourcePort);
    expect(Math.min(...ports)).toBeGreaterThanOrEqual(32768);
    expect(Math.max(...ports)).toBeLessThan(61000);
    expect(new Set(ports).size).toBeGreaterThan(95);
    for (let i = 0; i < 200; i += 2) expect(ports[i]).toBe(ports[i + 1]);
    expect(underlay.sent[0]!.datagram.source).toBeNull();
  });

  it('goes over IPv6 too', () => {
    const { bench, underlay } = tunnelBench();
    const tunnel = { tun_id: 1n, tun_ipv6_src: 0xfd00n << 112n, tun_ipv6_dst: (0xfd00n << 112n) | 2n, tun_ttl: 64 };
    putFlow(bench, inner, 1, [setTunnel(tunnel), output(4)]);
    bench.datapath.receive(1, inner);
    expect(underlay.sent[0]!.datagram).toMatchObject({ source: ip6('fd00::'), destination: ip6('fd00::2') });
  });

  it('sends the group policy where the port has GBP on', () => {
    for (const gbp of [false, true]) {
      const { bench, underlay } = tunnelBench({ gbp });
      const tunnel = { tun_id: 7n, tun_dst: 1, tun_gbp_id: 0x1234, tun_gbp_flags: 0x48 };
      putFlow(bench, inner, 1, [setTunnel(tunnel), output(4)]);
      bench.datapath.receive(1, inner);
      expect(toHex(underlay.sent[0]!.payload.slice(0, 8))).toBe(gbp ? '8848123400000700' : '0800000000000700');
    }
  });

  it('counts what the host cannot carry, and why', () => {
    const { bench, underlay } = tunnelBench();
    putFlow(bench, inner, 1, [setTunnel({ tun_id: 7n, tun_dst: 1 }), output(4)]);
    underlay.answer = 'no-tunnel-neighbour';
    bench.datapath.receive(1, inner);
    const info = bench.datapath.portGet(4)!;
    expect([...info.drops]).toEqual([['no-tunnel-neighbour', 1]]);
    expect(info.stats).toMatchObject({ txPackets: 0, txErrors: 1 });
  });

  it('needs a host below the datapath, and a tunnel', () => {
    const bench = makeBench({}, [1]);
    bench.datapath.portAdd({ name: 'vx', type: 'vxlan', port: 4 });
    putFlow(bench, inner, 1, [output(4)]);
    bench.datapath.receive(1, inner);
    expect(bench.datapath.portGet(4)!.drops.get('no-underlay')).toBe(1);
    const other = tunnelBench();
    putFlow(other.bench, inner, 1, [output(4)]);
    other.bench.datapath.receive(1, inner);
    expect(other.bench.datapath.portGet(4)!.drops.get('no-tunnel-route')).toBe(1);
  });

  it('never alters what goes out of other ports, before or after', () => {
    const { bench, underlay } = tunnelBench();
    bench.addPort(2);
    putFlow(bench, inner, 1, [output(2), setTunnel({ tun_id: 7n, tun_dst: 1 }), output(4), output(2)]);
    bench.datapath.receive(1, inner);
    expect(bench.takeSent().map((sent) => sent.frame)).toEqual([toHex(inner), toHex(inner)]);
    expect(toHex(underlay.sent[0]!.payload.slice(8))).toBe(toHex(inner));
  });
});

function mark(value: number): DpAction {
  return { kind: 'set', attribute: 'skb_mark', value: keyOf({ pkt_mark: value }), mask: null };
}

describe('VXLAN decapsulation', () => {
  const outer = {
    source: ip4('172.16.0.2'),
    destination: ip4('172.16.0.1'),
    sourcePort: 50000,
    destinationPort: 4789,
    tos: 4,
    ttl: 63,
    dontFragment: true,
    checksum: true,
  };
  const payload = (header: string): Uint8Array => hex(header + toHex(inner));

  it('puts the outer header into the tunnel section of the key', () => {
    const { bench, underlay } = tunnelBench();
    underlay.receivers.get(4789)!(outer, payload('0800000012345600'));
    const [upcall] = bench.drainUpcalls();
    const { key } = upcall!;
    expect(key.u32(0)).toBe(4);
    expect(toHex(upcall!.packet)).toBe(toHex(inner));
    expect(read(key, 'tun_id')).toBe(0x123456n);
    expect(read(key, 'tun_src')).toBe(0xac100002n);
    expect(read(key, 'tun_dst')).toBe(0xac100001n);
    expect([read(key, 'tun_tos'), read(key, 'tun_ttl'), read(key, 'tunnel_flags')]).toEqual([4n, 63n, 6n]);
    expect([read(key, 'tun_tp_src'), read(key, 'tun_tp_dst')]).toEqual([50000n, 4789n]);
    expect(read(key, 'ip_dst')).toBe(0x0a000002n);
    expect(bench.datapath.portGet(4)!.stats).toMatchObject({ rxPackets: 1, rxBytes: inner.length });
  });

  it('is one flow for each tunnel, also in the microflow cache', () => {
    const { bench, underlay } = tunnelBench();
    const mask = maskOf('in_port', 'tun_id');
    const put = (vni: bigint, port: number): void => {
      bench.datapath.flowPut({ key: keyOf({ in_port: 4, tun_id: vni }), mask, actions: [output(port)], mode: 'put' });
    };
    bench.addPort(2);
    put(1n, 1);
    put(2n, 2);
    for (let round = 0; round < 3; round++) {
      underlay.receivers.get(4789)!(outer, payload('0800000000000100'));
      underlay.receivers.get(4789)!(outer, payload('0800000000000200'));
    }
    expect(bench.takeSent().map((sent) => sent.port)).toEqual([1, 2, 1, 2, 1, 2]);
    expect(bench.datapath.stats().microflowHits).toBe(4);
  });

  it.each([
    ['too short', '08000000', false],
    ['no I flag', '0000000000000100', false],
    ['a reserved flag', '0900000000000100', false],
    ['GBP where it is off', '8800123400000100', false],
    ['a reserved last byte', '0800000000000101', false],
    ['a reserved GBP bit', '8801123400000100', true],
  ])('drops a header with %s', (_name, header, gbp) => {
    const { bench, underlay } = tunnelBench({ gbp });
    underlay.receivers.get(4789)!(outer, header.length === 16 ? payload(header) : hex(header));
    expect(bench.drainUpcalls()).toEqual([]);
    expect(bench.datapath.portGet(4)!.drops.get('tunnel-bad-header')).toBe(1);
    expect(bench.datapath.portGet(4)!.stats.rxErrors).toBe(1);
  });

  it('reads the group policy where GBP is on', () => {
    const { bench, underlay } = tunnelBench({ gbp: true });
    underlay.receivers.get(4789)!(outer, payload('8848123400000100'));
    const { key } = bench.drainUpcalls()[0]!;
    expect([read(key, 'tun_gbp_id'), read(key, 'tun_gbp_flags')]).toEqual([0x1234n, 0x48n]);
  });

  it('listens on the port of the vport until it goes', () => {
    const { bench, underlay } = tunnelBench({ udpPort: 8472 });
    expect([...underlay.receivers.keys()]).toEqual([8472]);
    expect(() => bench.datapath.portAdd({ name: 'again', type: 'vxlan', port: 5, udpPort: 8472 })).toThrow('taken');
    expect(bench.datapath.portGet(5)).toBeNull();
    bench.datapath.portDelete(4);
    expect([...underlay.receivers.keys()]).toEqual([]);
  });
});
