/** GRE and Geneve ports over a host's stack: what is handed down, what is taken up, and what is refused. */
import { describe, expect, it } from 'vitest';
import type { DpAction, VportType } from '#datapath/dpif.js';
import type { Underlay, UnderlayIpReceiver, UnderlayReceiver } from '#datapath/environment.js';
import { fieldNamed, readField } from '#flowtable/fields.js';
import { OFF_TUN_OPTIONS_PRESENT, OFF_USERSPACE } from '#flowtable/flow-key.js';
import { rawOptions, setRawOptions } from '#flowtable/tunnel-options.js';
import { type DatapathBench, keyOf, makeBench, output, putFlow } from '../support/datapath-bench.js';
import { eth, hex, ip4, ip6, toHex } from '../support/packet-builder.js';

/** A host stack that keeps what it is given. */
class FakeUnderlay implements Underlay {
  readonly sent: { outer: object; payload: Uint8Array }[] = [];
  udp: UnderlayReceiver | null = null;
  ip: UnderlayIpReceiver | null = null;

  sendUdp(outer: object, payload: Uint8Array): null {
    this.sent.push({ outer, payload });
    return null;
  }

  listenUdp(_port: number, receiver: UnderlayReceiver): () => void {
    this.udp = receiver;
    return () => {
      this.udp = null;
    };
  }

  sendIp(outer: object, payload: Uint8Array): null {
    this.sent.push({ outer, payload });
    return null;
  }

  listenIp(_protocol: number, receiver: UnderlayIpReceiver): () => void {
    this.ip = receiver;
    return () => {
      this.ip = null;
    };
  }
}

const INNER = eth().ipv4('10.0.0.1', '10.0.0.2').udp(1, 2).payload(10).bytes();
const TUNNEL = { tun_src: 0x01010101, tun_dst: 0x02020202, tun_ttl: 64, tun_tos: 4 };
const CSUM = 2;
const KEY = 4;

function setUp(type: VportType): { bench: DatapathBench; underlay: FakeUnderlay } {
  const underlay = new FakeUnderlay();
  const bench = makeBench({}, [1], underlay);
  bench.addPort(4, { name: 'tunnel', type });
  return { bench, underlay };
}

function send(type: VportType, fields: Readonly<Record<string, number | bigint>>): FakeUnderlay['sent'][0] {
  const { bench, underlay } = setUp(type);
  const set: DpAction = { kind: 'set', attribute: 'tunnel', value: keyOf({ ...TUNNEL, ...fields }), mask: null };
  putFlow(bench, INNER, 1, [set, output(4)]);
  bench.datapath.receive(1, INNER);
  return underlay.sent[0]!;
}

describe('what leaves by a tunnel port', () => {
  it.each([
    ['geneve', { tun_id: 0x123456, tunnel_flags: KEY }, '0000655812345600'],
    ['gre', {}, '00006558'],
    ['gre', { tun_id: 9, tunnel_flags: KEY }, '2000655800000009'],
    ['gre', { tun_id: 9, tunnel_flags: KEY | CSUM }, 'a00065584aa4000000000009'],
  ] as const)('%s %j', (type, fields, header) => {
    const { outer, payload } = send(type, fields);
    const text = toHex(payload);
    expect(text.endsWith(toHex(INNER))).toBe(true);
    const given = text.slice(0, -2 * INNER.length);
    // A checksum is that of the bytes: 16 bits behind the first four.
    expect(given.length === 24 ? `${given.slice(0, 8)}${header.slice(8, 12)}${given.slice(12)}` : given).toBe(header);
    expect(outer).toMatchObject({ source: ip4('1.1.1.1'), destination: ip4('2.2.2.2'), tos: 4, ttl: 64 });
  });
});

describe('options that leave by a Geneve port', () => {
  it.each([
    ['00010101aabbccdd', '0200655800000500'],
    ['0001810100000001', '0240655800000500'],
    ['ffff0000', '0100655800000500'],
  ])('%s', (options, header) => {
    const { bench, underlay } = setUp('geneve');
    const value = keyOf({ ...TUNNEL, tun_id: 5, tunnel_flags: KEY });
    setRawOptions(value, hex(options));
    putFlow(bench, INNER, 1, [{ kind: 'set', attribute: 'tunnel', value, mask: null }, output(4)]);
    bench.datapath.receive(1, INNER);
    const sent = toHex(underlay.sent[0]!.payload);
    expect(sent.slice(0, header.length)).toBe(header);
    expect(sent).toBe(`${header}${options}${toHex(INNER)}`);
  });
});

describe('what comes in by a tunnel port', () => {
  const outer = { source: ip4('2.2.2.2'), destination: ip4('1.1.1.1'), tos: 4, ttl: 63 };
  const udp = { ...outer, sourcePort: 40000, destinationPort: 6081, dontFragment: false, checksum: true };

  it('of Geneve carries the VNI and the options, of the last tunnel only', () => {
    const { bench, underlay } = setUp('geneve');
    underlay.udp!(udp, hex(`018065581234560001020000${toHex(INNER)}`));
    const [upcall] = bench.drainUpcalls();
    expect(toHex(upcall!.packet)).toBe(toHex(INNER));
    const read = (name: string): bigint => readField(upcall!.key, fieldNamed(name));
    expect(read('in_port')).toBe(4n);
    expect(read('tun_id')).toBe(0x123456n);
    expect(read('tun_src')).toBe(0x02020202n);
    expect(read('tun_ttl')).toBe(63n);
    // CSUM, KEY, OAM, and options.
    expect(read('tunnel_flags')).toBe(30n);
    expect(rawOptions(upcall!.key)).toMatchObject([{ optionClass: 0x102, optionType: 0, size: 0 }]);
    underlay.udp!(udp, hex(`0000655812345600${toHex(INNER)}`));
    const [next] = bench.drainUpcalls();
    expect(readField(next!.key, fieldNamed('tunnel_flags'))).toBe(6n);
    expect(next!.key.isZero(OFF_TUN_OPTIONS_PRESENT, OFF_USERSPACE - OFF_TUN_OPTIONS_PRESENT)).toBe(true);
  });

  it('of GRE carries the key, from IPv6 too', () => {
    const { bench, underlay } = setUp('gre');
    underlay.ip!(
      { ...outer, source: ip6('2001:db8::2'), destination: ip6('2001:db8::1') },
      hex(`2000655800000009${toHex(INNER)}`),
    );
    const [upcall] = bench.drainUpcalls();
    expect(readField(upcall!.key, fieldNamed('tun_id'))).toBe(9n);
    expect(readField(upcall!.key, fieldNamed('tun_ipv6_src'))).toBe(0x20010db8_00000000_00000000_00000002n);
  });

  it.each([
    ['geneve', 'another version', '4000655800000100'],
    ['geneve', 'no Ethernet inside', '0000080000000100'],
    ['geneve', 'an option longer than the rest', '0140655800000100ffff8001'],
    ['geneve', 'cut short', '00006558'],
    ['gre', 'no Ethernet inside', '00000800'],
    ['gre', 'a wrong checksum', '8000655812340000'],
    ['gre', 'version 1', '0001880b'],
  ] as const)('of %s with %s is counted and dropped', (type, _, header) => {
    const { bench, underlay } = setUp(type);
    const payload = hex(`${header}${header === '00006558' && type === 'geneve' ? '' : toHex(INNER)}`);
    if (type === 'gre') underlay.ip!(outer, payload);
    else underlay.udp!(udp, payload);
    expect(bench.drainUpcalls()).toEqual([]);
    const info = bench.datapath.portGet(4)!;
    expect(info.drops.get('tunnel-bad-header')).toBe(1);
    expect(info.stats.rxErrors).toBe(1);
  });

  it('ends with the port', () => {
    for (const type of ['gre', 'geneve'] as const) {
      const { bench, underlay } = setUp(type);
      bench.datapath.portDelete(4);
      expect([underlay.udp, underlay.ip]).toEqual([null, null]);
    }
  });

  it('and a stack without protocol 47 carries no GRE', () => {
    const underlay: Underlay = { sendUdp: () => null, listenUdp: () => () => {} };
    const bench = makeBench({}, [1], underlay);
    bench.addPort(4, { name: 'gre_sys', type: 'gre' });
    const set: DpAction = { kind: 'set', attribute: 'tunnel', value: keyOf(TUNNEL), mask: null };
    putFlow(bench, INNER, 1, [set, output(4)]);
    bench.datapath.receive(1, INNER);
    expect(bench.datapath.portGet(4)!.drops.get('no-underlay')).toBe(1);
  });
});
