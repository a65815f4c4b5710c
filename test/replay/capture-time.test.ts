/** Virtual time of captures whose clocks do odd things. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CaptureTime } from '../../src/replay/capture-time.js';

const HOUR = 3600;

describe('virtual time', () => {
  it.each<readonly [string, readonly (readonly [number, number])[], readonly number[], number, number]>([
    ['begins at nothing', [[1_700_000_000, 5]], [0], 0, 0],
    [
      'keeps nanoseconds',
      [
        [1_700_000_000, 999_999_999],
        [1_700_000_001, 1],
      ],
      [0, 2],
      0,
      0,
    ],
    [
      'stands still for a small step back',
      [
        [10, 0],
        [10, 500],
        [10, 400],
        [10, 600],
      ],
      [0, 500, 500, 600],
      1,
      0,
    ],
    [
      'goes on after a jump ahead',
      [
        [10, 0],
        [11, 0],
        [11 + 2 * HOUR, 0],
        [12 + 2 * HOUR, 0],
      ],
      [0, 1e9, 1e9, 2e9],
      0,
      1,
    ],
    [
      'goes on after a jump back',
      [
        [5000, 0],
        [5001, 0],
        [10, 0],
        [12, 0],
      ],
      [0, 1e9, 1e9, 3e9],
      0,
      1,
    ],
    [
      'takes a gap of an hour as it is',
      [
        [0, 0],
        [HOUR, 0],
      ],
      [0, HOUR * 1e9],
      0,
      0,
    ],
    [
      'bears the year 586524',
      [
        [18_446_744_073_709, 126_329_000],
        [1_423_000_000, 0],
      ],
      [0, 0],
      0,
      1,
    ],
  ])('%s', (_what, times, virtual, stepsBack, jumps) => {
    const time = new CaptureTime();
    expect(times.map(([seconds, nanoseconds]) => time.next(seconds, nanoseconds))).toEqual(virtual);
    expect(time).toMatchObject({ stepsBack, jumps });
  });

  it('never runs backwards and never leaps', () => {
    const stamp = fc.tuple(fc.integer({ min: -1e12, max: 2e13 }), fc.nat(999_999_999));
    fc.assert(
      fc.property(fc.array(fc.oneof(stamp, fc.tuple(fc.nat(20), fc.nat(999_999_999)))), (times) => {
        const time = new CaptureTime();
        let last = 0;
        for (const [seconds, nanoseconds] of times) {
          const now = time.next(seconds, nanoseconds);
          expect(now).toBeGreaterThanOrEqual(last);
          expect(now - last).toBeLessThanOrEqual(3600e9);
          last = now;
        }
      }),
    );
  });
});
