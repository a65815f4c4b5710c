/**
 * The directions of imports are checked, and the check sees them: a house of a few files, each with one import that
 * goes up, and the words in which `npm run lint:floors` refuses it.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const house = mkdtempSync(join(tmpdir(), 'floors-'));

/** What each file imports, and the rule that forbids it; null where nothing does. */
const FILES: readonly (readonly [file: string, imported: string, rule: string | null])[] = [
  ['flowtable/ground.ts', '#datapath/any.js', 'flowtable-is-the-ground'],
  ['datapath/above.ts', '#src/report/any.js', 'datapath-below-userspace'],
  ['datapath/package.ts', 'zod', 'lower-floors-have-no-dependency'],
  ['datapath/files.ts', 'node:fs', 'lower-floors-have-no-dependency'],
  ['src/report/upstairs.ts', '#src/vswitchd/any.js', 'room-report'],
  ['src/ovsdb/relative.ts', '../vswitchd/any.js', 'room-ovsdb'],
  ['src/replay/bench.ts', '#bench/any.js', 'bench-only-from-cli'],
  ['src/cli/run.ts', '#bench/any.js', 'bench-only-from-cli'],
  ['src/vswitchd/lost.ts', './nowhere.js', 'every-import-leads-somewhere'],
  ['src/sim/there.ts', './and-back.js', 'no-circle'],
  ['src/sim/and-back.ts', './there.js', 'no-circle'],
  ['src/cli/bench.ts', '#bench/any.js', null],
  ['src/vswitchd/down.ts', '#datapath/any.js', null],
  ['datapath/down.ts', '#flowtable/any.js', null],
];

function write(file: string, text: string): void {
  mkdirSync(dirname(join(house, file)), { recursive: true });
  writeFileSync(join(house, file), text);
}

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

let violations: readonly Violation[] = [];

beforeAll(() => {
  for (const file of ['.dependency-cruiser.cjs', '.dependency-cruiser.resolve.cjs', 'package.json', 'tsconfig.json']) {
    cpSync(join(root, file), join(house, file));
  }
  symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'));
  for (const room of ['flowtable', 'datapath', 'src/report', 'src/vswitchd', 'bench']) {
    write(`${room}/any.ts`, 'export const any = 1;\n');
  }
  for (const [file, imported] of FILES)
    write(file, `import * as other from '${imported}';\nexport const it = [other];\n`);
  const args = ['--config', '.dependency-cruiser.cjs', '-T', 'json', 'flowtable', 'datapath', 'src', 'bench'];
  const run = spawnSync(join(root, 'node_modules/.bin/depcruise'), args, { cwd: house, encoding: 'utf8' });
  violations = (JSON.parse(run.stdout) as { summary: { violations: Violation[] } }).summary.violations;
});

afterAll(() => rmSync(house, { recursive: true, force: true }));

describe('imports', () => {
  test.each(FILES)('%s imports %s: %s', (file, _imported, rule) => {
    const broken = violations.filter(({ from }) => from === file).map(({ rule: { name } }) => name);
    // A circle is told of once, at one of its files.
    if (rule === 'no-circle')
      expect(violations.some((one) => one.rule.name === rule && FILES.some(([name]) => name === one.from))).toBe(true);
    else expect(broken).toEqual(rule === null ? [] : [rule]);
  });
});
