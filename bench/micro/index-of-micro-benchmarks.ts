/** All micro-benchmarks, in the order in which a packet meets what they measure. */
import { extractionBenchmarks, hashBenchmarks } from './keys.js';
import type { MicroBenchmark } from './micro-benchmark.js';
import { tableBenchmarks } from './tables.js';

export function microBenchmarks(): readonly MicroBenchmark[] {
  return [...extractionBenchmarks(), ...hashBenchmarks(), ...tableBenchmarks()];
}
