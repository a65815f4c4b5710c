import { describe, expect, test } from 'vitest';
import { plugTogether } from '#src/linux/cable.js';
import { parsePrefix } from '#src/linux/ip/address.js';
import { Machine } from '#src/linux/machine.js';
import { SeededRng } from '#src/sim/rng.js';
import { Scheduler } from '#src/sim/scheduler.js';
import { drops, echo, ip, lines, twoMachines, up } from './network.js';

describe('two machines on a link', () => {
  test('an echo request goes by ARP, request, reply; each place tells its part', () => {
    const network = twoMachines();
    expect(echo(network, network.a, '10.0.0.2')).toBe('reply size 64 ttl 64');
    expect(lines(network.events)).toEqual([
      'a:eth0 transmit',
      'b:eth0 receive',
      'b:eth0 deliver (ARP)',
      'b:eth0 transmit',
      'a:eth0 receive',
      'a:eth0 deliver (ARP)',
      'a:eth0 transmit',
      'b:eth0 receive',
      'b:eth0 deliver (ICMP echo request)',
      'b:eth0 transmit',
      'a:eth0 receive',
      'a:eth0 deliver (ICMP echo reply)',
    ]);
    expect(drops(network.a)).toEqual([]);
    expect(network.nicA.counters).toMatchObject({ txPackets: 2, rxPackets: 2, txBytes: 42 + 98, rxBytes: 42 + 98 });
  });

  test('the second request needs no ARP', () => {
    const network = twoMachines();
    echo(network, network.a, '10.0.0.2');
    network.events.length = 0;
    echo(network, network.a, '10.0.0.2');
    expect(lines(network.events).filter((line) => line.includes('ARP'))).toEqual([]);
  });

  test.each([
    ['10.0.0.2', 56],
    ['fd00::2', 56],
    ['10.0.0.2', 0],
    ['10.0.0.2', 4000],
    ['fd00::2', 4000],
    ['10.0.0.2', 60_000],
    ['10.0.0.1', 56],
    ['127.0.0.1', 56],
    ['127.9.8.7', 56],
    ['::1', 56],
    ['fd00::1', 56],
  ])('%s answers %i bytes', (address, size) => {
    const network = twoMachines();
    expect(echo(network, network.a, address, size)).toBe(`reply size ${size + 8} ttl 64`);
  });

  test('latency is paid twice by ARP and twice by the echo', () => {
    const network = twoMachines({ latencyNs: 1_000_000 });
    echo(network, network.a, '10.0.0.2');
    expect(network.scheduler.nowNs()).toBe(4_000_000);
  });

  test('nobody there: three ARP requests, a second apart, then host unreachable', () => {
    const network = twoMachines();
    expect(echo(network, network.a, '10.0.0.9')).toBe('unreachable 1');
    expect(network.scheduler.nowNs()).toBe(3e9);
    expect(drops(network.a)).toEqual(['eth0 no-neighbour 1']);
    expect(drops(network.b)).toEqual(['eth0 not-for-us 3']);
    expect(network.a.root.stack.neighbours.list().map(({ state }) => state)).toEqual(['FAILED']);
  });

  test('nobody there over IPv6: address unreachable', () => {
    const network = twoMachines();
    expect(echo(network, network.a, 'fd00::9')).toBe('unreachable 3');
    expect(drops(network.a)).toEqual(['eth0 no-neighbour 1']);
  });

  test('no route', () => {
    const network = twoMachines();
    expect(echo(network, network.a, '192.168.7.1')).toBe('no-route');
    expect(echo(network, network.a, '2001:db8::1')).toBe('no-route');
  });

  test('a card that is down answers nothing and counts what it lost', () => {
    const network = twoMachines();
    echo(network, network.a, '10.0.0.2');
    network.nicB.setUp(false);
    expect(echo(network, network.a, '10.0.0.2')).toBe('nothing');
    expect(drops(network.b)[0]).toBe('eth0 vport-down 1');
  });

  test('a link that is pulled out', () => {
    const network = twoMachines();
    echo(network, network.a, '10.0.0.2');
    network.link.setUp(false);
    expect(network.nicA.carrier).toBe(false);
    expect(echo(network, network.a, '10.0.0.2')).toBe('nothing');
    expect(drops(network.a)[0]).toBe('eth0 link-down 1');
  });

  test('a neighbour ages: reachable for 30 s, then stale, doubted when used, probed, confirmed', () => {
    const network = twoMachines();
    const state = (): string | undefined => network.a.root.stack.neighbours.get(network.nicA, ip('10.0.0.2'))?.state;
    echo(network, network.a, '10.0.0.2');
    expect(state()).toBe('REACHABLE');
    network.scheduler.runUntil(network.scheduler.nowNs() + 30e9);
    expect(state()).toBe('STALE');
    echo(network, network.a, '10.0.0.2');
    expect(state()).toBe('DELAY');
    network.scheduler.runUntil(network.scheduler.nowNs() + 6e9);
    expect(state()).toBe('REACHABLE');
  });

  test('broadcast pings are ignored', () => {
    const network = twoMachines();
    expect(echo(network, network.a, '10.0.0.255')).toBe('nothing');
    expect(drops(network.b)).toEqual(['eth0 not-for-us 1']);
  });

  test('a frame with a broken checksum, a broken header, an unknown protocol', () => {
    const network = twoMachines();
    echo(network, network.a, '10.0.0.2');
    const request = network.events.find(({ kind, frame }) => kind === 'transmit' && frame[23] === 1)!.frame;
    const broken = (change: (frame: Uint8Array) => void): Uint8Array => {
      const frame = request.slice();
      change(frame);
      return frame;
    };
    network.nicA.send(broken((frame) => frame.fill(0xff, 24, 26)));
    network.nicA.send(broken((frame) => frame.fill(0xff, 40, 41)));
    network.nicA.send(broken((frame) => (frame[14] = 0x41)));
    network.nicA.send(broken((frame) => (frame[13] = 0x99)));
    network.nicA.send(broken((frame) => (frame[5] = frame[5]! ^ 1)));
    network.scheduler.runDue();
    expect(drops(network.b)).toEqual([
      'eth0 bad-checksum 2',
      'eth0 bad-header 1',
      'eth0 unknown-protocol 1',
      'eth0 not-for-us 1',
    ]);
  });

  test('the same seed gives the same frames', () => {
    const run = (): unknown => {
      const network = twoMachines({ lossRate: 0.3, latencyNs: 5000 }, 42);
      const answers = Array.from({ length: 10 }, () => echo(network, network.a, '10.0.0.2'));
      return [answers, network.events.map(({ atNs, frame }) => [atNs, Buffer.from(frame).toString('hex')])];
    };
    expect(run()).toEqual(run());
  });
});

describe('a router between two networks', () => {
  function routed(mtu = 1500): { scheduler: Scheduler; a: Machine; b: Machine; router: Machine } {
    const scheduler = new Scheduler();
    const rng = new SeededRng(7);
    const [a, router, b] = ['a', 'router', 'b'].map((name) => new Machine({ name, scheduler, rng })) as [
      Machine,
      Machine,
      Machine,
    ];
    const cards = [
      a.addNic('eth0'),
      router.addNic('eth0'),
      router.addNic('eth1', { mtu }),
      b.addNic('eth0', { mtu }),
    ] as const;
    plugTogether('one', { scheduler, rng }, cards[0], cards[1]);
    plugTogether('two', { scheduler, rng }, cards[2], cards[3]);
    up(a, cards[0], '10.1.0.2/24', 'fd01::2/64');
    up(router, cards[1], '10.1.0.1/24', 'fd01::1/64');
    up(router, cards[2], '10.2.0.1/24', 'fd02::1/64');
    up(b, cards[3], '10.2.0.2/24', 'fd02::2/64');
    const viaRouter = (machine: Machine, gateways: readonly string[]): void => {
      for (const gateway of gateways) {
        machine.root.stack.routes.add({
          destination: parsePrefix(gateway.includes(':') ? '::/0' : '0.0.0.0/0')!,
          gateway: ip(gateway),
          device: machine.device('eth0')!,
          source: null,
          scope: 'global',
          protocol: 'boot',
          metric: 0,
        });
      }
    };
    viaRouter(a, ['10.1.0.1', 'fd01::1']);
    viaRouter(b, ['10.2.0.1', 'fd02::1']);
    router.root.stack.sysctls.forwardIpv4 = true;
    router.root.stack.sysctls.forwardIpv6 = true;
    return { scheduler, a, b, router };
  }

  test.each(['10.2.0.2', 'fd02::2'])('%s is reached with one hop less to live', (address) => {
    const network = routed();
    expect(echo(network, network.a, address)).toBe('reply size 64 ttl 63');
  });

  test.each(['10.2.0.2', 'fd02::2'])('%s: time exceeded at the router', (address) => {
    const network = routed();
    expect(echo(network, network.a, address, 56, 1)).toBe('time-exceeded 0');
    expect(drops(network.router)).toEqual(['eth0 ttl-exceeded 1']);
  });

  test('without forwarding the router keeps it', () => {
    const network = routed();
    network.router.root.stack.sysctls.forwardIpv4 = false;
    expect(echo(network, network.a, '10.2.0.2')).toBe('nothing');
    expect(drops(network.router)).toEqual(['eth0 not-for-us 1']);
  });

  test('no route at the router: net unreachable, no route', () => {
    const network = routed();
    expect(echo(network, network.a, '10.9.0.1')).toBe('unreachable 0');
    expect(echo(network, network.a, 'fd09::1')).toBe('unreachable 0');
  });

  test('a small MTU behind the router is learned from its error; then the host fragments', () => {
    const network = routed(1300);
    expect(echo(network, network.a, '10.2.0.2', 1400)).toBe('too-big 4');
    expect(echo(network, network.a, '10.2.0.2', 1400)).toBe('reply size 1408 ttl 63');
    expect(echo(network, network.a, 'fd02::2', 1400)).toBe('too-big 0');
    expect(echo(network, network.a, 'fd02::2', 1400)).toBe('reply size 1408 ttl 63');
  });

  test('an unresolved next hop at the router: host unreachable', () => {
    const network = routed();
    expect(echo(network, network.a, '10.2.0.77')).toBe('unreachable 1');
    expect(drops(network.router)).toEqual(['eth1 no-neighbour 1']);
  });
});
