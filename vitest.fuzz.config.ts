import { defineConfig } from 'vitest/config';
import base from './vitest.config.js';

/** Fuzzing is a command of its own (`npm run fuzz`): the tests take no part in it. FUZZ_SECONDS bounds each target. */
export default defineConfig({
  ...base,
  test: { include: ['test/fuzz/**/*.fuzz.ts'], testTimeout: 86_400_000, fileParallelism: false },
});
