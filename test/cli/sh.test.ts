import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { shCommand } from '#src/cli/sh.js';
import { scratchFolder } from '../linux/shell-network.js';

let written: string[];

beforeEach(() => {
  written = [];
  const hear =
    (stream: string) =>
    (bytes: Uint8Array | string): boolean => {
      written.push(`${stream} ${Buffer.from(bytes as Uint8Array).toString()}`);
      return true;
    };
  vi.spyOn(process.stdout, 'write').mockImplementation(hear('out') as typeof process.stdout.write);
  vi.spyOn(process.stderr, 'write').mockImplementation(hear('err') as typeof process.stderr.write);
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

async function sh(options: Readonly<Record<string, unknown>>): Promise<{ written: string[]; exitCode: unknown }> {
  const folder = scratchFolder();
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
  written = [];
  await shCommand.handler({ _: [], $0: 'upcall', errexit: false, xtrace: false, seed: 1, ...options } as never);
  return { written, exitCode: process.exitCode };
}

describe('upcall sh', () => {
  test('both streams in order, the exit code is the last command’s', async () => {
    const { written, exitCode } = await sh({ command: 'echo a; echo b >&2; echo c; (exit 6)' });
    expect(written).toEqual(['out a\n', 'err b\n', 'out c\n']);
    expect(exitCode).toBe(6);
  });

  test('-e ends it at the first failure', async () => {
    expect(await sh({ command: 'false; echo no', errexit: true })).toEqual({ written: [], exitCode: 1 });
  });

  test('a file with arguments', async () => {
    const file = path.join(scratchFolder(), 'script.sh');
    writeFileSync(file, '#!/bin/sh\nfor word in "$@"; do echo "<$word>"; done\n');
    expect((await sh({ file, args: ['a b', 7] })).written).toEqual(['out <a b>\n', 'out <7>\n']);
  });

  test('a file that is not there', async () => {
    await expect(sh({ file: '/nowhere/script.sh' })).rejects.toMatchObject({
      file: '/nowhere/script.sh',
      message: 'cannot be read: there is no such file',
    });
  });

  test('captures lie in the present directory', async () => {
    await sh({
      command: `ovs-vsctl add-br br0 -- set bridge br0 datapath_type=dummy -- add-port br0 p1 \\
        -- set interface p1 type=dummy options:tx_pcap=p1.pcap -- add-port br0 p2 -- set interface p2 type=dummy
        ovs-appctl netdev-dummy/receive p2 ffffffffffff0200000000010800`,
    });
    const capture = readFileSync(path.join(process.cwd(), 'p1.pcap'));
    expect(capture.readUInt32LE(0)).toBe(0xa1b2c3d4);
    expect(capture.length).toBe(24 + 16 + 14);
  });

  test('the same seed gives the same bytes', async () => {
    const command = 'ovs-vsctl add-br br0; ovs-vsctl show; ip link; echo $RANDOM; ovs-vsctl get bridge br0 _uuid';
    const first = await sh({ command });
    expect(await sh({ command })).toEqual(first);
    expect((await sh({ command, seed: 2 })).written).not.toEqual(first.written);
    await expect(sh({ command, seed: 0.5 })).rejects.toThrow('--seed');
  });
});
