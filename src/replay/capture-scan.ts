/**
 * A capture made ready to be replayed: all of its records read once and counted, the ports they need known, and the
 * frames laid out for the loop that sends them. What fits in memory is kept; a longer file is read a second time in
 * windows, while it is replayed.
 *
 * Invariant: every whole record of the file is counted in exactly one place: replayable, of a refused link type, or
 * without an Ethernet form.
 */
import { CaptureArena } from '../capture/capture-arena.js';
import type { CaptureReader } from '../capture/capture-reader.js';
import type { CaptureRecord } from '../capture/capture-record.js';
import { hasEthernetForm, toEthernetFrame } from '../capture/ethernet-frame.js';
import { describeLinkType } from '../capture/link-type.js';
import { UserError } from '../report/user-error.js';
import { CaptureTime } from './capture-time.js';
import type { Spread } from './spread.js';

export interface LinkTypeCount {
  readonly linkType: number;
  /** `PPP (link type 9)` */
  readonly name: string;
  readonly packets: number;
  readonly replayable: boolean;
}

export interface CaptureCounts {
  /** Whole records, of whatever kind. */
  readonly packets: number;
  /** Bytes of them that are in the file. */
  readonly bytes: number;
  /** Bytes of them that were on the wire. */
  readonly wireBytes: number;
  /** Records that the snap length cut. */
  readonly snapCut: number;
  readonly linkTypes: readonly LinkTypeCount[];
  /** Records of link types that can be replayed which hold nothing that Ethernet can carry. */
  readonly withoutEthernetForm: number;
  /** Frames that can be replayed, and the longest of them. */
  readonly replayable: number;
  readonly longestFrame: number;
  /** Virtual time from the first record to the last. */
  readonly durationNs: number;
  readonly originSeconds: number;
  readonly originNanoseconds: number;
  /** True when a time has more than microseconds. */
  readonly hasNanoseconds: boolean;
  readonly stepsBack: number;
  readonly jumps: number;
}

export interface ScanOptions {
  readonly spread: Spread;
  /** The most bytes of frames that are kept in memory. */
  readonly maxArenaSize: number;
  /** Told after every chunk. */
  readonly onProgress?: (reader: CaptureReader, packets: number) => void;
}

const WINDOW_SIZE = 64 * 1024 * 1024;

export class ScannedCapture {
  readonly counts: CaptureCounts;
  private readonly reader: CaptureReader;
  private readonly spread: Spread;
  /** All frames, or null when they are more than memory may hold. */
  private readonly arena: CaptureArena | null;

  constructor(reader: CaptureReader, spread: Spread, counts: CaptureCounts, arena: CaptureArena | null) {
    this.reader = reader;
    this.spread = spread;
    this.counts = counts;
    this.arena = arena;
  }

  /** The frames in order, in one piece or several; a frame's tag is its port's index. A piece is valid until the next. */
  async *windows(): AsyncGenerator<CaptureArena> {
    if (this.arena !== null) {
      yield this.arena;
      return;
    }
    const window = new CaptureArena(WINDOW_SIZE);
    const time = new CaptureTime();
    for await (const batch of this.reader.batches()) {
      for (const record of batch) {
        const timeNs = time.next(record.seconds, record.nanoseconds);
        const frame = toEthernetFrame(record.linkType, record.bytes);
        if (frame === null) continue;
        const tag = this.spread.indexOf(frame);
        if (window.add(frame, record.originalLength, timeNs, tag)) continue;
        yield window;
        window.clear();
        window.add(frame, record.originalLength, timeNs, tag);
      }
    }
    if (window.count > 0) yield window;
  }
}

export const scanCapture = async (reader: CaptureReader, options: ScanOptions): Promise<ScannedCapture> => {
  const tally = new Tally();
  let arena: CaptureArena | null = new CaptureArena(options.maxArenaSize);
  for await (const batch of reader.batches()) {
    for (const record of batch) {
      const timeNs = tally.time.next(record.seconds, record.nanoseconds);
      tally.lastNs = timeNs;
      const frame = tally.count(record);
      if (frame === null) continue;
      const tag = options.spread.indexOf(frame);
      if (arena === null || arena.add(frame, record.originalLength, timeNs, tag)) continue;
      if (!reader.repeatable) {
        throw new UserError(`holds more than the ${options.maxArenaSize} bytes that are kept of a stream`, {
          file: reader.name,
          hint: 'save it to a file first: a file is read in pieces',
        });
      }
      arena = null;
    }
    options.onProgress?.(reader, tally.packets);
  }
  return new ScannedCapture(reader, options.spread, tally.counts(), arena);
};

/** The counts while they grow. */
class Tally {
  readonly time = new CaptureTime();
  packets = 0;
  lastNs = 0;
  private bytes = 0;
  private wireBytes = 0;
  private snapCut = 0;
  private withoutEthernetForm = 0;
  private replayable = 0;
  private longestFrame = 0;
  private hasNanoseconds = false;
  private readonly linkTypes = new Map<number, number>();

  /** Counts a record; its frame, or null when it has none. */
  count(record: CaptureRecord): Uint8Array | null {
    this.packets++;
    this.bytes += record.capturedLength;
    this.wireBytes += record.originalLength;
    if (record.capturedLength < record.originalLength) this.snapCut++;
    if (record.nanoseconds % 1000 !== 0) this.hasNanoseconds = true;
    this.linkTypes.set(record.linkType, (this.linkTypes.get(record.linkType) ?? 0) + 1);
    if (!hasEthernetForm(record.linkType)) return null;
    const frame = toEthernetFrame(record.linkType, record.bytes);
    if (frame === null) {
      this.withoutEthernetForm++;
      return null;
    }
    this.replayable++;
    if (frame.length > this.longestFrame) this.longestFrame = frame.length;
    return frame;
  }

  counts(): CaptureCounts {
    return {
      packets: this.packets,
      bytes: this.bytes,
      wireBytes: this.wireBytes,
      snapCut: this.snapCut,
      linkTypes: [...this.linkTypes].map(([linkType, packets]) => ({
        linkType,
        name: describeLinkType(linkType),
        packets,
        replayable: hasEthernetForm(linkType),
      })),
      withoutEthernetForm: this.withoutEthernetForm,
      replayable: this.replayable,
      longestFrame: this.longestFrame,
      durationNs: this.lastNs,
      originSeconds: this.time.originSeconds,
      originNanoseconds: this.time.originNanoseconds,
      hasNanoseconds: this.hasNanoseconds,
      stepsBack: this.time.stepsBack,
      jumps: this.time.jumps,
    };
  }
}
