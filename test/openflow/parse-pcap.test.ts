/**
 * ovs-ofctl parse-pcap: captures of both byte orders and resolutions, cooked frames, and files that are no captures or
 * are cut. Against the real tool wherever it is installed; the frames are random and cut anywhere.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runOfctl } from '#src/openflow/ofctl/ofctl.js';
import type { CommandOutput } from '#src/report/command-output.js';
import { SeededRng } from '#src/sim/rng.js';
import { allFrames } from '../support/frame-samples.js';
import { requireOracle } from '../support/ovs-oracle.js';

const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
const ETHERNET = 1;
const SLL = 113;

interface Form {
  readonly magic?: number;
  readonly littleEndian?: boolean;
  readonly linkType?: number;
}

/** A capture of frames; a number stands for a record that claims so many bytes and has none. */
function capture(
  frames: readonly (Uint8Array | number)[],
  { magic = MICROSECONDS, littleEndian = true, linkType = ETHERNET }: Form = {},
): Uint8Array {
  const words = (...values: readonly number[]): Uint8Array => {
    const view = new DataView(new ArrayBuffer(4 * values.length));
    values.forEach((value, i) => {
      view.setUint32(4 * i, value, littleEndian);
    });
    return new Uint8Array(view.buffer);
  };
  const parts = [words(magic, littleEndian ? 0x0004_0002 : 0x0002_0004, 0, 0, 65_535, linkType)];
  for (const frame of frames) {
    const size = typeof frame === 'number' ? frame : frame.length;
    parts.push(words(1, 2, size, size));
    if (typeof frame !== 'number') parts.push(frame);
  }
  return Buffer.concat(parts);
}

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

const TCP = bytes(
  '020000000001020000000002080045000028000100004006000001020304050607080050005000000000000000005002000000000000',
);
const COOKED = Buffer.concat([bytes('0000000100060200000000070000'), TCP.subarray(12)]);
const STRANGE_ADDRESS = Buffer.concat([bytes('0000000100080200000000070000'), TCP.subarray(12)]);
const TCP_TEXT =
  'nw_src=1.2.3.4,nw_dst=5.6.7.8,nw_tos=0,nw_ecn=0,nw_ttl=64,nw_frag=no,tp_src=80,tp_dst=80,tcp_flags=syn\n';
const TCP_LINE = `tcp,in_port=ANY,vlan_tci=0x0000,dl_src=02:00:00:00:00:02,dl_dst=02:00:00:00:00:01,${TCP_TEXT}`;
const COOKED_LINE = `tcp,in_port=ANY,vlan_tci=0x0000,dl_src=02:00:00:00:00:07,dl_dst=00:00:00:00:00:00,${TCP_TEXT}`;

const whole = capture([TCP, TCP]);

const FILES: Readonly<Record<string, Uint8Array>> = {
  two: whole,
  big: capture([TCP], { littleEndian: false }),
  nano: capture([TCP], { magic: NANOSECONDS }),
  bignano: capture([TCP], { magic: NANOSECONDS, littleEndian: false }),
  cooked: capture([COOKED], { linkType: SLL }),
  strange: capture([COOKED, STRANGE_ADDRESS, COOKED], { linkType: SLL }),
  shortcooked: capture([COOKED.subarray(0, 15)], { linkType: SLL }),
  raw: capture([TCP.subarray(14)], { linkType: 101 }),
  cutheader: whole.subarray(0, 24 + 16 + TCP.length + 9),
  cutframe: whole.subarray(0, whole.length - 1),
  long: capture([TCP, 70_000]),
  none: capture([TCP, new Uint8Array(), TCP]),
  empty: new Uint8Array(),
  text: bytes('68656c6c6f0a'),
  zeros: new Uint8Array(40),
};

const HEX_DUMP = '00000000  00 00 00 01 00 08 02 00-00 00 00 07 00 00 08 00\n';

/** What the real tool says, recorded. */
const RECORDED: readonly (readonly [
  what: string,
  files: readonly string[],
  stdout: string,
  stderr: string,
  exit: number,
])[] = [
  ['each frame', ['two'], TCP_LINE + TCP_LINE, '', 0],
  ['any byte order and resolution', ['big', 'nano', 'bignano'], TCP_LINE.repeat(3), '', 0],
  ['cooked frames', ['cooked'], COOKED_LINE, '', 0],
  [
    'addresses that are not Ethernet',
    ['strange'],
    COOKED_LINE + HEX_DUMP,
    'pcap|WARN|bad SLL header\novs-ofctl: strange: read failed (Protocol error)\n',
    71,
  ],
  [
    'another link type',
    ['raw'],
    '',
    'pcap|WARN|unknown network type 101 reading pcap file\novs-ofctl: raw: open failed (Protocol error)\n',
    71,
  ],
  ['a file that ends within a header', ['cutheader'], TCP_LINE, '', 0],
  ['a file that ends within a frame', ['cutframe'], TCP_LINE, 'pcap|WARN|failed to read pcap packet: End of file\n', 0],
  [
    'an impossible size',
    ['long'],
    TCP_LINE,
    'pcap|WARN|bad packet length 1880162560 or 70000 reading pcap file\novs-ofctl: long: read failed (Protocol error)\n',
    71,
  ],
  [
    'no capture',
    ['zeros'],
    '',
    'pcap|WARN|bad magic 0x00000000 reading pcap file ' +
      '(expected 0xa1b2c3d4, 0xa1b23c4d, 0xd4c3b2a1, or 0x4d3cb2a1)\n' +
      'ovs-ofctl: zeros: open failed (Protocol error)\n',
    71,
  ],
  [
    'no file, and one that is none',
    ['absent', 'two', 'text'],
    TCP_LINE + TCP_LINE,
    'pcap|WARN|absent: failed to open pcap file for reading (No such file or directory)\n' +
      'ovs-ofctl: absent: open failed (No such file or directory)\n' +
      'pcap|WARN|failed to read pcap header: End of file\novs-ofctl: text: open failed (End of file)\n',
    255,
  ],
];

/** Without the time and number of a line of the log. */
const plain = (text: string): string => text.replace(/^\d{4}-\S+\|\d{5}\|/gm, '');

describe('ovs-ofctl parse-pcap', () => {
  const ours = (files: readonly string[], read: (path: string) => Uint8Array): Promise<CommandOutput> =>
    runOfctl(['parse-pcap', ...files], {
      connection: () => undefined,
      readFile: async (path) => read(path),
      stdin: '',
    });
  const fromTable = (path: string): Uint8Array => {
    const file = FILES[path];
    if (file === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
    return file;
  };

  test.each(RECORDED)('%s', async (_, files, stdout, stderr, exitCode) => {
    const output = await ours(files, fromTable);
    expect({ ...output, stderr: plain(output.stderr) }).toEqual({ stdout, stderr, exitCode });
  });

  test('numbers its warnings', async () => {
    const { stderr } = await ours(['text', 'zeros'], fromTable);
    expect(stderr.match(/\|0000\d\|/g)).toEqual(['|00001|', '|00002|']);
  });

  describe.skipIf(!requireOracle())('as the real one', () => {
    let folder = '';
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'pcap-'));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test.each([...Object.keys(FILES).map((name) => [name]), ['absent'], ['.']])('of %s', async (name) => {
      if (FILES[name] !== undefined) writeFileSync(join(folder, name), FILES[name]);
      const real = spawnSync('ovs-ofctl', ['parse-pcap', name], { cwd: folder, encoding: 'utf8' });
      const output = await ours([name], (path) => readFileSync(join(folder, path)));
      expect({ ...output, stderr: plain(output.stderr) }).toEqual({
        stdout: real.stdout,
        stderr: plain(real.stderr),
        exitCode: real.status,
      });
    });

    test('of random frames', async () => {
      const rng = new SeededRng(Number(process.env.OVS_SEED ?? 5));
      const samples = allFrames().map(({ frame }) => frame);
      const frames = Array.from({ length: Number(process.env.OVS_CASES ?? 3000) }, () => {
        const frame = samples[rng.nextBelow(samples.length)]!.slice();
        for (let changes = rng.nextBelow(4); changes > 0; changes--) {
          frame[12 + rng.nextBelow(frame.length - 12)] = rng.nextBelow(256);
        }
        return frame.subarray(0, rng.nextBelow(3) === 0 ? 1 + rng.nextBelow(frame.length) : frame.length);
      });
      const path = join(folder, 'random');
      writeFileSync(path, capture(frames));
      const real = execFileSync('ovs-ofctl', ['parse-pcap', path], { encoding: 'utf8', maxBuffer: 1 << 28 });
      const theirs = real.split('\n');
      const mine = (await ours([path], (file) => readFileSync(file))).stdout.split('\n');
      expect(mine.length).toBe(theirs.length);
      const differing = mine.flatMap((line, i) =>
        line === theirs[i] ? [] : [{ ours: line, real: theirs[i], frame: Buffer.from(frames[i]!).toString('hex') }],
      );
      expect(differing.slice(0, 5)).toEqual([]);
    });
  });
});
