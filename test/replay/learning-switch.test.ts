/** Captures through the default switch: it learns, floods, caches, and drops what it must. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/capture-reader.js';
import { makeLearningSwitch } from '../../src/replay/learning-switch.js';
import { replayCaptures } from '../../src/replay/replay-captures.js';
import { buildPcap, type Frame } from '../capture/build-capture.js';
import { eth, toHex } from '../support/packet-builder.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'switch-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const A = '02:00:00:00:00:0a';
const B = '02:00:00:00:00:0b';
const C = '02:00:00:00:00:0c';

const replay = async (
  frames: readonly Uint8Array[],
  inPort?: string,
  files: { readonly out?: string; readonly drops?: string } = {},
) => {
  const path = join(folder, 'a.pcap');
  writeFileSync(
    path,
    buildPcap(frames.map((bytes, i): Frame => ({ seconds: 1_700_000_000 + i, nanoseconds: 0, bytes }))),
  );
  const [report] = await replayCaptures(
    { captures: [path], by: inPort === undefined ? 'src-mac' : 'one', maxPorts: 100, loops: 1, ...files },
    {
      standardInput: () => {
        throw new Error('not used');
      },
      makeTarget: async (wish) => makeLearningSwitch({ ...wish, seed: 1, inPort }),
      makePace: () => ({ wallNs: () => 0, until: () => null, breathe: async () => false }),
      onScan: () => {},
      onReport: () => {},
    },
  );
  return report!.result!;
};

const udp = (from: string, to: string, port = 1): Uint8Array =>
  eth(from, to).ipv4('10.0.0.1', '10.0.0.2').udp(1000, port).payload(30).bytes();

describe('the learning switch', () => {
  it('floods to who is unknown, then sends to where it was heard from', async () => {
    const result = await replay([udp(A, B), udp(B, A), udp(A, B), udp(C, A)]);
    expect(result.ports.map(({ name, rxPackets, txPackets }) => [name, rxPackets, txPackets])).toEqual([
      ['p1', 2, 2],
      ['p2', 1, 2],
      ['p3', 1, 1],
      ['br0', 0, 1],
    ]);
    expect(result.packets).toBe(4);
    expect(result.drops.size).toBe(0);
  });

  it('answers from its caches what it has translated once', async () => {
    const result = await replay([udp(A, B), udp(B, A), ...Array.from({ length: 20 }, () => udp(A, B))]);
    const { microflowHits, megaflowHits, missed, lost } = result.stats;
    expect(microflowHits + megaflowHits + missed).toBe(22);
    expect(missed).toBeLessThanOrEqual(4);
    expect(microflowHits).toBeGreaterThan(15);
    expect(lost).toBe(0);
  });

  it('counts what it drops, with the reason', async () => {
    const stp = eth('02:00:00:00:00:0a', '01:80:c2:00:00:00').payload(40).bytes();
    const result = await replay([udp(A, B), stp, Uint8Array.of(1, 2, 3)]);
    expect([...result.drops.values()].reduce((a, b) => a + b, 0)).toBe(2);
    expect(result.drops.get('frame-too-short')).toBe(1);
  });

  it('files what leaves by each port, and what is dropped with the reason', async () => {
    const out = join(folder, 'ports');
    const drops = join(folder, 'drops.pcapng');
    const toItself = udp(A, A);
    const result = await replay([udp(A, B), udp(B, A), toItself, Uint8Array.of(1, 2, 3)], undefined, { out, drops });
    const sent: [string, Uint8Array][] = [];
    for (const { name } of result.ports) {
      for await (const record of await readCapture(join(out, `${name}.pcap`))) sent.push([name, record.bytes]);
    }
    expect(sent.map(([name, bytes]) => [name, toHex(bytes)])).toEqual([
      ['p1', toHex(udp(B, A))],
      ['p2', toHex(udp(A, B))],
      ['p3', toHex(udp(A, B))],
      ['br0', toHex(udp(A, B))],
    ]);
    const died: [string | undefined, string][] = [];
    for await (const { comment, bytes } of await readCapture(drops)) died.push([comment, toHex(bytes)]);
    expect(died).toEqual([
      ['flow-drop: The matching flow has no actions: drop.', toHex(toItself)],
      ['frame-too-short: The frame is shorter than an Ethernet header.', '010203'],
    ]);
  });

  it('takes frames as long as the capture has them', async () => {
    const long = eth(A, B).ipv4('10.0.0.1', '10.0.0.2').udp(1, 2).payload(60_000).bytes();
    const result = await replay([long, udp(B, A)]);
    expect(result.ports.map(({ txPackets }) => txPackets)).toEqual([1, 1, 1]);
    expect(result.drops.size).toBe(0);
  });

  it('with one port for all frames, another takes what comes out', async () => {
    const result = await replay([udp(A, B), udp(C, A)], 'vm1');
    expect(result.ports.map(({ name, rxPackets }) => [name, rxPackets])).toEqual([
      ['vm1', 2],
      ['out', 0],
      ['br0', 0],
    ]);
  });

  it('a port must have a name that a port can have', async () => {
    await expect(replay([udp(A, B)], 'a port with spaces')).rejects.toThrow(/cannot be the name of a port/);
    await expect(replay([udp(A, B)], 'br0')).rejects.toThrow(/cannot be the name of a port/);
  });
});

it('any frames at all are received, forwarded or counted as dropped', async () => {
  const start = fc.constantFrom(
    '',
    '02000000000a02000000000b',
    '02000000000b02000000000a0800450000',
    'ffffffffffff02000000000a8100000a86dd60',
    '01005e00000102000000000b88a800018100000208060001',
  );
  const frame = fc
    .tuple(start, fc.uint8Array({ maxLength: 120 }))
    .map(([head, tail]) => new Uint8Array(Buffer.concat([Buffer.from(head, 'hex'), tail])));
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 12 }), async (frames) => {
      const result = await replay(frames);
      const { microflowHits, megaflowHits, missed, lost } = result.stats;
      const tooShort = result.drops.get('frame-too-short') ?? 0;
      expect(microflowHits + megaflowHits + missed).toBe(frames.length - tooShort);
      expect(lost).toBe(0);
    }),
    { numRuns: 60 },
  );
});
