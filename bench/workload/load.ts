/**
 * Recorded traffic read into memory, ready to be sent: our own reader, as `upcall replay` has it, beside the package
 * pcap-parser, which hands out objects and keeps nothing. The file lies in the page cache.
 */
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pcapParser from 'pcap-parser';
import { fileSource } from '#src/capture/byte-source.js';
import { readCaptureFrom } from '#src/capture/capture-reader.js';
import { loadCapture } from '#src/capture/load-capture.js';
import { makeFrames } from '../frames.js';
import { pcapOf } from '../pcap-of-frames.js';
import { Stopwatch } from '../stopwatch.js';
import { OWN_FRAMES, type Round, SelfCheckError, type Workload, type WorkloadKind } from './workload.js';

/** Counts the packets of a file. */
type Reader = (path: string) => Promise<number>;

const READERS: Readonly<Record<string, Reader>> = {
  upcall: async (path) => (await loadCapture(readCaptureFrom(await fileSource(path)))).frames.count,
  'pcap-parser': (path) =>
    new Promise((resolve, reject) => {
      let packets = 0;
      const parser = pcapParser.parse(createReadStream(path));
      parser.on('packet', () => {
        packets++;
      });
      parser.on('error', reject);
      parser.on('end', () => resolve(packets));
    }),
};

export function loadWorkload(name: string, packetCount: number): WorkloadKind {
  return {
    name,
    summary: `${packetCount.toLocaleString('en-US')} packets of a pcap file into memory, beside the package pcap-parser`,
    frames: OWN_FRAMES,
    prepare: () => {
      const folder = mkdtempSync(join(tmpdir(), 'upcall-bench-'));
      process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
      const path = join(folder, 'load.pcap');
      const frames = makeFrames({ kind: 'udp', flowCount: packetCount, port: 1 });
      writeFileSync(path, pcapOf(frames));
      return Object.entries(READERS).map(
        ([reader, read]) => new Loading(`${name}/${reader}`, path, frames.count, read),
      );
    },
  };
}

class Loading implements Workload {
  readonly name: string;
  readonly unit = 'packet';
  readonly settings;
  readonly setSize: number;
  readonly roundLimit: number;
  readonly step: number;
  readonly figures = {};
  readonly peer = null;
  private readonly path: string;
  private readonly read: Reader;

  constructor(name: string, path: string, packetCount: number, read: Reader) {
    this.name = name;
    this.path = path;
    this.read = read;
    this.settings = { packets: packetCount };
    this.setSize = packetCount;
    this.roundLimit = packetCount;
    this.step = packetCount;
  }

  warmUp(): Promise<Round> {
    return this.round();
  }

  async round(): Promise<Round> {
    const stopwatch = new Stopwatch();
    const packets = await this.read(this.path);
    const timing = stopwatch.stop();
    if (packets !== this.setSize) throw new SelfCheckError(this.name, [`packets is ${packets}, not ${this.setSize}`]);
    return { ...timing, counts: { packets } };
  }
}
