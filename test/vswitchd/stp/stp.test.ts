import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Stp } from '#src/vswitchd/stp/stp.js';
import type { StpPort } from '#src/vswitchd/stp/stp-port.js';
import { judgeTree, type TestLink, topology } from '../../support/tree-topology.js';

interface End {
  readonly bridge: number;
  readonly link: number;
}

/** Bridges joined by LANs, and what they send each other, one BPDU at a time. */
class Network {
  readonly bridges: readonly Stp<End>[];
  readonly ends: { readonly end: End; readonly port: StpPort<End> }[] = [];
  private readonly onTheWay: { readonly from: End; readonly bpdu: Uint8Array }[] = [];

  constructor(bridgeCount: number, links: readonly TestLink[]) {
    this.bridges = Array.from(
      { length: bridgeCount },
      (_, i) =>
        new Stp<End>(
          { systemId: BigInt(i + 1), priority: 32768, helloTimeMs: 2000, maxAgeMs: 20_000, forwardDelayMs: 15_000 },
          { send: (from, bpdu) => this.onTheWay.push({ from, bpdu }), onChange: () => {} },
        ),
    );
    const counts = this.bridges.map(() => 0);
    for (const [link, { bridges, cost }] of links.entries()) {
      for (const bridge of bridges) {
        const stp = this.bridges[bridge]!;
        const port = stp.port(counts[bridge]!++);
        const end = { bridge, link };
        stp.enable(port);
        port.owner = end;
        stp.setPathCost(port, cost);
        this.ends.push({ end, port });
      }
    }
  }

  /** Seconds go by. */
  pass(seconds: number): void {
    for (let i = 0; i < seconds; i++) {
      for (const stp of this.bridges) stp.tick(1000);
      this.deliver();
    }
  }

  /** The link is cut: both ends go down. */
  cut(link: number): void {
    for (const { end, port } of this.ends) if (end.link === link) this.bridges[end.bridge]!.disable(port);
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
  network.ends.map(({ end, port }) => ({
    ...end,
    isUp: port.state !== 'disabled',
    forwards: port.state === 'forwarding',
  }));

describe('STP', () => {
  it('makes a tree of any network: one root, no loops, and all that is joined stays joined', () => {
    fc.assert(
      fc.property(topology, ({ bridgeCount, links }) => {
        const network = new Network(bridgeCount, links);
        network.pass(120);
        judgeTree(bridgeCount, states(network));
        // Bridges that are joined agree on the root, which is the least of them.
        for (const stp of network.bridges) {
          if (stp.isRoot) continue;
          const neighbours = network.bridges.filter((other) => other.designatedRoot === stp.designatedRoot);
          expect(neighbours[0]?.bridgeId).toBe(stp.designatedRoot);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('makes another tree when a link is cut', () => {
    fc.assert(
      fc.property(topology, fc.nat(), ({ bridgeCount, links }, cut) => {
        const network = new Network(bridgeCount, links);
        network.pass(60);
        network.cut(cut % links.length);
        network.pass(150);
        judgeTree(bridgeCount, states(network));
      }),
      { numRuns: 60 },
    );
  });

  it('never lets a port forward before twice the forward delay', () => {
    const network = new Network(2, [{ bridges: [0, 1], cost: 2 }]);
    const seen: string[] = [];
    for (let second = 1; second <= 32; second++) {
      network.pass(1);
      const state = network.ends[0]!.port.state;
      if (seen.at(-1)?.endsWith(state) !== true) seen.push(`${second} ${state}`);
    }
    expect(seen).toEqual(['1 listening', '15 learning', '30 forwarding']);
  });

  it.each([
    ['within their bounds', 3000, 12_000, 8000, [3, 12, 8]],
    ['too small', 1, 1, 1, [1, 6, 4]],
    ['too great', 60_000, 60_000, 60_000, [10, 40, 30]],
    ['max age under twice the hello time and two', 8000, 6000, 4000, [8, 18, 10]],
  ])('keeps times %s', (_, helloTimeMs, maxAgeMs, forwardDelayMs, expected) => {
    const stp = new Stp<null>(
      { systemId: 1n, priority: 4096, helloTimeMs, maxAgeMs, forwardDelayMs },
      { send: () => {}, onChange: () => {} },
    );
    expect([stp.helloTime, stp.maxAge, stp.forwardDelay].map((ticks) => ticks / 256)).toEqual(expected);
  });
});
