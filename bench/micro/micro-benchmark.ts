/**
 * Micro-benchmarks: one function of the hot path by itself, many times, driven by the package `benchmark`.
 *
 * Each is a closure that does `count` operations and returns a number made of all their results, which is kept: work
 * whose result nobody sees may be left out by the compiler. Setup and teardown strings of the package are never used
 * (it would compile them anew for each cycle); what a benchmark needs is made when it is built, and checked once before.
 */
import Benchmark from 'benchmark';

export interface MicroBenchmark {
  readonly name: string;
  /** Operations of one call of run(). */
  readonly count: number;
  /** What run() must return: that it does the work at all. */
  readonly expected: number;
  run(): number;
}

export interface MicroMeasurement {
  readonly name: string;
  readonly nsPerOperation: number;
  /** Relative margin of error at 95% confidence. */
  readonly marginPercent: number;
  readonly sampleCount: number;
}

/** Where results go. */
let sink = 0;

/** Runs all, each for about so many seconds. Throws when one does not give the result that it must. */
export function runMicroBenchmarks(
  benchmarks: readonly MicroBenchmark[],
  options: { readonly seconds: number; readonly onProgress?: (done: number, total: number) => void },
): readonly MicroMeasurement[] {
  return benchmarks.map((micro, index) => {
    const result = micro.run();
    if (result !== micro.expected) {
      throw new Error(`micro-benchmark ${micro.name} gives ${result}, not ${micro.expected}`);
    }
    const benchmark = new Benchmark(
      micro.name,
      () => {
        sink = (sink + micro.run()) | 0;
      },
      { maxTime: options.seconds, minTime: Math.min(0.05, options.seconds / 5), initCount: 1 },
    );
    benchmark.run({ async: false });
    if (benchmark.error !== undefined) throw benchmark.error;
    options.onProgress?.(index + 1, benchmarks.length);
    return {
      name: micro.name,
      nsPerOperation: (benchmark.stats.mean * 1e9) / micro.count,
      marginPercent: benchmark.stats.rme,
      sampleCount: benchmark.stats.sample.length,
    };
  });
}

/** The sum of all results so far: looked at by nobody, but the compiler cannot know. */
export function sinkValue(): number {
  return sink;
}
