/** `upcall run` and `upcall topo` as a user types them: what they print where, and their exit codes. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import yargs from 'yargs';
import { parse } from 'yaml';
import { runCommand } from '../../src/cli/run.js';
import { topoCommand } from '../../src/cli/topo.js';
import { withSteps } from './run-text.js';

let folder = '';
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scenarios-'));
  const save = (name: string, text: string): void => writeFileSync(at(name), text);
  save('good.yaml', withSteps('ping: { from: vm1, to: vm2 }'));
  save('failing.yaml', withSteps('ping: { from: vm1, to: vm3 }'));
  save('bad.yaml', 'name: x\nmachines: {}\nsteps: [{ pnig: {} }]\n');
  save(
    'lossy.yaml',
    'name: lossy\nmachines: { a: { nics: { eth0: { address: 10.0.0.1/24 } } }, b: { nics: { eth0: { address: 10.0.0.2/24 } } } }\nlinks: [{ between: [a:eth0, b:eth0], loss: 30% }]\nsteps: [{ ping: { from: a, to: b, count: 50, expect: loss } }]\n',
  );
  save('flows.txt', 'priority=7,actions=drop\n');
  save(
    'folder.yaml',
    withSteps(
      `run: { on: host1, script: 'ovs-ofctl add-flows br0 flows.txt && cat flows.txt', contains: priority=7 }`,
      `run: { on: host1, script: 'echo x > written.txt', exit: 1 }`,
      `run: { on: host1, script: 'cat /etc/passwd', exit: 1 }`,
      `run: { on: host1, script: 'cat ../../etc/passwd', exit: 1 }`,
    ),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

const upcall = async (...words: readonly string[]) => {
  let out = '';
  let err = '';
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    out += chunk;
    return true;
  });
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    err += chunk;
    return true;
  });
  const exitCodeBefore = process.exitCode;
  try {
    await yargs([...words])
      .scriptName('upcall')
      .strict()
      .exitProcess(false)
      .command(runCommand)
      .command(topoCommand)
      .fail((message, error) => {
        throw error ?? new Error(message);
      })
      .parseAsync();
    return { out, err, exitCode: process.exitCode };
  } finally {
    process.exitCode = exitCodeBefore;
    stdout.mockRestore();
    stderr.mockRestore();
  }
};

describe('upcall run', () => {
  it('prints a report, and nothing else', async () => {
    const { out, err, exitCode } = await upcall('run', at('good.yaml'));
    expect({ out, err, exitCode }).toEqual({
      out: [
        'good: three VMs',
        '  ok    ping vm1 -> vm2: 1 of 1 answered',
        '  passed, 1 expectation (0 ns of virtual time)',
        '',
        '1 scenario: 1 passed, 0 failed; 1 expectation, 0 failed',
        '',
      ].join('\n'),
      err: '',
      exitCode: 0,
    });
  });

  it('ends with 1 when an expectation failed, and runs the others', async () => {
    const { out, exitCode } = await upcall('run', at('failing.yaml'), at('good.yaml'));
    expect(exitCode).toBe(1);
    expect(out).toContain('  FAIL  ping vm1 -> vm3: 0 of 1 answered [line 10]\n');
    expect(out).toMatch(/\n2 scenarios: 1 passed, 1 failed; 2 expectations, 1 failed\n$/);
  });

  it('ends with 2 for what is no scenario, before anything runs', async () => {
    const { out, err, exitCode } = await upcall('run', at('good.yaml'), at('bad.yaml'), at('absent.yaml'));
    expect({ out, exitCode }).toEqual({ out: '', exitCode: 2 });
    expect(err).toBe(
      `${at('bad.yaml')}:3:11: steps[0]: unknown step "pnig"\n  did you mean "ping"?\n${at('absent.yaml')}: cannot be read: there is no such file\n`,
    );
  });

  it('--junit writes the report for continuous integration, beside the text', async () => {
    const { out, exitCode } = await upcall('run', at('failing.yaml'), '--junit', at('report.xml'));
    expect(exitCode).toBe(1);
    expect(out).toContain('1 scenario: 0 passed, 1 failed');
    expect(readFileSync(at('report.xml'), 'utf8')).toContain('<testsuites name="upcall" tests="1" failures="1">');
  });

  it('--json is one object', async () => {
    const { out, exitCode } = await upcall('run', at('good.yaml'), at('failing.yaml'), '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      passed: 1,
      failed: 1,
      scenarios: [
        { id: 'good', passed: true, seed: 1, expectations: 1, failures: 0 },
        {
          id: 'failing',
          passed: false,
          steps: [{ line: 10, checks: [{ passed: false, details: expect.any(Array) }] }],
        },
      ],
    });
  });

  it('--trace shows every hop', async () => {
    const { out } = await upcall('run', at('good.yaml'), '--trace');
    expect(out).toMatch(/0\.000 ms {2}host1:vm2 +out +arp who has 10\.0\.0\.2, asks 10\.0\.0\.1\n/);
    expect(out).toMatch(/vm1:eth0 +delivered \(.*\) +icmp echo reply/);
  });

  it('--pcap writes a capture for each card and tap where the scenario names none', async () => {
    const target = at('captures');
    await upcall('run', at('good.yaml'), '--pcap', target);
    expect(readdirSync(join(target, 'good')).sort()).toEqual([
      'host1-vm1.pcap',
      'host1-vm2.pcap',
      'vm1-eth0.pcap',
      'vm2-eth0.pcap',
    ]);
  });

  it('--seed decides what is random, and gives the same bytes again', async () => {
    const report = async (seed: string): Promise<string> => (await upcall('run', at('lossy.yaml'), '--seed', seed)).out;
    const [first, again, other] = [await report('1'), await report('1'), await report('2')];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it('--time shows real time only on request', async () => {
    expect((await upcall('run', at('good.yaml'))).out).not.toContain('real time');
    expect((await upcall('run', at('good.yaml'), '--time')).out).toMatch(/\n {2}.* of real time\n/);
  });

  it('a seed that is no number is refused', async () => {
    await expect(upcall('run', at('good.yaml'), '--seed', 'x')).rejects.toThrow('--seed must be a whole number');
  });

  it('a scenario sees its own folder, reads it, and nothing else', async () => {
    const { out, exitCode } = await upcall('run', at('folder.yaml'));
    expect(out).toContain('5 expectations');
    expect(exitCode, out).toBe(0);
    expect(existsSync(at('written.txt'))).toBe(false);
    expect(readFileSync(at('flows.txt'), 'utf8')).toBe('priority=7,actions=drop\n');
  });
});

describe('upcall topo', () => {
  it('builds a network and lets every host ping every other', async () => {
    const { out, exitCode } = await upcall('topo', 'linear,3', '--test', 'pingall');
    expect(exitCode).toBe(0);
    expect(out).toContain('ok    pingall of h1, h2, h3: 6 of 6 pairs as expected, 0% dropped (6/6 received)\n');
    expect(out).toContain('        h1 -> h2 h3\n');
  });

  it('--dump prints the file that it stands for, which runs the same', async () => {
    const { out } = await upcall('topo', 'linear,2', '--latency', '1ms', '--dump');
    expect(parse(out)).toMatchObject({ links: [{ between: ['s1:s1-eth2', 's2:s2-eth2'], latency: '1ms' }] });
    writeFileSync(at('dumped.yaml'), out);
    const dumped = await upcall('run', at('dumped.yaml'));
    const direct = await upcall('topo', 'linear,2', '--latency', '1ms');
    expect(dumped.out.replace('dumped:', 'linear,2:')).toBe(direct.out);
  });

  it('a word that is no topology is refused', async () => {
    await expect(upcall('topo', 'ring,3')).rejects.toThrow('there is no topology "ring"');
  });

  it('a setting that is none is refused', async () => {
    await expect(upcall('topo', 'linear,3', '--loss', 'much')).rejects.toThrow('expected a share such as 1% or 0.1%');
  });
});
