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
import { PLAIN } from '../../src/report/colour.js';

const machine = { node: 'v20.19.0', cpu: 'a processor', cpuCount: 2 };
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
  const kinds = [flowsWorkload('flows-1', 1), masksWorkload('masks-2', 2, 0)];
  const workloads: Workload[] = [];
  for (const kind of kinds) workloads.push(await kind.prepare({ frames: 'udp', capture: null }));
  const steps: string[] = [];
  const results = measure(workloads, {
    seconds: 0.003,
    rounds: 3,
    onProgress: (done, total) => steps.push(`${done}/${total}`),
  });
  expect(results.map(({ name }) => name)).toEqual(['flows-1', 'masks-2']);
  for (const result of results) {
    expect(result.nsPerPacket).toBeGreaterThan(0);
    expect(result.settings).toMatchObject({ rounds: 3, frames: 'udp' });
    expect(result.counts.sent).toBe(result.counts.packets);
  }
  expect(steps).toEqual(['1/8', '2/8', '3/8', '4/8', '5/8', '6/8', '7/8', '8/8']);
});

test('the table has a line for each workload and the ratios between them', () => {
  const results = [
    { name: 'masks-1', nsPerPacket: 25, spread, counts, settings: {} },
    { name: 'masks-512', nsPerPacket: 2500, spread, counts: { ...counts, flows: 512, masks: 512 }, settings: {} },
  ];
  expect(renderMeasurements(results, machine, PLAIN)).toBe(
    [
      'Node v20.19.0 on a processor, 2 processors, one of them used',
      '',
      'workload   ns/packet   p25   p75   min   max       rate  cache hits  megaflows  masks',
      'masks-1         25.0  24.0  26.0  20.0  40.0  40.0 Mpps       99.0%          1      1',
      'masks-512       2500  24.0  26.0  20.0  40.0   400 kpps       99.0%        512    512',
      '',
      'Ratios within this run',
      'masks-512 / masks-1  100.00',
      '',
    ].join('\n'),
  );
});

test('JSON is one array, each object with its machine', () => {
  const text = measurementsToJson(
    [{ name: 'flows-1', nsPerPacket: 25, spread, counts, settings: { rounds: 3 } }],
    machine,
  );
  expect(JSON.parse(text)).toEqual([
    { name: 'flows-1', nsPerPacket: 25, spread, settings: { rounds: 3, ...machine }, counts },
  ]);
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
    expect(JSON.parse(microToJson(results, machine))).toMatchObject([
      { name: 'extract key, udp', settings: { cpuCount: 2 } },
    ]);
  });

  test('one that gives another result is refused', () => {
    const lazy = { name: 'lazy', count: 1, expected: 1, run: () => 0 };
    expect(() => runMicroBenchmarks([lazy], { seconds: 0.01 })).toThrow('micro-benchmark lazy gives 0, not 1');
  });
});
