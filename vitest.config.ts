import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('.', import.meta.url));

export default defineConfig({
  resolve: {
    // package.json maps #room/* to the built files; tests run the sources.
    alias: [{ find: /^#(flowtable|datapath|src|bench)\/(.*)\.js$/, replacement: `${root}$1/$2.ts` }],
  },
  test: { include: ['test/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
});
