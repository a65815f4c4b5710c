/** Counters of events: rates over five seconds, a minute and an hour; recorded from Open vSwitch 3.1.0. */
import { describe, expect, test } from 'vitest';
import { Coverage } from '#src/vswitchd/coverage.js';

describe('coverage', () => {
  const counted = new Map<string, number>();
  const coverage = new Coverage(() => counted, 0);
  const line = (name: string): string | undefined =>
    coverage
      .describe()
      .split('\n')
      .find((each) => each.startsWith(name));

  test('of nothing', () => {
    expect(coverage.describe()).toBe(
      'Event coverage, avg rate over last: 5 seconds, last minute, last hour,  hash=63852afc:\n151 events never hit',
    );
  });

  test.each([
    // time, counted so far, and what is shown of it
    [1000, 1281, '  0.0/sec     0.000/sec        0.0000/sec   total: 1281'],
    [5000, 1281, '256.2/sec    21.350/sec        0.3558/sec   total: 1281'],
    [6000, 1309, '256.2/sec    21.350/sec        0.3558/sec   total: 1309'],
    [10_000, 1309, '  5.6/sec    21.817/sec        0.3636/sec   total: 1309'],
    [70_000, 1309, '  0.0/sec     0.000/sec        0.3636/sec   total: 1309'],
    [3_700_000, 1309, '  0.0/sec     0.000/sec        0.0000/sec   total: 1309'],
  ])('after %i ms', (nowMs, count, shown) => {
    counted.set('hmap_expand', count);
    coverage.gather(nowMs);
    expect(line('hmap_expand')).toBe(`hmap_expand              ${shown}`);
  });

  test('reads one counter at once, and goes on where a source begins anew', () => {
    counted.set('netdev_sent', 7);
    expect(coverage.read('netdev_sent')).toBe(7);
    counted.set('netdev_sent', 2);
    expect(coverage.read('netdev_sent')).toBe(9);
    expect(coverage.read('nonsense')).toBeNull();
  });
});
