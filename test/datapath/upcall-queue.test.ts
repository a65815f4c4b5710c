import { describe, expect, it } from 'vitest';
import type { Upcall } from '#datapath/dpif.js';
import { UpcallQueue } from '#datapath/upcall-queue.js';
import { FlowKey } from '#flowtable/flow-key.js';
import { makeBench } from '../support/datapath-bench.js';
import { eth } from '../support/packet-builder.js';

/** An upcall that is known by a number. */
const upcall = (id: number): Upcall => ({
  kind: 'miss',
  key: new FlowKey(),
  packet: new Uint8Array(),
  cookie: null,
  arrivedNs: id,
});

const makeQueue = (capacity: number, portCapacity: number): UpcallQueue =>
  new UpcallQueue({ capacity, portCapacity, onFirst: () => {} });

function drain(queue: UpcallQueue): number[] {
  const ids: number[] = [];
  for (let next = queue.shift(); next !== null; next = queue.shift()) ids.push(next.arrivedNs);
  return ids;
}

describe('the upcall queue', () => {
  it('serves ports in turn, and each port in order', () => {
    const queue = makeQueue(100, 100);
    for (const id of [10, 11, 12]) queue.push(1, upcall(id));
    queue.push(2, upcall(20));
    queue.push(3, upcall(30));
    queue.push(3, upcall(31));
    expect(drain(queue)).toEqual([10, 20, 30, 11, 31, 12]);
  });

  it('is bounded for each port', () => {
    const queue = makeQueue(100, 2);
    expect([1, 2, 3].map((id) => queue.push(1, upcall(id)))).toEqual([
      null,
      null,
      { port: 1, reason: 'upcall-port-full' },
    ]);
    expect(queue.push(2, upcall(4))).toBeNull();
  });

  it('gives a quiet port the newest place of the one that floods', () => {
    const queue = makeQueue(4, 4);
    for (const id of [1, 2, 3, 4]) queue.push(1, upcall(id));
    expect(queue.push(2, upcall(9))).toEqual({ port: 1, reason: 'upcall-port-full' });
    expect(queue.push(2, upcall(10))).toEqual({ port: 1, reason: 'upcall-port-full' });
    expect(queue.push(2, upcall(11))).toEqual({ port: 2, reason: 'upcall-queue-full' });
    expect(queue.length).toBe(4);
    expect(drain(queue)).toEqual([1, 9, 2, 10]);
  });

  it('forgets a port that is gone', () => {
    const queue = makeQueue(10, 10);
    for (const id of [1, 2]) queue.push(1, upcall(id));
    queue.push(2, upcall(3));
    expect(queue.removePort(1)).toBe(2);
    expect(queue.removePort(1)).toBe(0);
    expect(drain(queue)).toEqual([3]);
    expect(queue.length).toBe(0);
  });

  it('stays in order over long use', () => {
    const queue = makeQueue(1000, 1000);
    let pushed = 0;
    const taken: number[] = [];
    for (let round = 0; round < 300; round++) {
      for (let i = 0; i < 3; i++) queue.push(1, upcall(pushed++));
      for (let i = 0; i < 2; i++) taken.push(queue.shift()!.arrivedNs);
    }
    taken.push(...drain(queue));
    expect(taken).toEqual(Array.from({ length: 900 }, (_, i) => i));
  });
});

describe('a flood of misses', () => {
  it('is counted as lost at the port that floods, and leaves the others their place', () => {
    const bench = makeBench({ upcallQueueSize: 8 }, [1, 2]);
    const frame = eth().ipv4('10.0.0.1', '10.0.0.2').udp(1, 2).bytes();
    for (let i = 0; i < 10; i++) bench.datapath.receive(1, frame);
    bench.datapath.receive(2, frame);
    expect(bench.datapath.stats()).toMatchObject({ missed: 11, lost: 8 });
    expect([...bench.datapath.portGet(1)!.drops]).toEqual([['upcall-port-full', 8]]);
    expect(bench.drainUpcalls().map((one) => one.key.u32(0))).toEqual([1, 2, 1]);
  });
});
