/** `upcall replay` as a user types it: what it prints where, and its exit codes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import yargs from 'yargs';
import { replayCommand } from '../../src/cli/replay.js';
import { buildPcap } from '../capture/build-capture.js';
import { eth } from '../support/packet-builder.js';

let folder = '';
let capture = '';
let cut = '';
let ppp = '';
let text = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'command-'));
  const save = (name: string, bytes: Uint8Array): string => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  const hosts = [1, 2, 3, 1, 2, 1].map((host) => `02:00:00:00:00:0${host}`);
  const frames = hosts.map((host, i) => ({
    seconds: 1_700_000_000,
    nanoseconds: i * 1e6,
    bytes: eth(host, hosts[(i + 1) % hosts.length]!)
      .ipv4('10.0.0.1', '10.0.0.2')
      .udp(1, 2)
      .payload(20)
      .bytes(),
  }));
  const bytes = buildPcap(frames);
  capture = save('web.pcap', bytes);
  cut = save('cut.pcap', bytes.subarray(0, bytes.length - 5));
  ppp = save('ppp.pcap', buildPcap(frames, { linkType: 9 }));
  text = save('notes.txt', new TextEncoder().encode('not a capture'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = async (...args: readonly string[]) => {
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
    await yargs(['replay', ...args])
      .scriptName('upcall')
      .strict()
      .exitProcess(false)
      .command(replayCommand)
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

describe('upcall replay', () => {
  it('prints a report, and nothing else', async () => {
    const { out, err, exitCode } = await run(capture);
    expect(exitCode).toBe(0);
    expect(err).toBe('');
    expect(out).toContain('Through a learning switch with 3 ports');
    expect(out).toContain('02:00:00:00:00:01');
  });

  it('--json is one object', async () => {
    const { out, exitCode } = await run(capture, '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      file: capture,
      packets: 6,
      replay: { packets: 6, lost: 0, ports: [{ name: 'p1' }, { name: 'p2' }, { name: 'p3' }, { name: 'br0' }] },
      warnings: [],
    });
  });

  it('--json of several has totals and each', async () => {
    const { out, exitCode } = await run(capture, cut, '--json');
    expect(exitCode).toBe(0);
    const report = JSON.parse(out);
    expect(report).toMatchObject({ packets: 11, captures: [{ packets: 6 }, { packets: 5 }] });
    expect(report).not.toHaveProperty('error');
  });

  it('a cut file: a warning on standard error, exit code 0', async () => {
    const { err, exitCode } = await run(cut);
    expect(exitCode).toBe(0);
    expect(err).toMatch(/^.*cut\.pcap: warning: the file is cut: record 6 at byte offset \d+ is cut/);
  });

  it('a refused link type: the packets counted, the error named, exit code 2', async () => {
    const { out, err, exitCode } = await run(ppp, '--json');
    expect(exitCode).toBe(2);
    expect(err).toMatch(/error: cannot be replayed: 6 packets of PPP/);
    expect(JSON.parse(out)).toMatchObject({ packets: 6, error: expect.stringContaining('PPP') });
  });

  it('no capture at all: exit code 2', async () => {
    const { out, err, exitCode } = await run(text);
    expect([out, exitCode]).toEqual(['', 2]);
    expect(err).toMatch(/notes\.txt: error: is not a capture/);
  });

  it('one of several that is no capture: the others are replayed, exit code 2', async () => {
    const { out, exitCode } = await run(text, capture);
    expect(exitCode).toBe(2);
    expect(out).toContain('Through a learning switch');
    expect(out).toContain('2, 1 with an error');
  });

  it('the same capture and seed give the same report, real time aside', async () => {
    const timeless = (out: string) => {
      const { replay, ...rest } = JSON.parse(out);
      const { wallSeconds, packetsPerSecond, bitsPerSecond, ...counted } = replay;
      expect([wallSeconds, packetsPerSecond, bitsPerSecond].every((value) => value > 0)).toBe(true);
      return { ...rest, counted };
    };
    const first = await run(capture, '--json', '--loops', '3');
    const second = await run(capture, '--json', '--loops', '3');
    expect(timeless(first.out)).toEqual(timeless(second.out));
  });

  it.each([
    ['no capture', [], /needs a capture/],
    ['an option that there is not', ['x.pcap', '--jsn'], /Unknown argument: jsn/],
    ['a speed that is none', ['x.pcap', '--speed', 'fast'], /--speed fast is not a speed/],
    ['no loops', ['x.pcap', '--loops', '0'], /--loops must be a whole number/],
    ['half a loop', ['x.pcap', '--loops', '1.5'], /--loops must be a whole number/],
    ['too many ports', ['x.pcap', '--ports', '99999'], /--ports must be a whole number from 1 to 16384/],
    ['a key that there is not', ['x.pcap', '--by', 'colour'], /Invalid values/],
    ['a key and one port', ['x.pcap', '--by', 'vlan', '--in-port', 'a'], /mutually exclusive/],
  ])('refuses %s', async (_what, args, message) => {
    await expect(run(...args)).rejects.toThrow(message);
  });
});
