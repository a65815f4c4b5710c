/** Inputs that once broke something (found by `npm run fuzz`, one folder for each target), and some fresh ones. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'vitest';
import { SeededRng } from '../../src/sim/rng.js';
import { fuzzInput } from '../fuzz/mutate.js';
import { FUZZ_TARGETS } from '../fuzz/targets.js';

const FRESH_COUNT = 300;
const here = fileURLToPath(new URL('.', import.meta.url));

describe.each(FUZZ_TARGETS.map((target) => [target.name, target] as const))('%s', (name, target) => {
  const folder = join(here, name);
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];

  test.each(files)('survives %s', async (file) => {
    await target.run(new Uint8Array(readFileSync(join(folder, file))));
  });

  test('takes its own samples', async () => {
    for (const sample of target.samples) await target.run(sample);
  });

  test(`survives ${FRESH_COUNT} damaged samples`, async () => {
    const rng = new SeededRng(1);
    for (let i = 0; i < FRESH_COUNT; i++) await target.run(fuzzInput(target.samples, rng));
  });
});
