import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TcpConnection, TcpError } from '#src/linux/ip/tcp-connection.js';
import { drops, ip, type TwoMachines, twoMachines } from './network.js';

describe('UDP', () => {
  test('a datagram there and an answer back', () => {
    const { a, b, scheduler } = twoMachines();
    const heard: string[] = [];
    const server = b.root.stack.udp.bind({ port: 53 }, (datagram, payload) => {
      heard.push(`b got ${Buffer.from(payload)} from port ${datagram.sourcePort}`);
      server.send(datagram.source, datagram.sourcePort, Buffer.from('pong'));
    })!;
    const client = a.root.stack.udp.bind({ port: 5000 }, (_, payload) => heard.push(`a got ${Buffer.from(payload)}`))!;
    expect(client.send(ip('10.0.0.2'), 53, Buffer.from('ping'))).toBeNull();
    scheduler.runDue();
    expect(heard).toEqual(['b got ping from port 5000', 'a got pong']);
  });

  test.each(['10.0.0.2', 'fd00::2'])('nobody listens at %s: port unreachable reaches the sender', (address) => {
    const { a, b, scheduler } = twoMachines();
    const errors: string[] = [];
    const client = a.root.stack.udp.bind(
      { port: 0 },
      () => {},
      (error) => errors.push(`${error.kind} ${error.code}`),
    )!;
    client.send(ip(address), 7, new Uint8Array(3));
    scheduler.runDue();
    expect(errors).toEqual([address.includes(':') ? 'unreachable 4' : 'unreachable 3']);
    expect(drops(b)).toEqual(['eth0 no-socket 1']);
  });

  test('a port is bound once for each address', () => {
    const { a } = twoMachines();
    const { udp } = a.root.stack;
    const first = udp.bind({ port: 9, address: ip('10.0.0.1') }, () => {})!;
    expect(udp.bind({ port: 9, address: ip('127.0.0.1') }, () => {})).not.toBeNull();
    expect(udp.bind({ port: 9 }, () => {})).toBeNull();
    expect(udp.bind({ port: 9, address: ip('10.0.0.1') }, () => {})).toBeNull();
    first.close();
    expect(udp.bind({ port: 9, address: ip('10.0.0.1') }, () => {})).not.toBeNull();
  });

  test('as the underlay of a tunnel: outer header in and out, no checksum, no route', () => {
    const { a, b, scheduler } = twoMachines();
    const heard: unknown[] = [];
    b.listenUdp(4789, (outer, payload) =>
      heard.push([outer.tos, outer.ttl, outer.checksum, outer.dontFragment, [...payload]]),
    );
    const datagram = {
      source: null,
      destination: ip('10.0.0.2'),
      sourcePort: 40_000,
      destinationPort: 4789,
      tos: 0x10,
      ttl: 33,
      dontFragment: true,
      checksum: false,
      mark: 0,
    };
    expect(a.sendUdp(datagram, new Uint8Array([1, 2, 3]))).toBeNull();
    expect(a.sendUdp({ ...datagram, destination: ip('172.16.0.1') }, new Uint8Array(1))).toBe('no-tunnel-route');
    expect(a.sendUdp(datagram, new Uint8Array(1480))).toBe('fragmentation-needed');
    scheduler.runDue();
    expect(heard).toEqual([[0x10, 33, false, true, [1, 2, 3]]]);
    expect(() => b.listenUdp(4789, () => {})).toThrow('in use');
  });
});

interface Ends {
  readonly client: TcpConnection;
  readonly server: TcpConnection[];
  readonly log: string[];
  readonly received: number[];
}

function connect(network: TwoMachines, address = '10.0.0.2'): Ends {
  const log: string[] = [];
  const received: number[] = [];
  const server: TcpConnection[] = [];
  network.b.root.stack.tcp.listen({ port: 80 }, (connection) => {
    server.push(connection);
    log.push('b accepted');
    connection.handlers = {
      onData: (bytes) => received.push(...bytes),
      onEnd: () => log.push('b heard the end'),
      onClose: (error) => log.push(`b closed ${error}`),
    };
  });
  const client = network.a.root.stack.tcp.connect(ip(address), 80);
  if (typeof client === 'string') throw new Error(client);
  client.handlers = {
    onConnect: () => log.push('a connected'),
    onEnd: () => log.push('a heard the end'),
    onClose: (error: TcpError | null) => log.push(`a closed ${error}`),
  };
  return { client, server, log, received };
}

describe('TCP', () => {
  test.each(['10.0.0.2', 'fd00::2'])('%s: handshake, data, orderly end', (address) => {
    const network = twoMachines({ latencyNs: 1000 });
    const { client, server, log, received } = connect(network, address);
    network.scheduler.runUntil(1e6);
    expect(log).toEqual(['a connected', 'b accepted']);
    client.send(Buffer.from('hello'));
    client.close();
    network.scheduler.runUntil(2e6);
    expect(Buffer.from(received).toString()).toBe('hello');
    expect([client.state, server[0]!.state]).toEqual(['FIN-WAIT-2', 'CLOSE-WAIT']);
    server[0]!.close();
    network.scheduler.runUntil(3e6);
    expect([client.state, server[0]!.state]).toEqual(['TIME-WAIT', 'CLOSED']);
    expect(log).toEqual(['a connected', 'b accepted', 'b heard the end', 'a heard the end', 'b closed null']);
    network.scheduler.runUntil(70e9);
    expect(client.state).toBe('CLOSED');
    expect(network.a.root.stack.tcp.list()).toEqual([]);
  });

  test('a closed port refuses', () => {
    const network = twoMachines();
    const client = network.a.root.stack.tcp.connect(ip('10.0.0.2'), 81) as TcpConnection;
    let outcome: TcpError | null | undefined;
    client.handlers = { onClose: (error) => (outcome = error) };
    network.scheduler.runDue();
    expect(outcome).toBe('ECONNREFUSED');
    expect(drops(network.b)).toEqual(['eth0 no-socket 1']);
  });

  test('nobody there: host unreachable; nobody answers: time out after six retries', () => {
    const network = twoMachines();
    const outcomes: unknown[] = [];
    const attempt = (address: string): void => {
      const client = network.a.root.stack.tcp.connect(ip(address), 80) as TcpConnection;
      client.handlers = { onClose: (error) => outcomes.push([error, network.scheduler.nowNs() / 1e9]) };
    };
    attempt('10.0.0.77');
    network.scheduler.runUntil(10e9);
    network.a.root.stack.neighbours.set(network.nicA, ip('10.0.0.78'), new Uint8Array(6).fill(2), 'PERMANENT');
    attempt('10.0.0.78');
    network.scheduler.runUntil(200e9);
    expect(outcomes).toEqual([
      ['EHOSTUNREACH', 3],
      ['ETIMEDOUT', 10 + 127],
    ]);
  });

  test('a reset ends the other side', () => {
    const network = twoMachines();
    const { client, log } = connect(network);
    network.scheduler.runDue();
    client.abort();
    network.scheduler.runDue();
    expect(log.slice(2)).toEqual(['a closed null', 'b closed ECONNRESET']);
  });

  test('whatever is lost on the way, the bytes arrive once and in order', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.double({ min: 0, max: 0.3, noNaN: true }),
        fc.integer({ min: 0, max: 40_000 }),
        (seed, lossRate, size) => {
          const network = twoMachines({ lossRate, latencyNs: 100_000, bandwidthBps: 1e9 }, seed);
          network.a.root.stack.neighbours.set(network.nicA, ip('10.0.0.2'), network.nicB.mac, 'PERMANENT');
          network.b.root.stack.neighbours.set(network.nicB, ip('10.0.0.1'), network.nicA.mac, 'PERMANENT');
          const { client, received } = connect(network);
          const sent = Uint8Array.from({ length: size }, (_, index) => index & 0xff);
          client.handlers = {
            ...client.handlers,
            onConnect: () => {
              client.send(sent);
              client.close();
            },
          };
          network.scheduler.runUntil(3000e9);
          expect(Buffer.compare(Buffer.from(received), Buffer.from(sent))).toBe(0);
        },
      ),
      { numRuns: 25 },
    );
  });
});

test('a stack survives any bytes', () => {
  const network = twoMachines();
  const { mac } = network.nicB;
  fc.assert(
    fc.property(
      fc.constantFrom(0x0800, 0x0806, 0x86dd, 0x8100),
      fc.uint8Array({ maxLength: 120 }),
      fc.constantFrom(0x45, 0x60, 0),
      (type, bytes, first) => {
        const frame = new Uint8Array(14 + bytes.length);
        frame.set(mac);
        frame[12] = type >>> 8;
        frame[13] = type & 0xff;
        frame.set(bytes, 14);
        if (frame.length > 14 && first !== 0) frame[14] = first;
        network.nicA.send(frame);
        network.scheduler.runDue();
      },
    ),
    { numRuns: 500 },
  );
  expect(network.b.observer.drops().length).toBeGreaterThan(0);
});
