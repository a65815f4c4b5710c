/** `upcall bench` as a user types it: what it prints where, and its exit codes. No figure is looked at. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import yargs from 'yargs';
import { benchCommand } from '../../src/cli/bench.js';
import { UserError } from '../../src/report/user-error.js';

const folder = mkdtempSync(join(tmpdir(), 'bench-command-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SHORT = ['--seconds', '0.002', '--rounds', '2'];

const run = async (...args: readonly string[]): Promise<string> => {
  let out = '';
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    out += chunk;
    return true;
  });
  try {
    await yargs(['bench', ...args])
      .scriptName('upcall')
      .strict()
      .exitProcess(false)
      .command(benchCommand)
      .fail((message, error) => {
        throw error ?? new UserError(message);
      })
      .parseAsync();
  } finally {
    stdout.mockRestore();
  }
  return out;
};

test('prints a table of the workloads named, in that order', async () => {
  const lines = (await run('masks-32', 'flows-1', ...SHORT)).split('\n');
  expect(lines[0]).toMatch(/^Node v\d/);
  expect(lines[2]).toMatch(/^workload +ns +per/);
  expect(lines[3]).toMatch(/^masks-32 .* 32 +32$/);
  expect(lines[4]).toMatch(/^flows-1 .* 1 +1$/);
});

test('prints ratios where both sides were measured', async () => {
  expect(await run('flows-1', 'flows-1k', ...SHORT)).toMatch(/Ratios within this run\nflows-1k \/ flows-1 +\d/);
});

test('a workload named twice is measured once', async () => {
  expect(JSON.parse(await run('flows-1', 'flows-1', '--json', ...SHORT))).toHaveLength(1);
});

test('--json is one array of objects', async () => {
  const [first] = JSON.parse(await run('flows-1k', '--frames', 'vlan', '--json', ...SHORT)) as unknown[];
  expect(first).toMatchObject({
    name: 'flows-1k',
    ns: expect.any(Number),
    onCpuNs: expect.any(Number),
    unit: 'packet',
    spread: { min: expect.any(Number), p25: expect.any(Number), p75: expect.any(Number), max: expect.any(Number) },
    settings: { frames: 'vlan', flows: 1000, rounds: 2, node: process.version },
  });
});

test('a workload that is not there yet is told of, and the others are measured', async () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const text = await run('workers-2', 'flows-1', '--json', ...SHORT);
  const told = stderr.mock.calls.map(([chunk]) => String(chunk)).join('');
  stderr.mockRestore();
  expect(JSON.parse(text)).toMatchObject([{ name: 'flows-1' }]);
  expect(told).toContain('upcall bench: workers-2: not built yet: ');
});

test('--plot writes a picture', async () => {
  const file = join(folder, 'plot.svg');
  await run('flows-1', '--plot', file, ...SHORT);
  expect(readFileSync(file, 'utf8')).toMatch(/^<svg /);
});

describe('what makes no sense is refused', () => {
  test.each([
    [['flows-7'], 'there is no workload flows-7'],
    [['--seconds', '0'], '--seconds must be a number from 0.001 to 3600'],
    [['--seconds', 'soon'], '--seconds must be a number from 0.001 to 3600'],
    [['--rounds', '2.5'], '--rounds must be a whole number'],
    [['--micro', 'flows-1'], '--micro takes no workloads'],
    [['--micro', '--peer', 'c'], '--micro has no peers'],
    [['attack', 'flows-1'], 'the workload attack is measured by itself'],
    [['flows-1', '--peer', 'vpp'], '--peer vpp: there is no such peer'],
    [['normal-1', '--frames', 'mix'], 'the workload normal-1 has no frames of the kind mix'],
    [['masks-1', '--skew', 'zipf'], 'the workload masks-1 knows no --skew'],
    [['flows-1', '--plot', 'out.png'], '--plot out.png: plots are written as SVG'],
    [['flows-1', '--capture', 'x.pcap'], '--capture is for the workload capture, which is not among those named'],
    [['capture', '--capture', '/no/such.pcap'], 'cannot be read: there is no such file'],
  ])('%j', async (args, message) => {
    await expect(run(...args)).rejects.toMatchObject({ name: 'UserError', message });
  });

  test('frames of an unknown kind', async () => {
    await expect(run('--frames', 'token-ring')).rejects.toThrow(/Choices: "udp", "vlan", "ipv6", "vxlan", "mix"/);
  });
});
