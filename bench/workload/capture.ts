/**
 * Recorded traffic over and over: the frames of a capture through a learning switch with a port for each source MAC
 * address, as `upcall replay` sends them.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FrameArena, makeFrameArena } from '#datapath/packet-buffer.js';
import type { CaptureArena } from '#src/capture/capture-arena.js';
import { fileSource } from '#src/capture/byte-source.js';
import { readCaptureFrom } from '#src/capture/capture-reader.js';
import { scanCapture } from '#src/replay/capture-scan.js';
import { Spread } from '#src/replay/spread.js';
import { UserError } from '#src/report/user-error.js';
import { BenchSwitch, type SwitchPlan } from '../bench-switch.js';
import type { FrameSet } from '../frames.js';
import { OWN_FRAMES, PacketWorkload, type WorkloadKind } from './workload.js';

const SHIPPED_CAPTURE = join('scenarios', 'captures', 'two-vms.pcap');
const MAX_PORTS = 1024;
const MAX_ARENA_SIZE = 256 * 1024 * 1024;
const CACHE_LINE_SIZE = 64;

/** The capture that comes with the program: two folders up in the sources, three in what is built from them. */
export function shippedCapture(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  return join(folder, SHIPPED_CAPTURE);
}

export function captureWorkload(name: string): WorkloadKind {
  return {
    name,
    summary: 'the frames of a capture (--capture FILE) through a learning switch, over and over',
    frames: OWN_FRAMES,
    prepare: async (settings) => {
      const file = settings.capture ?? shippedCapture();
      const spread = new Spread('src-mac', MAX_PORTS);
      const reader = readCaptureFrom(await fileSource(file));
      const scanned = await scanCapture(reader, { spread, maxArenaSize: MAX_ARENA_SIZE });
      if (scanned.counts.replayable === 0) throw new UserError('no frame of it can be replayed', { file });
      const names = spread.portLabels().map((_, i) => `p${i + 1}`);
      const plan: SwitchPlan = {
        bridges: [
          {
            name: 'br0',
            ports: names.map((portName, i) => ({ name: portName, number: i + 1 })),
            rules: ['actions=NORMAL'],
          },
        ],
      };
      const target = new BenchSwitch(plan, { longestFrame: scanned.counts.longestFrame });
      const ports = names.map((portName) => target.portNumber(portName));
      for await (const window of scanned.windows()) {
        if (window.count < scanned.counts.replayable) {
          throw new UserError(`holds more than the ${MAX_ARENA_SIZE} bytes that are kept in memory`, { file });
        }
        return [
          new PacketWorkload({
            name,
            target,
            frames: toFrameSet(window, ports),
            settings: { capture: file, packets: window.count, ports: ports.length, microflowCache: true },
            // What floods, comes in twice or has no other port to go to is the capture's business: all must be counted.
            expect: (packets) => ({ hits: { least: packets * 0.9 }, missed: { most: packets * 0.1 }, lost: 0 }),
          }),
        ];
      }
      throw new UserError('no frame of it can be replayed', { file });
    },
  };
}

/** Frames at cache lines, each with the datapath port that it comes in by. */
function toFrameSet(window: CaptureArena, ports: readonly number[]): FrameSet {
  const { count } = window;
  let size = 0;
  for (let i = 0; i < count; i++) size += aligned(window.lengths[i]!);
  const arena: FrameArena = makeFrameArena(size);
  const batch = { starts: new Int32Array(count), lengths: new Int32Array(count), ports: new Int32Array(count) };
  let at = 0;
  for (let i = 0; i < count; i++) {
    const start = window.offsets[i]!;
    const length = window.lengths[i]!;
    arena.bytes.set(window.bytes.subarray(start, start + length), at);
    batch.starts[i] = at;
    batch.lengths[i] = length;
    batch.ports[i] = ports[window.tags[i]!]!;
    at += aligned(length);
  }
  return { arena, batch, count };
}

function aligned(length: number): number {
  return Math.ceil(length / CACHE_LINE_SIZE) * CACHE_LINE_SIZE;
}
