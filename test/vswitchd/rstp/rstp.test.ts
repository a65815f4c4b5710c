import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bpduOf, composeBpduFrame } from '#src/vswitchd/spanning-tree/frame.js';
import { composeRstpBpdu, parseRstpBpdu, type RstpBpdu, roleFlags } from '#src/vswitchd/rstp/bpdu.js';
import { Rstp } from '#src/vswitchd/rstp/rstp.js';
import type { RstpPort } from '#src/vswitchd/rstp/rstp-port.js';
import { judgeTree, type TestLink, topology } from '../../support/tree-topology.js';

interface End {
  readonly bridge: number;
  readonly link: number;
}

/** Bridges joined by links, and what they send each other, one BPDU at a time. */
class Network {
  readonly bridges: readonly Rstp<End>[];
  readonly ends: { readonly end: End; readonly port: RstpPort<End> }[] = [];
  private readonly onTheWay: { readonly from: End; readonly bpdu: Uint8Array }[] = [];

  constructor(bridgeCount: number, links: readonly TestLink[]) {
    this.bridges = Array.from(
      { length: bridgeCount },
      (_, i) =>
        new Rstp<End>(BigInt(i + 1), { send: (from, bpdu) => this.onTheWay.push({ from, bpdu }), onChange: () => {} }),
    );
    for (const [link, { bridges, cost }] of links.entries()) {
      for (const bridge of bridges) {
        const rstp = this.bridges[bridge]!;
        const port = rstp.addPort();
        const end = { bridge, link };
        const settings = { number: 0, priority: 128, pathCost: cost, adminEdge: false, autoEdge: true };
        rstp.configurePort(port, end, 'p', { ...settings, adminPointToPoint: 1, isUp: true, mcheck: false });
        rstp.setOperational(port, true);
        this.ends.push({ end, port });
      }
    }
    this.deliver();
  }

  pass(seconds: number): void {
    for (let i = 0; i < seconds; i++) {
      for (const rstp of this.bridges) {
        rstp.tick();
        // What was learned has been forgotten.
        for (const port of rstp.ports.values()) port.fdbFlush = false;
      }
      this.deliver();
    }
  }

  cut(link: number): void {
    for (const { end, port } of this.ends) {
      if (end.link === link) this.bridges[end.bridge]!.setOperational(port, false);
    }
    this.deliver();
  }

  private deliver(): void {
    for (let next = this.onTheWay.shift(); next !== undefined; next = this.onTheWay.shift()) {
      const { from, bpdu } = next;
      for (const { end, port } of this.ends) {
        if (end.link === from.link && end !== from) this.bridges[end.bridge]!.receive(port, bpdu);
      }
    }
  }
}

const states = (network: Network) =>
  network.ends.map(({ end, port }) => ({ ...end, isUp: port.portEnabled, forwards: port.state === 'forwarding' }));

const u8 = fc.integer({ min: 0, max: 0xff });
const id = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const bpdu: fc.Arbitrary<RstpBpdu> = fc.record({
  type: fc.constant('rstp' as const),
  flags: u8.map((flags) => flags | roleFlags('root')),
  vector: fc.record({
    rootId: id,
    rootPathCost: fc.integer({ min: 0, max: 0xffffffff }),
    designatedBridge: id,
    designatedPort: fc.integer({ min: 0, max: 0xffff }),
    bridgePort: fc.constant(0),
  }),
  times: fc.record({ messageAge: u8, maxAge: u8, helloTime: u8, forwardDelay: u8 }),
});

describe('RSTP', () => {
  it('reads what it writes, with padding behind it', () => {
    fc.assert(
      fc.property(bpdu, (sent) => {
        const frame = Buffer.concat([composeBpduFrame(new Uint8Array(6), composeRstpBpdu(sent)), Buffer.alloc(7)]);
        expect(parseRstpBpdu(bpduOf(frame, true)!)).toEqual(sent);
      }),
    );
  });

  it('never throws at what comes in', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(['config', 'rstp', 'tcn', undefined]).toContain(parseRstpBpdu(bytes)?.type);
      }),
    );
  });

  it('makes a tree of any network: no loops, and all that is joined stays joined', () => {
    fc.assert(
      fc.property(topology, ({ bridgeCount, links }) => {
        const network = new Network(bridgeCount, links);
        network.pass(60);
        judgeTree(bridgeCount, states(network));
      }),
      { numRuns: 40 },
    );
  });

  it('makes another tree when a link is cut', () => {
    fc.assert(
      fc.property(topology, fc.nat(), ({ bridgeCount, links }, cut) => {
        const network = new Network(bridgeCount, links);
        network.pass(40);
        network.cut(cut % links.length);
        network.pass(80);
        judgeTree(bridgeCount, states(network));
      }),
      { numRuns: 40 },
    );
  });

  it('lets the ends of a link forward as soon as they have agreed', () => {
    const network = new Network(2, [{ bridges: [0, 1], cost: 2000 }]);
    network.pass(1);
    expect(network.ends.map(({ port }) => [port.role, port.state])).toEqual([
      ['designated', 'forwarding'],
      ['root', 'forwarding'],
    ]);
  });
});
