/** Captures through a switch that is known: what is counted, written, warned of and refused. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memorySource, streamSource } from '../../src/capture/byte-source.js';
import { readCapture } from '../../src/capture/capture-reader.js';
import { reportsToJson, reportToJson } from '../../src/replay/capture-report.js';
import { type ReplayEdge, type ReplayOptions, replayCaptures } from '../../src/replay/replay-captures.js';
import type { ReplayPace } from '../../src/replay/replay-loop.js';
import { renderReport, renderTotals } from '../../src/replay/report-text.js';
import { parseSpeed, WallPace } from '../../src/replay/wall-pace.js';
import { PLAIN } from '../../src/report/colour.js';
import { buildPcap, type Frame } from '../capture/build-capture.js';
import { FakeTarget } from './fake-target.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'replay-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const save = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};

/** A frame from one of the hosts 1, 2, 3, …, a millisecond after the one before. */
const frameFrom = (host: number, at: number, size = 60): Frame => ({
  seconds: 1_700_000_000 + Math.floor(at / 1000),
  nanoseconds: (at % 1000) * 1e6,
  bytes: Uint8Array.from({ length: size }, (_, i) => (i === 6 ? 2 : i === 11 ? host : 0)),
});

const HOSTS = [1, 2, 1, 3, 1, 2];
const FRAMES = HOSTS.map((host, i) => frameFrom(host, i));

const fullSpeed: ReplayPace = { wallNs: () => 0, until: () => null, breathe: async () => false };

const run = async (
  captures: readonly string[],
  options: Partial<ReplayOptions> = {},
  edge: Partial<ReplayEdge> = {},
) => {
  const targets: FakeTarget[] = [];
  const reports = await replayCaptures(
    { captures, by: 'src-mac', maxPorts: 100, loops: 1, ...options },
    {
      standardInput: () => memorySource(buildPcap(FRAMES), 'standard input'),
      makeTarget: async ({ portLabels }) => {
        const target = new FakeTarget(portLabels);
        targets.push(target);
        return target;
      },
      makePace: () => fullSpeed,
      onScan: () => {},
      onReport: () => {},
      ...edge,
    },
  );
  return { reports, targets };
};

describe('a replay', () => {
  it('sends each frame by the port of its source, at its time', async () => {
    const path = save('six.pcap', buildPcap(FRAMES));
    const { reports, targets } = await run([path]);
    expect(targets[0]!.received.map(({ port, atNs }) => [port, atNs])).toEqual([
      [1, 1000],
      [2, 1000 + 1e6],
      [1, 1000 + 2e6],
      [3, 1000 + 3e6],
      [1, 1000 + 4e6],
      [2, 1000 + 5e6],
    ]);
    expect(targets[0]!.received.map(({ frame }) => [...frame])).toEqual(FRAMES.map(({ bytes }) => [...bytes]));
    expect(reports[0]).toMatchObject({ format: 'pcap', compressed: false, error: null, warnings: [] });
    expect(reports[0]!.result).toMatchObject({ packets: 6, bytes: 360, virtualNs: 5e6, peakFlows: 2, stopped: false });
    expect(
      reports[0]!.result!.ports.map(({ name, takes, rxPackets, txPackets }) => [name, takes, rxPackets, txPackets]),
    ).toEqual([
      ['p1', '02:00:00:00:00:01', 3, 3],
      ['p2', '02:00:00:00:00:02', 2, 4],
      ['p3', '02:00:00:00:00:03', 1, 5],
    ]);
  });

  it('sends the capture as often as it is told, time going on', async () => {
    const { targets, reports } = await run([save('loops.pcap', buildPcap(FRAMES))], { loops: 3 });
    expect(targets[0]!.received).toHaveLength(18);
    expect(targets[0]!.received[6]!.atNs).toBe(1000 + 6e6);
    expect(reports[0]!.result!.packets).toBe(18);
  });

  it('reads a file in pieces when it is more than memory may hold', async () => {
    const many = Array.from({ length: 300 }, (_, i) => frameFrom(1 + (i % 3), i));
    const path = save('many.pcap', buildPcap(many));
    const { targets } = await run([path], { maxArenaSize: 5000, loops: 2 });
    expect(targets[0]!.received).toHaveLength(600);
    expect(targets[0]!.received.slice(300).map(({ frame }) => frame[11])).toEqual(many.map(({ bytes }) => bytes[11]));
  });

  it('refuses a stream that is more than memory may hold', async () => {
    const { reports } = await run(
      ['-'],
      { maxArenaSize: 100 },
      {
        standardInput: () =>
          streamSource(
            (async function* () {
              yield buildPcap(FRAMES);
            })(),
            'standard input',
          ),
      },
    );
    expect(reports[0]!.error).toMatch(/holds more than the 100 bytes.*save it to a file first/);
  });

  it('samples flows and upcalls over time', async () => {
    const many = Array.from({ length: 1000 }, (_, i) => frameFrom(1, i));
    const { reports } = await run([save('long.pcap', buildPcap(many))]);
    const { samples } = reports[0]!.result!;
    expect(samples.length).toBeGreaterThan(50);
    expect(samples.length).toBeLessThan(70);
    expect(samples[0]).toMatchObject({ timeNs: 0, packets: 0, flows: 0 });
    expect(samples.at(-1)).toMatchObject({ packets: 1000, flows: 2, missed: 2 });
    samples.slice(1).forEach((sample, i) => {
      expect(sample.timeNs).toBeGreaterThanOrEqual(samples[i]!.timeNs);
    });
  });

  it('stops when it is told to', async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => frameFrom(1, i));
    const { reports } = await run(
      [save('stop.pcap', buildPcap(many)), save('never.pcap', buildPcap(FRAMES))],
      {},
      {
        makePace: () => ({ ...fullSpeed, breathe: async () => true }),
      },
    );
    expect(reports).toHaveLength(1);
    expect(reports[0]!.result).toMatchObject({ packets: 4096, stopped: true });
  });
});

describe('what is odd is told', () => {
  it('a cut file: a warning with the offset, whole records replayed, no error', async () => {
    const bytes = buildPcap(FRAMES);
    const { reports } = await run([save('cut.pcap', bytes.subarray(0, bytes.length - 10))]);
    expect(reports[0]).toMatchObject({ error: null });
    expect(reports[0]!.warnings).toEqual([
      'the file is cut: record 6 at byte offset 404 is cut: 66 of its 76 bytes are there; 5 whole records are before it',
    ]);
    expect(reports[0]!.result!.packets).toBe(5);
  });

  it('frames that the snap length cut are replayed as captured, and counted', async () => {
    const { reports, targets } = await run([save('snap.pcap', buildPcap(FRAMES, { snapLength: 20 }))]);
    expect(reports[0]!.counts).toMatchObject({ packets: 6, snapCut: 6, bytes: 120, wireBytes: 360 });
    expect(targets[0]!.received.map(({ frame }) => frame.length)).toEqual([20, 20, 20, 20, 20, 20]);
  });

  it('a link type without Ethernet: counted, refused by name, not replayed', async () => {
    const { reports, targets } = await run([save('ppp.pcap', buildPcap(FRAMES, { linkType: 9 }))]);
    expect(targets).toEqual([]);
    expect(reports[0]!.error).toMatch(/^cannot be replayed: 6 packets of PPP \(link type 9\)/);
    const json = reportToJson(reports[0]!);
    expect(json).toMatchObject({ packets: 6, error: expect.stringContaining('PPP') });
    expect(json).not.toHaveProperty('replay');
  });

  it('records that hold nothing for Ethernet are counted', async () => {
    const { reports } = await run([save('raw.pcap', buildPcap(FRAMES, { linkType: 101 }))]);
    expect(reports[0]!.counts).toMatchObject({ packets: 6, withoutEthernetForm: 6, replayable: 0 });
    expect(reports[0]!.error).toBeNull();
  });

  it('what is no capture does not keep the others from being replayed', async () => {
    const { reports } = await run([
      save('text.pcap', new TextEncoder().encode('hello')),
      join(folder, 'absent.pcap'),
      save('good.pcap.gz', gzipSync(buildPcap(FRAMES))),
    ]);
    expect(reports.map(({ error }) => error)).toEqual([
      expect.stringContaining('is not a capture'),
      expect.stringContaining('there is no such file'),
      null,
    ]);
    expect(reports[2]).toMatchObject({ compressed: true });
    const json = reportsToJson(reports);
    expect(json).toMatchObject({ packets: 6, replayed: 6, error: expect.stringContaining('absent.pcap') });
    expect(json.captures).toHaveLength(3);
  });

  it('a capture of nothing has nothing to replay', async () => {
    const { reports } = await run([save('nothing.pcap', buildPcap([]))]);
    expect(reports[0]).toMatchObject({ error: null, result: null });
    expect(reportToJson(reports[0]!)).toMatchObject({ packets: 0 });
  });
});

describe('files of frames', () => {
  it('a pcap for each port has what left by it, at the times of the capture', async () => {
    const out = join(folder, 'out');
    await run([save('out.pcap', buildPcap(FRAMES))], { out });
    expect(readdirSync(out).sort()).toEqual(['p1.pcap', 'p2.pcap', 'p3.pcap']);
    const records = [];
    for await (const record of await readCapture(join(out, 'p3.pcap'))) records.push(record);
    expect(records.map(({ seconds, nanoseconds, bytes }) => [seconds, nanoseconds, bytes[11]])).toEqual([
      [1_700_000_000, 0, 1],
      [1_700_000_000, 1e6, 2],
      [1_700_000_000, 2e6, 1],
      [1_700_000_000, 4e6, 1],
      [1_700_000_000, 5e6, 2],
    ]);
  });

  it('several captures have a folder each', async () => {
    const out = join(folder, 'outs');
    const path = save('twice.pcap', buildPcap(FRAMES));
    await run([path, path, '-'], { out });
    expect(readdirSync(out).sort()).toEqual(['1-twice.pcap', '2-twice.pcap', '3-standard-input']);
  });

  it('nanoseconds are kept where the capture has them', async () => {
    const out = join(folder, 'ns');
    const frames = FRAMES.map((frame) => ({ ...frame, nanoseconds: frame.nanoseconds + 7 }));
    await run([save('ns.pcap', buildPcap(frames, { resolution: 'ns' }))], { out });
    expect(readFileSync(join(out, 'p1.pcap')).readUInt32LE(0)).toBe(0xa1b23c4d);
  });

  it('the file of drops says of each frame why it died, and where it came in', async () => {
    const drops = join(folder, 'drops.pcapng');
    const short = { ...frameFrom(1, 2), bytes: Uint8Array.of(1, 2, 3) };
    const path = save('short.pcap', buildPcap([FRAMES[0]!, short, FRAMES[5]!]));
    await run([path, path], { drops });
    const reader = await readCapture(drops);
    const records = [];
    for await (const record of reader) records.push(record);
    expect(
      records.map(({ comment, bytes, interfaceId, seconds }) => [comment, [...bytes], interfaceId, seconds]),
    ).toEqual(
      Array.from({ length: 2 }, () => [
        'frame-too-short: The frame is shorter than an Ethernet header.',
        [1, 2, 3],
        0,
        1_700_000_000,
      ]),
    );
    expect(reader.interfaces[0]).toMatchObject({ name: 'p2' });
  });

  it('a folder that cannot be made is an error of the command', async () => {
    const path = save('plain.pcap', buildPcap(FRAMES));
    await expect(run([path], { out: join(path, 'x') })).rejects.toThrow(/cannot be made/);
    await expect(run([path], { drops: join(folder, 'no', 'x.pcapng') })).rejects.toThrow(/cannot be written/);
  });
});

describe('speed', () => {
  it.each([
    ['max', { kind: 'max' }],
    ['real', { kind: 'times', factor: 1 }],
    ['x10', { kind: 'times', factor: 10 }],
    ['x0.5', { kind: 'times', factor: 0.5 }],
    ['x0', null],
    ['x', null],
    ['10', null],
    ['fast', null],
  ])('%s', (text, speed) => {
    expect(parseSpeed(text)).toEqual(speed);
  });

  it('a frame waits until its time has come, times the factor', async () => {
    let now = 5e9;
    const slept: number[] = [];
    const time = {
      nowNs: () => now,
      sleepMs: async (ms: number) => {
        slept.push(ms);
        now += ms * 1e6;
      },
    };
    const pace = new WallPace(
      { kind: 'times', factor: 10 },
      time,
      async () => false,
      () => false,
    );
    expect(pace.until(0)).toBeNull();
    expect(pace.until(5e6)).toBeNull();
    await pace.until(5e9);
    expect(slept.reduce((a, b) => a + b)).toBeCloseTo(500);
    expect(Math.max(...slept)).toBeLessThanOrEqual(200);
    expect(
      new WallPace(
        { kind: 'max' },
        time,
        async () => false,
        () => false,
      ).until(1e12),
    ).toBeNull();
  });
});

describe('the report as text', () => {
  it('has the capture, the switch, the ports, the drops and the flows', async () => {
    const short = { ...frameFrom(1, 6), bytes: Uint8Array.of(1, 2, 3) };
    const path = save('text-report.pcap', buildPcap([...FRAMES, short]));
    const { reports } = await run([path], {}, { makePace: () => ({ ...fullSpeed, wallNs: counter(1e6) }) });
    expect(renderReport(reports[0]!, PLAIN).split('\n')).toEqual([
      path,
      '  format     pcap',
      '  packets    7',
      '  bytes      363 B captured, 363 B on the wire',
      '  duration   6.00 ms',
      '  link type  Ethernet (link type 1): 7',
      '',
      'Through a hub',
      '  packets         7',
      '  microflow hits  5  71.4%',
      '  megaflow hits   0  0.0%',
      '  upcalls         2  28.6%',
      '  lost            0',
      '  flows           2 at the end, 2 at most',
      '  masks           1 at the end, 1 at most',
      '  rate            7.00 kpackets/s, 2.90 Mbit/s in 1.00 ms',
      '',
      'Ports',
      '  port  name  rx packets  rx bytes  tx packets  tx bytes  dropped  takes',
      '     1  p1             3       180           3       180        0  02:00:00:00:00:01',
      '     2  p2             2       120           4       240        0  02:00:00:00:00:02',
      '     3  p3             1        60           5       300        0  02:00:00:00:00:03',
      '     4  p4             1         3           6       360        1  no address',
      '',
      'Drops',
      '  packets  reason           meaning',
      '        1  frame-too-short  The frame is shorter than an Ethernet header.',
      '',
      'Flows over time',
      expect.stringMatching(/^ {2}flows {4} .*█ {2}at most 2$/),
      expect.stringMatching(/^ {2}upcalls {2}.* {2}at most 1 between two looks$/),
      '           0 to 6.00 ms',
      '',
    ]);
  });

  it('shows the busiest of very many ports', async () => {
    const many = Array.from({ length: 50 }, (_, i) => frameFrom(i, i));
    const { reports } = await run([save('fifty.pcap', buildPcap(many))]);
    expect(renderReport(reports[0]!, PLAIN)).toContain('and 30 more ports with less traffic');
  });

  it('totals several captures', async () => {
    const path = save('total.pcap', buildPcap(FRAMES));
    const { reports } = await run([path, path, join(folder, 'absent.pcap')]);
    expect(renderTotals(reports, PLAIN).split('\n')).toEqual([
      'Total',
      '  captures  3, 1 with an error',
      '  packets   12',
      '  replayed  12',
      '  upcalls   4',
      '  lost      0',
      '',
    ]);
  });
});

function counter(step: number): () => number {
  let now = 0;
  return () => (now += step);
}
