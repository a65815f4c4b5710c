/** Measuring, statistics and the report. Durations are never judged: only that there are figures, and whose. */
import { describe, expect, test } from 'vitest';
import { measure } from '../../bench/measure.js';
import { microBenchmarks } from '../../bench/micro/index-of-micro-benchmarks.js';
import { runMicroBenchmarks } from '../../bench/micro/micro-benchmark.js';
import { measurementsToJson, microToJson, renderMeasurements, renderMicro } from '../../bench/report.js';
import { quantile, summarize } from '../../bench/statistics.js';
import { flowsWorkload } from '../../bench/workload/flows.js';
import { masksWorkload } from '../../bench/workload/masks.js';
import type { Workload } from '../../bench/workload/workload.js';
import type { PeerMeasurement } from '../../bench/peer/peer.js';
import { plotMeasurements } from '../../bench/plot.js';
import { PLAIN } from '../../src/report/colour.js';

const machine = { node: 'v20.19.0', cpu: 'a processor', cpuCount: 2, clockMhz: 2600, loadAverage: 0.5 };
const counts = {
  packets: 1000,
  hits: 1000,
  microflowHits: 990,
  megaflowHits: 10,
  missed: 0,
  lost: 0,
  sent: 1000,
  dropped: 0,
  probes: 10,
  flows: 1,
  masks: 1,
};
const spread = { min: 20, p25: 24, p75: 26, max: 40 };

describe('quantiles', () => {
  test.each([
    [[5], 0.5, 5],
    [[1, 2, 3], 0.5, 2],
    [[1, 2, 3, 4], 0.5, 2.5],
    [[1, 2, 3, 4, 5], 0.25, 2],
    [[1, 2, 3, 4, 5], 1, 5],
  ])('of %j at %d', (sorted, share, value) => {
    expect(quantile(sorted, share)).toBe(value);
  });

  test('the order of the samples does not matter', () => {
    expect(summarize([3, 1, 5, 2, 4])).toEqual({ median: 3, spread: { min: 1, p25: 2, p75: 4, max: 5 } });
  });

  test('nothing has none', () => expect(() => quantile([], 0.5)).toThrow('a quantile of nothing'));
});

test('every workload gets all rounds, and progress tells of each', async () => {
  const kinds = [flowsWorkload('flows-1', 1), masksWorkload('masks-2', { source: 2 })];
  const workloads: Workload[] = [];
  for (const kind of kinds) workloads.push(...(await kind.prepare({ frames: 'udp', skew: 'uniform', capture: null })));
  const steps: string[] = [];
  const results = await measure(workloads, {
    seconds: 0.003,
    rounds: 3,
    onProgress: (done, total) => steps.push(`${done}/${total}`),
  });
  expect(results.map(({ name }) => name)).toEqual(['flows-1', 'masks-2']);
  for (const result of results) {
    expect(result.ns).toBeGreaterThan(0);
    expect(result.unit).toBe('packet');
    expect(result.settings).toMatchObject({ rounds: 3, frames: 'udp' });
    expect(result.counts.sent).toBe(result.counts.packets);
    expect(result.counts.packets).toBe(3 * Number(result.settings.perRound));
  }
  expect(steps).toEqual(['1/8', '2/8', '3/8', '4/8', '5/8', '6/8', '7/8', '8/8']);
});

const measured = (name: string, ns: number, flows: number) => ({
  name,
  unit: 'packet' as const,
  ns,
  onCpuNs: ns,
  spread,
  counts: { ...counts, flows, masks: flows },
  figures: {},
  settings: {},
});
const results = [measured('masks-1', 25, 1), measured('masks-512', 2500, 512)];
const dpdk: PeerMeasurement = {
  peer: 'ovs-dpdk',
  variant: 'no cache',
  ns: 120,
  onCpuNs: 100,
  spread: { min: 90, max: 110 },
  sourceAndSinkShare: 0.4,
  counts: { masks: 1 },
};

test('the table has a line for each workload and the ratios between them', () => {
  expect(renderMeasurements(results, machine, PLAIN)).toBe(
    [
      'Node v20.19.0 on a processor at 2.60 GHz, 2 processors, one of them used, load average 0.50',
      '',
      'workload     ns  per     on CPU   p25   p75   min   max       rate  cache hits  megaflows  masks',
      'masks-1    25.0  packet    25.0  24.0  26.0  20.0  40.0  40.0 Mpps       99.0%          1      1',
      'masks-512  2500  packet    2500  24.0  26.0  20.0  40.0   400 kpps       99.0%        512    512',
      '',
      'Ratios within this run',
      'masks-512 / masks-1  100.00',
      '',
    ].join('\n'),
  );
});

test('what is no packet has neither hits nor masks, and figures stand below', () => {
  const lookup = { ...results[0]!, unit: 'lookup' as const, counts: { lookups: 9 }, figures: { bytesPerRule: 320 } };
  const lines = renderMeasurements([lookup], machine, PLAIN).split('\n');
  expect(lines[3]).toBe('masks-1   25.0  lookup    25.0  24.0  26.0  20.0  40.0  40.0 M/s');
  expect(lines.slice(5, 7)).toEqual(['Besides', 'masks-1  bytes per rule  320.0']);
});

test('beside OVS-DPDK both ratios are shown, and the lower one is the claim', () => {
  const lines = renderMeasurements(results, machine, PLAIN, new Map([['masks-1', [dpdk]]])).split('\n');
  expect(lines.slice(-6)).toEqual([
    '',
    'OVS-DPDK on the same frames and rules (ns on a processor)',
    'workload  ours  ovs-dpdk  as measured  without source and sink  claim',
    'masks-1   25.0     100.0        4.00x                    2.40x  2.40x',
    'Its figure contains its packet source and sink, by a profile 40% of its time. The claim is the lower ratio.',
    '',
  ]);
});

test("a C kernel's time is said as a share of ours", () => {
  const c = { ...dpdk, peer: 'c' as const, onCpuNs: 15, sourceAndSinkShare: 0 };
  const text = renderMeasurements(results, machine, PLAIN, new Map([['masks-1', [c]]]));
  expect(text).toMatch(/\nmasks-1 +25\.0 +15\.0 +60%\n$/);
});

test('as JSON each object has its machine, and its peers with the ratios', () => {
  const [first] = measurementsToJson(results, machine, new Map([['masks-1', [dpdk]]]));
  const { settings: _settings, ...rest } = results[0]!;
  expect(first).toEqual({
    ...rest,
    settings: machine,
    peers: [{ ...dpdk, asMeasured: 4, withoutSourceAndSink: 2.4, claim: 2.4 }],
  });
});

test('a plot has a bar for each workload and one for each peer', () => {
  const svg = plotMeasurements(results, machine, new Map([['masks-1', [dpdk]]]));
  expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
  for (const label of ['masks-1', 'masks-512', 'upcall', 'ovs-dpdk']) expect(svg).toContain(`>${label}</text>`);
});

describe('micro-benchmarks', () => {
  const all = microBenchmarks();

  test.each(all.map((micro) => [micro.name, micro] as const))('%s does its work', (_name, micro) => {
    expect(micro.run()).toBe(micro.expected);
    expect(micro.run()).toBe(micro.expected);
  });

  test('are driven and reported', () => {
    const results = runMicroBenchmarks(all.slice(0, 1), { seconds: 0.01 });
    expect(results).toHaveLength(1);
    expect(results[0]!.nsPerOperation).toBeGreaterThan(0);
    expect(renderMicro(results, machine)).toContain('extract key, udp');
    expect(microToJson(results, machine)).toMatchObject([{ name: 'extract key, udp', settings: { cpuCount: 2 } }]);
  });

  test('one that gives another result is refused', () => {
    const lazy = { name: 'lazy', count: 1, expected: 1, run: () => 0 };
    expect(() => runMicroBenchmarks([lazy], { seconds: 0.01 })).toThrow('micro-benchmark lazy gives 0, not 1');
  });
});
