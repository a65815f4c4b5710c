/**
 * Files of what became of the frames: a pcap of what left by each port (`--out`), and a pcapng of what was dropped, the
 * reason as each frame's comment (`--drops`). They are written while the replay runs, with the capture's own times.
 *
 * Invariant: a frame is in the files exactly as it left, or as it was when it died; nothing is fixed up.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FrameObserver } from '#datapath/dpif.js';
import { DROP_REASONS, type DropReason } from '#datapath/drop-reason.js';
import { AppendSink, FileSink } from '../capture/byte-sink.js';
import { PcapWriter } from '../capture/pcap-writer.js';
import { PcapngWriter } from '../capture/pcapng-writer.js';
import { fileError } from '../report/file-error.js';
import { UserError } from '../report/user-error.js';
import type { CaptureCounts } from './capture-scan.js';
import type { ReplayTarget } from './replay-target.js';

/** Turns virtual time back into the time that the capture gives. */
const captureClock = (counts: CaptureCounts, target: ReplayTarget): (() => [seconds: number, nanoseconds: number]) => {
  const startNs = target.nowNs();
  return () => {
    const ns = counts.originNanoseconds + target.nowNs() - startNs;
    const seconds = Math.floor(ns / 1e9);
    return [counts.originSeconds + seconds, ns - seconds * 1e9];
  };
};

/** The name of a port as the name of a file. */
const fileNameOf = (port: string): string => port.replace(/[^A-Za-z0-9._-]/g, '_');

/** One pcap for each port of the datapath, in a folder. */
class PortCaptures {
  private readonly files = new Map<number, { readonly sink: AppendSink; readonly writer: PcapWriter }>();

  constructor(folder: string, counts: CaptureCounts, target: ReplayTarget) {
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      throw fileError('made', folder, error);
    }
    for (const { port, name } of target.ports()) {
      const sink = new AppendSink(join(folder, `${fileNameOf(name)}.pcap`));
      const writer = new PcapWriter(sink, { resolution: counts.hasNanoseconds ? 'ns' : 'us' });
      this.files.set(port, { sink, writer });
    }
  }

  write(port: number, seconds: number, nanoseconds: number, frame: Uint8Array): void {
    this.files.get(port)?.writer.write(seconds, nanoseconds, frame);
  }

  close(): void {
    for (const { sink } of this.files.values()) sink.flush();
  }
}

/** The file of dropped frames. It outlives one capture: each capture's ports are interfaces of their own. */
export class DropCapture {
  private readonly sink: FileSink;
  private readonly writer: PcapngWriter;
  private readonly interfaces = new Map<string, number>();
  count = 0;

  constructor(path: string) {
    this.sink = new FileSink(path);
    this.writer = new PcapngWriter(this.sink);
  }

  write(port: string, seconds: number, nanoseconds: number, reason: DropReason, frame: Uint8Array): void {
    let id = this.interfaces.get(port);
    if (id === undefined) {
      id = this.writer.addInterface(port);
      this.interfaces.set(port, id);
    }
    this.writer.write(id, seconds, nanoseconds, frame, { comment: `${reason}: ${DROP_REASONS[reason]}` });
    this.count++;
  }

  close(): void {
    this.sink.close();
  }
}

export interface FrameOutputs {
  /** Folder of the ports' captures. */
  readonly out?: string | undefined;
  readonly drops?: DropCapture | undefined;
}

/** Begins writing what leaves the target and dies in it; returns the way to end it. */
export const observeFrames = (target: ReplayTarget, counts: CaptureCounts, outputs: FrameOutputs): (() => void) => {
  const { out, drops } = outputs;
  if (out === undefined && drops === undefined) return () => {};
  const now = captureClock(counts, target);
  const names = new Map(target.ports().map(({ port, name }) => [port, name]));
  const ports = out === undefined ? null : new PortCaptures(out, counts, target);
  const observer: FrameObserver = {
    transmitted(port, frame) {
      if (ports === null) return;
      const [seconds, nanoseconds] = now();
      ports.write(port, seconds, nanoseconds, frame);
    },
    dropped(reason, inPort, frame) {
      if (drops === undefined) return;
      const [seconds, nanoseconds] = now();
      drops.write(names.get(inPort) ?? `port ${inPort}`, seconds, nanoseconds, reason, frame);
    },
  };
  if (!target.observe(observer)) {
    throw new UserError('frames cannot be written: the datapath does not tell what it sends and drops');
  }
  return () => {
    target.observe(null);
    ports?.close();
  };
};
