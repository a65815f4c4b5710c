/** Captures in one piece of memory. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CaptureArena } from '../../src/capture/capture-arena.js';
import { readCapture } from '../../src/capture/capture-reader.js';
import { loadCapture } from '../../src/capture/load-capture.js';
import { buildPcap, someFrames } from './build-capture.js';

describe('an arena of frames', () => {
  it('gives back what went in, however it grew', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 200 }), (frames) => {
        const arena = new CaptureArena();
        frames.forEach((frame, i) => {
          expect(arena.add(frame, frame.length + 1, i * 10, i % 7)).toBe(true);
        });
        expect(arena.count).toBe(frames.length);
        expect(arena.view.byteLength).toBe(arena.bytes.length);
        frames.forEach((frame, i) => {
          expect(Buffer.compare(arena.frame(i), frame)).toBe(0);
          expect([arena.originalLengths[i], arena.timesNs[i], arena.tags[i]]).toEqual([
            frame.length + 1,
            i * 10,
            i % 7,
          ]);
        });
      }),
    );
  });

  it('takes very many frames', () => {
    const arena = new CaptureArena();
    const frame = new Uint8Array(8);
    for (let i = 0; i < 100_000; i++) arena.add(frame, 8, i, 0);
    expect([arena.count, arena.byteCount, arena.timesNs[99_999]]).toEqual([100_000, 800_000, 99_999]);
  });

  it('says when it is full, takes no part of a frame, and can be emptied', () => {
    const arena = new CaptureArena(100);
    expect(arena.add(new Uint8Array(60), 60, 0, 0)).toBe(true);
    expect(arena.add(new Uint8Array(41), 41, 0, 0)).toBe(false);
    expect([arena.count, arena.byteCount]).toEqual([1, 60]);
    arena.clear();
    expect(arena.add(new Uint8Array(100), 100, 0, 0)).toBe(true);
  });
});

describe('a loaded capture', () => {
  it('has the frames and their times', async () => {
    const { frames, leftOut } = await loadCapture(await readCapture(buildPcap(someFrames(5))));
    expect([frames.count, leftOut]).toEqual([5, 0]);
    expect([...frames.lengths.subarray(0, 5)]).toEqual([14, 21, 28, 35, 42]);
    expect([...frames.timesNs.subarray(0, 3)]).toEqual([0, 1e9 + 1000, 2e9 + 2000]);
  });

  it('counts what has no Ethernet form', async () => {
    const { frames, leftOut } = await loadCapture(await readCapture(buildPcap(someFrames(5), { linkType: 9 })));
    expect([frames.count, leftOut]).toEqual([0, 5]);
  });

  it('refuses to load more than it may', async () => {
    await expect(loadCapture(await readCapture(buildPcap(someFrames(5))), 100)).rejects.toThrow(/holds more than/);
  });
});
