import { describe, expect, test } from 'vitest';
import { FrameQueue } from '#src/sim/frame-queue.js';
import { Link, type LinkEnd, type LinkSettings } from '#src/sim/link.js';
import { SeededRng } from '#src/sim/rng.js';
import { Scheduler } from '#src/sim/scheduler.js';

function cable(settings: Partial<LinkSettings>, seed = 1) {
  const scheduler = new Scheduler();
  const log: string[] = [];
  const end = (name: string): LinkEnd => ({
    name,
    linkReceive: (frame) => log.push(`${scheduler.nowNs()} ${name} got ${frame[0]}`),
    linkChanged: (isUp) => log.push(`${name} ${isUp ? 'up' : 'down'}`),
    linkDropped: (reason, frame) => log.push(`${name} lost ${frame[0]} ${reason}`),
  });
  const [a, b] = [end('a'), end('b')];
  const link = new Link('cable', { scheduler, rng: new SeededRng(seed) }, a, b, settings);
  const send = (first: number, size = 100): void => link.send(a, new Uint8Array(size).fill(first));
  return { scheduler, log, a, b, link, send };
}

describe('a link', () => {
  test('delivers after its latency', () => {
    const { scheduler, log, send } = cable({ latencyNs: 500 });
    send(1);
    scheduler.runUntil(499);
    expect(log).toEqual([]);
    scheduler.runUntil(500);
    expect(log).toEqual(['500 b got 1']);
  });

  test('serialises: 1000 bytes at 8 Mbit/s take a millisecond, and wait for each other', () => {
    const { scheduler, log, send } = cable({ bandwidthBps: 8e6, latencyNs: 10 });
    send(1, 1000);
    send(2, 500);
    scheduler.runUntil(1e9);
    expect(log).toEqual(['1000010 b got 1', '1500010 b got 2']);
  });

  test('its queue is finite', () => {
    const { scheduler, log, send, link, a } = cable({ bandwidthBps: 8e6, queueFrames: 2 });
    for (const first of [1, 2, 3, 4]) send(first, 1000);
    scheduler.runUntil(1e9);
    expect(log).toEqual(['a lost 4 link-queue-full', '1000000 b got 1', '2000000 b got 2', '3000000 b got 3']);
    expect([...link.stats(a).drops]).toEqual([['link-queue-full', 1]]);
    expect(link.stats(a)).toMatchObject({ frames: 3, bytes: 3000 });
  });

  test('loses the share that it should, the same for the same seed', () => {
    const lost = (seed: number): string => {
      const { scheduler, log, send } = cable({ lossRate: 0.25 }, seed);
      for (let i = 0; i < 4000; i++) {
        send(i & 0xff);
        scheduler.runDue();
      }
      return log.join('\n');
    };
    const first = lost(3);
    expect(first).toBe(lost(3));
    expect(first).not.toBe(lost(4));
    const share = first.split('link-loss').length - 1;
    expect(share).toBeGreaterThan(900);
    expect(share).toBeLessThan(1100);
  });

  test('pulled out: what is under way dies, and both ends hear of it', () => {
    const { log, send, link } = cable({ latencyNs: 1000 });
    send(1);
    link.setUp(false);
    send(2);
    link.setUp(true);
    expect(log).toEqual(['a lost 1 link-down', 'a down', 'b down', 'a lost 2 link-down', 'a up', 'b up']);
  });

  test('the frame is the sender’s again after send()', () => {
    const { scheduler, log, link, a } = cable({});
    const frame = new Uint8Array([7]);
    link.send(a, frame);
    frame[0] = 8;
    scheduler.runDue();
    expect(log).toEqual(['0 b got 7']);
  });
});

describe('a frame queue', () => {
  test('a loop without latency does not stop the clock', () => {
    const scheduler = new Scheduler();
    let count = 0;
    const queue: FrameQueue = new FrameQueue(scheduler, (frame) => {
      count++;
      queue.push(frame);
    });
    queue.push(new Uint8Array(1));
    scheduler.runUntil(100_000);
    expect(count).toBe(11 * 1000);
  });

  test('is full at its capacity', () => {
    const queue = new FrameQueue(new Scheduler(), () => {}, 2);
    expect([1, 2, 3].map((byte) => queue.push(new Uint8Array([byte])))).toEqual([true, true, false]);
    expect(queue.clear().map((frame) => frame[0])).toEqual([1, 2]);
  });
});
