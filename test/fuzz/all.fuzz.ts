/**
 * Fuzzes every target for FUZZ_SECONDS (30 by default) each, from FUZZ_SEED (the day by default); FUZZ_TARGET names one
 * of them. What breaks a target is written to test/corpus/TARGET/, where the tests run it from then on.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { SeededRng } from '../../src/sim/rng.js';
import { fuzzInput } from './mutate.js';
import { FUZZ_TARGETS, type FuzzTarget } from './targets.js';

const MS_PER_DAY = 86_400_000;
/** An input that takes longer than this is told of: no input is so long that it should. */
const SLOW_MS = 5000;
const seconds = Number(process.env.FUZZ_SECONDS ?? 30);
const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Date.now() / MS_PER_DAY));
const only = process.env.FUZZ_TARGET;
const corpus = fileURLToPath(new URL('../corpus/', import.meta.url));

function keep(target: FuzzTarget, input: Uint8Array): string {
  const folder = join(corpus, target.name);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, createHash('sha256').update(input).digest('hex').slice(0, 16));
  writeFileSync(file, input);
  return file;
}

test.each(
  FUZZ_TARGETS.filter(({ name }) => only === undefined || name === only).map(
    (target) => [target.name, target] as const,
  ),
)('%s', async (name, target) => {
  expect(Number.isFinite(seconds) && Number.isInteger(seed), 'FUZZ_SECONDS and FUZZ_SEED are numbers').toBe(true);
  const rng = new SeededRng(seed);
  const end = performance.now() + seconds * 1000;
  let count = 0;
  while (performance.now() < end) {
    const input = fuzzInput(target.samples, rng);
    const began = performance.now();
    try {
      await target.run(input);
    } catch (error) {
      throw new Error(`${name} broke after ${count} inputs, seed ${seed}; kept as ${keep(target, input)}`, {
        cause: error,
      });
    }
    const tookMs = performance.now() - began;
    if (tookMs > SLOW_MS) throw new Error(`${name} took ${tookMs} ms for an input kept as ${keep(target, input)}`);
    count++;
  }
  console.log(`${name}: ${count} inputs, seed ${seed}`);
});
