/** Workloads are what their names say: built small, a few packets each, no time looked at. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { FRAME_KINDS, makeFrames, MIN_FRAME_COUNT, numberedFlow, numberedTunnel } from '../../bench/frames.js';
import { captureWorkload } from '../../bench/workload/capture.js';
import { flowsWorkload } from '../../bench/workload/flows.js';
import { RATIOS, WORKLOADS } from '../../bench/workload/index-of-workloads.js';
import { masksWorkload } from '../../bench/workload/masks.js';
import { missInstallWorkload } from '../../bench/workload/miss-install.js';
import { normalWorkload } from '../../bench/workload/normal.js';
import { problemsOf, type RoundCounts, SelfCheckError, Workload } from '../../bench/workload/workload.js';
import { BenchSwitch } from '../../bench/bench-switch.js';
import { extractFlow } from '../../datapath/flow-extract.js';
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

/** The workloads of the program, of a size that takes no time. */
const SMALL = [
  flowsWorkload('flows-1', 1),
  flowsWorkload('flows-300', 300),
  masksWorkload('masks-1', 0, 0),
  masksWorkload('masks-32', 32, 0),
  masksWorkload('masks-12', 3, 4),
  masksWorkload('masks-512', 32, 16),
  normalWorkload('normal-20', 20),
  missInstallWorkload('miss-install', 64),
];

describe.each(FRAME_KINDS)('with %s frames', (frames) => {
  test.each(SMALL.map((kind) => [kind.name, kind] as const))('%s does what its name says', async (_name, kind) => {
    const workload = await kind.prepare({ frames, capture: null });
    const packets = Math.min(workload.setSize, workload.roundLimit);
    workload.warmUp(packets);
    const { counts } = workload.round(packets);
    expect(counts.packets).toBe(packets);
    expect(counts.sent).toBe(packets);
    expect(counts.hits + counts.missed).toBe(packets);
    // And again: a round leaves nothing behind that changes the next one.
    expect(workload.round(packets).counts).toMatchObject({ sent: packets, flows: counts.flows, masks: counts.masks });
  });
});

test('capture sends every frame of the file through a learning switch', async () => {
  const kind = captureWorkload('capture');
  const workload = await kind.prepare({ frames: 'udp', capture: smallCapture() });
  expect(workload.settings).toMatchObject({ packets: 40, ports: 2 });
  workload.warmUp(40);
  const { counts } = workload.round(80);
  expect(counts).toMatchObject({ packets: 80, hits: 80, missed: 0, sent: 80 });
});

test('capture tells of a file that is none', async () => {
  const path = join(folder, 'none.pcap');
  writeFileSync(path, 'this is text, not a capture');
  await expect(captureWorkload('capture').prepare({ frames: 'udp', capture: path })).rejects.toThrow(/capture/);
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
    const target = new BenchSwitch({ ports: [{ name: 'p1' }, { name: 'p2' }], rules: ['actions=output:2'] });
    const workload = new Workload({
      name: 'masks-512',
      target,
      frames: makeFrames('udp', 4, target.portNumber('p1'), numberedFlow),
      settings: {},
      expect: () => ({ masks: 512 }),
    });
    expect(() => workload.round(4)).toThrow(SelfCheckError);
    expect(() => workload.round(4)).toThrow('masks-512 does not do what its name says: masks is 1, not 512');
  });
});

describe('frames', () => {
  test.each([
    ['udp', 60],
    ['vlan', 64],
    ['vxlan', 110],
  ] as const)('%s frames have %i bytes and a key of their own for each flow', (kind, size) => {
    const flowCount = 500;
    const set = makeFrames(kind, flowCount, 1, kind === 'vxlan' ? numberedTunnel : numberedFlow);
    expect(set.count).toBeGreaterThanOrEqual(MIN_FRAME_COUNT);
    const keys = new Set<string>();
    for (let i = 0; i < set.count; i++) {
      const start = set.batch.starts[i]!;
      expect(set.batch.lengths[i]).toBe(size);
      const key = extractFlow(set.arena.bytes.slice(start, start + size));
      keys.add(Buffer.from(key.bytes).toString('hex'));
    }
    expect(keys.size).toBe(flowCount);
  });

  test('100,000 numbered flows are 100,000 keys', () => {
    const tuples = (flow: ReturnType<typeof numberedFlow>) =>
      [flow.source, flow.destination, flow.sourcePort, flow.destinationPort].join();
    expect(new Set(Array.from({ length: 100_000 }, (_, i) => tuples(numberedFlow(i)))).size).toBe(100_000);
    expect(new Set(Array.from({ length: 100_000 }, (_, i) => tuples(numberedTunnel(i)))).size).toBe(100_000);
  });
});

test('ratios are between workloads that exist', () => {
  const names = WORKLOADS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const pair of RATIOS) for (const name of pair) expect(names).toContain(name);
});
