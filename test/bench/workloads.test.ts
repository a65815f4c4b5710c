/** Workloads are what their names say: built small, a few packets each, no time looked at. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { FRAME_SIZES } from '../../bench/frame-bytes.js';
import {
  FRAME_KINDS,
  makeFrames,
  MIN_FRAME_COUNT,
  numberedFlow,
  numberedTunnel,
  plainKind,
} from '../../bench/frames.js';
import { captureWorkload } from '../../bench/workload/capture.js';
import { classifierWorkload } from '../../bench/workload/classifier.js';
import { flowsWorkload } from '../../bench/workload/flows.js';
import { RATIOS, WORKLOADS } from '../../bench/workload/index-of-workloads.js';
import { loadWorkload } from '../../bench/workload/load.js';
import { masksWorkload } from '../../bench/workload/masks.js';
import { missWorkload } from '../../bench/workload/miss.js';
import { normalWorkload } from '../../bench/workload/normal.js';
import { revalidateWorkload } from '../../bench/workload/revalidate.js';
import { setupWorkload } from '../../bench/workload/setup.js';
import { vxlanWorkload } from '../../bench/workload/vxlan.js';
import {
  PacketWorkload,
  problemsOf,
  type RoundCounts,
  SelfCheckError,
  type Workload,
  type WorkloadKind,
} from '../../bench/workload/workload.js';
import { BenchSwitch, twoPorts } from '../../bench/bench-switch.js';
import { extractFlow } from '../../datapath/flow-extract.js';
import { checksum, isSumRight, pseudoHeaderSum6 } from '../../datapath/packet/checksum.js';
import type { ByteSink } from '../../src/capture/byte-sink.js';
import { PcapWriter } from '../../src/capture/pcap-writer.js';
import { eth } from '../support/packet-builder.js';

const folder = mkdtempSync(join(tmpdir(), 'bench-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A capture of two stations that talk to each other. */
function smallCapture(): string {
  const chunks: Uint8Array[] = [];
  const sink: ByteSink = { write: (bytes) => chunks.push(bytes.slice()) };
  const writer = new PcapWriter(sink);
  const [a, b] = ['02:00:00:00:00:0a', '02:00:00:00:00:0b'];
  for (let i = 0; i < 20; i++) {
    writer.write(i, 0, eth(a, b).ipv4('10.0.0.1', '10.0.0.2').udp(1000, 2000).payload(600).bytes());
    writer.write(i, 1, eth(b, a).ipv4('10.0.0.2', '10.0.0.1').tcp(80, 3000).bytes());
  }
  const path = join(folder, 'two-stations.pcap');
  writeFileSync(path, Buffer.concat(chunks));
  return path;
}

const uniform = { skew: 'uniform', capture: null } as const;

async function only(kind: WorkloadKind, frames: (typeof FRAME_KINDS)[number]): Promise<PacketWorkload> {
  const [workload, ...others] = await kind.prepare({ ...uniform, frames });
  expect(others).toEqual([]);
  if (!(workload instanceof PacketWorkload)) throw new Error(`${kind.name} is no workload of packets`);
  return workload;
}

/** The workloads of the program, of a size that takes no time. */
const SMALL = [
  flowsWorkload('flows-1', 1),
  flowsWorkload('flows-300', 300),
  masksWorkload('masks-1', {}),
  masksWorkload('masks-32', { source: 32 }),
  masksWorkload('masks-12', { source: 3, destinationPort: 4 }),
  masksWorkload('masks-512', { source: 32, destinationPort: 16 }),
  masksWorkload('masks-105', { source: 3, destinationPort: 5, sourcePort: 7 }),
  normalWorkload('normal-20', 20),
  vxlanWorkload('vxlan-encap', 'encap'),
  vxlanWorkload('vxlan-decap', 'decap'),
  missWorkload('miss', 64, false),
  missWorkload('miss-install', 64, true),
];

describe.each(FRAME_KINDS)('with %s frames', (frames) => {
  const able = SMALL.filter((kind) => kind.frames.includes(frames) || (kind.frames.length === 0 && frames === 'udp'));
  test.each(able.map((kind) => [kind.name, kind] as const))('%s does what its name says', async (_name, kind) => {
    const workload = await only(kind, frames);
    const packets = Math.min(workload.setSize, workload.roundLimit);
    workload.warmUp(packets);
    const { counts } = workload.round(packets);
    expect(counts.packets).toBe(packets);
    expect(counts.sent).toBe(packets);
    expect(counts.hits + counts.missed).toBe(kind.name === 'vxlan-decap' ? 2 * packets : packets);
    // And again: a round leaves nothing behind that changes the next one.
    expect(workload.round(packets).counts).toMatchObject({ sent: packets, flows: counts.flows, masks: counts.masks });
  });
});

describe('what is no workload of packets', () => {
  test.each([
    ['flow', 'revalidate', revalidateWorkload('revalidate', 500, false), ['revalidate']],
    ['flow', 'setup', setupWorkload('setup', 300), ['setup/put', 'setup/delete']],
    [
      'lookup',
      'classifier',
      classifierWorkload('classifier', 300),
      ['classifier/acl', 'classifier/fw', 'classifier/ipc'],
    ],
    ['packet', 'load', loadWorkload('load', 500), ['load/upcall', 'load/pcap-parser']],
  ] as const)('time per %s: %s', async (unit, _name, kind, names) => {
    const workloads: readonly Workload[] = await kind.prepare({ ...uniform, frames: 'udp' });
    expect(workloads.map(({ name }) => name)).toEqual(names);
    for (const workload of workloads) {
      expect(workload.unit).toBe(unit);
      await workload.warmUp(workload.setSize);
      const { counts } = await workload.round(workload.setSize);
      expect(Object.values(counts)).toContain(workload.setSize);
    }
  });

  test('a classifier says what a rule takes', async () => {
    const [first] = await classifierWorkload('classifier', 300).prepare({ ...uniform, frames: 'udp' });
    expect(first!.figures).toEqual({ insertNsPerRule: expect.any(Number), bytesPerRule: expect.any(Number) });
  });
});

test('capture sends every frame of the file through a learning switch', async () => {
  const kind = captureWorkload('capture');
  const [workload] = await kind.prepare({ ...uniform, frames: 'udp', capture: smallCapture() });
  expect(workload!.settings).toMatchObject({ packets: 40, ports: 2 });
  await workload!.warmUp(40);
  const { counts } = await workload!.round(80);
  expect(counts).toMatchObject({ packets: 80, hits: 80, missed: 0, sent: 80 });
});

test('capture tells of a file that is none', async () => {
  const path = join(folder, 'none.pcap');
  writeFileSync(path, 'this is text, not a capture');
  const prepared = captureWorkload('capture').prepare({ ...uniform, frames: 'udp', capture: path });
  await expect(prepared).rejects.toThrow(/capture/);
});

test('workers are named, and said not to be there', () => {
  const missing = WORKLOADS.filter((kind) => kind.missing !== undefined);
  expect(missing.map(({ name }) => name)).toEqual(['workers-1', 'workers-2']);
});

describe('the self-check', () => {
  const counts: RoundCounts = {
    packets: 100,
    hits: 99,
    microflowHits: 50,
    megaflowHits: 49,
    missed: 1,
    lost: 0,
    sent: 99,
    dropped: 0,
    probes: 49,
    flows: 1,
    masks: 1,
  };
  test.each([
    ['all is well', { hits: 99, missed: 1 }, []],
    ['a counter is off', { hits: 100 }, ['hits is 99, not 100']],
    ['too few', { hits: { least: 100 } }, ['hits is 99, not at least 100']],
    ['too many', { missed: { most: 0 } }, ['missed is 1, not at most 0']],
    ['several are off', { masks: 512, flows: 512 }, ['masks is 1, not 512', 'flows is 1, not 512']],
  ])('%s', (_name, expectations, problems) => {
    expect(problemsOf(counts, expectations)).toEqual(problems);
  });

  test('a workload that is not what it claims gives no figure', () => {
    const target = new BenchSwitch(twoPorts(['actions=output:2']));
    const workload = new PacketWorkload({
      name: 'masks-512',
      target,
      frames: makeFrames({ kind: 'udp', flowCount: 4, port: target.portNumber('p1') }),
      settings: {},
      expect: () => ({ masks: 512 }),
    });
    expect(() => workload.round(4)).toThrow(SelfCheckError);
    expect(() => workload.round(4)).toThrow('masks-512 does not do what its name says: masks is 1, not 512');
  });
});

describe('frames', () => {
  test.each(FRAME_KINDS)('%s frames have their size and a key of their own for each flow', (kind) => {
    const flowCount = 500;
    const set = makeFrames({ kind, flowCount, port: 1 });
    expect(set.count).toBeGreaterThanOrEqual(MIN_FRAME_COUNT);
    const keys = new Set<string>();
    const sizes = new Map<number, number>();
    for (let i = 0; i < set.count; i++) {
      const start = set.batch.starts[i]!;
      const size = set.batch.lengths[i]!;
      sizes.set(size, (sizes.get(size) ?? 0) + 1);
      const key = extractFlow(set.arena.bytes.slice(start, start + size));
      keys.add(Buffer.from(key.bytes).toString('hex'));
    }
    expect(keys.size).toBe(flowCount);
    const kinds = Array.from({ length: flowCount }, (_, i) => FRAME_SIZES[plainKind(kind, i)]);
    expect([...sizes.keys()].sort()).toEqual([...new Set(kinds)].sort());
  });

  test('a mix is six parts plain UDP, two tagged, one IPv6, one VXLAN', () => {
    const kinds = Array.from({ length: 1000 }, (_, i) => plainKind('mix', i));
    const count = (kind: string): number => kinds.filter((one) => one === kind).length;
    expect(['udp', 'vlan', 'ipv6', 'vxlan'].map(count)).toEqual([600, 200, 100, 100]);
  });

  test('checksums are right', () => {
    for (const kind of ['udp', 'ipv6'] as const) {
      const { arena, batch } = makeFrames({ kind, flowCount: 1, port: 1 });
      const bytes = arena.bytes.slice(0, batch.lengths[0]);
      if (kind === 'udp') expect(checksum(bytes, 14, 20)).toBe(0);
      else expect(isSumRight(pseudoHeaderSum6(bytes, 14, 17, 8), bytes, 54, 8)).toBe(true);
    }
  });

  test("by Zipf the most frequent flow comes twice as often as the second, and all are the set's", () => {
    const flowCount = 100;
    const set = makeFrames({ kind: 'udp', flowCount, port: 1, skew: 'zipf' });
    const seen = new Map<string, number>();
    for (let i = 0; i < set.count; i++) {
      const start = set.batch.starts[i]!;
      const tuple = Buffer.from(set.arena.bytes.subarray(start + 26, start + 38)).toString('hex');
      seen.set(tuple, (seen.get(tuple) ?? 0) + 1);
    }
    const [first = 0, second = 0] = [...seen.values()].sort((a, b) => b - a);
    expect(seen.size).toBe(flowCount);
    expect(first / second).toBeCloseTo(2, 0);
  });

  test('a million numbered flows are a million keys', () => {
    const keys = new Set<number>();
    for (let i = 0; i < 1_000_000; i++) {
      const { source, destinationPort } = numberedFlow(i);
      keys.add(source * 65_536 + destinationPort);
    }
    expect(keys.size).toBe(1_000_000);
    keys.clear();
    for (let i = 0; i < 1_000_000; i++) {
      const { source, sourcePort } = numberedTunnel(i);
      keys.add(source * 65_536 + sourcePort);
    }
    expect(keys.size).toBe(1_000_000);
  });
});

test('ratios are between workloads that exist', () => {
  const names = WORKLOADS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const pair of RATIOS) for (const name of pair) expect(names).toContain(name.split('/')[0]);
});
