/** `upcall explain`, `lint` and `diff` as a user types them: what they print, and their exit codes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import yargs from 'yargs';
import { diffCommand } from '#src/cli/diff.js';
import { explainCommand } from '#src/cli/explain.js';
import { lintCommand } from '#src/cli/lint.js';
import { BRIDGES } from './bridges.js';

const CAPTURE = new URL('../../scenarios/captures/two-vms.pcap', import.meta.url).pathname;
let folder = '';
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'explain-'));
  const save = (name: string, text: string): void => writeFileSync(at(name), text);
  save('switch.sh', `${BRIDGES}\novs-ofctl add-flow br0 'tcp,tp_dst=80,actions=output:2'\n`);
  save('failing.sh', 'false\n');
  save('good.flows', 'in_port=1,actions=2\npriority=1,actions=drop\n');
  save('bad.flows', 'in_port=1,actions=2\npriority=x,actions=drop\n');
  save('shadowed.flows', 'priority=9,actions=2\npriority=8,ip,actions=1\n');
  save('icmp.flows', 'icmp,actions=drop\npriority=1,in_port=1,actions=2\npriority=0,actions=1\n');
  save('all.flows', 'priority=1,in_port=1,actions=2\npriority=0,actions=1\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function upcall(...words: readonly string[]) {
  let out = '';
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    out += chunk;
    return true;
  });
  const exitCodeBefore = process.exitCode;
  try {
    await yargs([...words])
      .scriptName('upcall')
      .strict()
      .exitProcess(false)
      .command(explainCommand)
      .command(lintCommand)
      .command(diffCommand)
      .fail((message, error) => {
        throw error ?? new Error(message);
      })
      .parseAsync();
    return { out, exitCode: process.exitCode };
  } finally {
    process.exitCode = exitCodeBefore;
    stdout.mockRestore();
  }
}

const explain = (...words: readonly string[]) =>
  upcall('explain', '--setup', at('switch.sh'), '--bridge', 'br0', ...words);

describe('upcall explain', () => {
  test.each<[string, readonly string[], number, RegExp]>([
    [
      'a packet that is dropped',
      ['in_port=1,tcp,tp_dst=81'],
      1,
      /The packet is dropped\.\n\nDecision\n {2}bridge br0, table 0: No rule/,
    ],
    ['a packet that is delivered', ['in_port=1,tcp,tp_dst=80'], 0, /The packet leaves by p2\./],
    ['a frame', ['--packet', '0200000000020200000000010806000108000604', 'in_port=1'], 1, /^arp,/],
    ['a megaflow', ['--megaflow', 'in_port=1,tcp,tp_dst=80'], 0, /\ntp_dst=80 +lookup in table 0 of br0, stage L4/],
    ['the cache', ['--cache', CAPTURE], 0, /^26 frames made \d+ megaflows/],
  ])('%s', async (_name, words, exitCode, text) => {
    const result = await explain(...words);
    expect(result.out).toMatch(text);
    expect(result.exitCode).toBe(exitCode);
  });

  test.each<[string, readonly string[]]>([
    ['a packet', ['in_port=1,tcp']],
    ['a megaflow', ['in_port=1,tcp', '--megaflow']],
    ['the cache', ['--cache', CAPTURE]],
  ])('%s as JSON', async (_name, words) => {
    expect(JSON.parse((await explain(...words, '--json')).out)).toBeTypeOf('object');
  });

  test.each<[string, readonly string[], string]>([
    ['no flow', [], 'explain needs a flow'],
    ['a field that there is not', ['in_prot=1'], 'unknown field in_prot'],
    ['what is no frame', ['--packet', 'xyz'], '--packet is no frame'],
    ['what is no capture', ['--cache', __filename], 'is not a capture'],
  ])('refuses %s', async (_name, words, message) => {
    await expect(explain(...words)).rejects.toThrow(message);
  });

  test('refuses a setup that fails, or is not there', async () => {
    await expect(upcall('explain', '--setup', at('failing.sh'), 'ip')).rejects.toThrow('exit status 1');
    await expect(upcall('explain', '--setup', at('absent.sh'), 'ip')).rejects.toThrow('there is no such file');
  });
});

describe('upcall lint', () => {
  test.each<[string, string, number, RegExp]>([
    ['nothing', 'good.flows', 0, /^nothing found\n$/],
    ['something', 'shadowed.flows', 1, /shadowed\.flows:2: shadowed: .*\n(?:.*\n)*\n?1 finding\n$/],
  ])('finds %s', async (_name, file, exitCode, text) => {
    const result = await upcall('lint', at(file));
    expect(result.out).toMatch(text);
    expect(result.exitCode).toBe(exitCode);
  });

  test('tells the line of what is no flow', async () => {
    await expect(upcall('lint', at('bad.flows'))).rejects.toMatchObject({ file: at('bad.flows'), line: 2 });
  });
});

describe('upcall diff', () => {
  const diff = (...words: readonly string[]) => upcall('diff', '--capture', CAPTURE, ...words);

  test('a set and itself', async () => {
    expect(await diff(at('all.flows'), at('all.flows'))).toEqual({
      out: 'all 26 frames have the same fate\n',
      exitCode: 0,
    });
  });

  test('a set that drops more', async () => {
    const { out, exitCode } = await diff(at('all.flows'), at('icmp.flows'));
    expect(out).toMatch(/p2 -> drop: 1 flow, \d+ frames\n/);
    expect(exitCode).toBe(1);
    expect(JSON.parse((await diff(at('all.flows'), at('icmp.flows'), '--json')).out)).toMatchObject({
      frames: 26,
      changes: [
        { from: 'p2', to: 'drop' },
        { from: 'p1', to: 'drop' },
      ],
    });
  });

  test('two sets for one switch', async () => {
    const { out } = await diff(at('good.flows'), at('good.flows'), '--setup', at('switch.sh'), '--bridge', 'br0');
    expect(out).toBe('all 26 frames have the same fate\n');
  });
});
