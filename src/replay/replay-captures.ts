/**
 * Replays one capture after the other, each through a fresh switch, so that one does not see what another taught. What
 * goes wrong with one is in its report; the others go on.
 */
import { basename, join } from 'node:path';
import { type ByteSource, fileSource } from '../capture/byte-source.js';
import { type CaptureReader, readCaptureFrom } from '../capture/capture-reader.js';
import { UserError } from '../report/user-error.js';
import type { CaptureReport } from './capture-report.js';
import { type CaptureCounts, scanCapture } from './capture-scan.js';
import { DropCapture, observeFrames } from './frame-output.js';
import { type ReplayPace, type ReplayResult, replayCapture } from './replay-loop.js';
import type { ReplayTarget } from './replay-target.js';
import { Spread, type SpreadBy } from './spread.js';

export interface ReplayOptions {
  /** Paths, or `-` for standard input. */
  readonly captures: readonly string[];
  readonly by: SpreadBy;
  /** The most ports that frames are spread over. */
  readonly maxPorts: number;
  readonly loops: number;
  /** Folder for a pcap of each port; a folder of its own for each capture where there are several. */
  readonly out?: string | undefined;
  /** File for what is dropped. */
  readonly drops?: string | undefined;
  /** The most bytes of frames that are kept in memory. */
  readonly maxArenaSize?: number;
}

/** What a switch must be like to take the frames of one capture. */
export interface TargetWish {
  /** What comes in by each port. */
  readonly portLabels: readonly string[];
  /** The longest frame. */
  readonly longestFrame: number;
}

export interface ReplayEdge {
  readonly standardInput: () => ByteSource;
  readonly makeTarget: (wish: TargetWish) => Promise<ReplayTarget>;
  /** One for each capture. */
  readonly makePace: (total: number) => ReplayPace;
  /** Told while a capture is scanned. */
  readonly onScan: (reader: CaptureReader, packets: number) => void;
  /** Told after each capture. */
  readonly onReport: (report: CaptureReport) => void;
}

const DEFAULT_MAX_ARENA_SIZE = 1024 ** 3;

export const replayCaptures = async (options: ReplayOptions, edge: ReplayEdge): Promise<readonly CaptureReport[]> => {
  const dropCapture = options.drops === undefined ? undefined : new DropCapture(options.drops);
  const reports: CaptureReport[] = [];
  try {
    for (const [i, capture] of options.captures.entries()) {
      const out = options.out === undefined ? undefined : folderFor(options.out, options.captures, i);
      const report = await replayOne(capture, options, edge, out, dropCapture);
      reports.push(report);
      edge.onReport(report);
      if (report.result?.stopped === true) break;
    }
  } finally {
    dropCapture?.close();
  }
  return reports;
};

/** `DIR` for one capture, `DIR/1-name` for each of several. */
const folderFor = (out: string, captures: readonly string[], index: number): string =>
  captures.length === 1
    ? out
    : join(out, `${index + 1}-${captures[index] === '-' ? 'standard-input' : basename(captures[index]!)}`);

const replayOne = async (
  capture: string,
  options: ReplayOptions,
  edge: ReplayEdge,
  out: string | undefined,
  drops: DropCapture | undefined,
): Promise<CaptureReport> => {
  let reader: CaptureReader | null = null;
  const spread = new Spread(options.by, options.maxPorts);
  try {
    const isStream = capture === '-';
    const source = isStream ? edge.standardInput() : await fileSource(capture);
    reader = readCaptureFrom(source, isStream ? { classicReader: 'pcap-parser' } : {});
    const scanned = await scanCapture(reader, {
      spread,
      maxArenaSize: options.maxArenaSize ?? DEFAULT_MAX_ARENA_SIZE,
      onProgress: edge.onScan,
    });
    const { counts } = scanned;
    let result: ReplayResult | null = null;
    const warnings = warningsOf(reader, counts);
    if (counts.replayable > 0) {
      const target = await edge.makeTarget({ portLabels: spread.portLabels(), longestFrame: counts.longestFrame });
      const stopObserving = observeFrames(target, counts, { out, drops });
      try {
        result = await replayCapture(scanned, target, options.loops, edge.makePace(counts.replayable * options.loops));
        warnings.push(...(await target.finish()));
      } finally {
        stopObserving();
      }
    }
    return {
      file: reader.name,
      format: reader.format,
      compressed: reader.compressed,
      counts,
      result,
      warnings,
      error: refusalOf(counts),
    };
  } catch (error) {
    // A capture that cannot be read is told of and the next one tried; all else is a fault of the command as a whole.
    if (!(error instanceof UserError) || error.file !== (reader?.name ?? capture)) throw error;
    return {
      file: reader?.name ?? capture,
      format: undefined,
      compressed: false,
      counts: null,
      result: null,
      warnings: [],
      error: error.hint === undefined ? error.message : `${error.message} (${error.hint})`,
    };
  }
};

const warningsOf = (reader: CaptureReader, counts: CaptureCounts): string[] => {
  const warnings: string[] = [];
  if (reader.damage !== null) {
    const what = reader.damage.kind === 'cut' ? 'the file is cut' : 'the file is damaged';
    warnings.push(`${what}: ${reader.damage.message}; ${wholeRecords(counts.packets)} before it`);
  }
  if (counts.jumps > 0) {
    warnings.push(
      `its times leap ${counts.jumps === 1 ? 'once' : `${counts.jumps} times`} (over an hour ahead, or over a second back): the replay goes on without the leap`,
    );
  }
  return warnings;
};

const wholeRecords = (count: number): string => (count === 1 ? '1 whole record is' : `${count} whole records are`);

/** Why the exit code is 2 although the file is a capture. */
const refusalOf = (counts: CaptureCounts): string | null => {
  const refused = counts.linkTypes.filter((linkType) => !linkType.replayable);
  if (refused.length === 0) return null;
  const names = refused.map(({ name, packets }) => `${packets} ${packets === 1 ? 'packet' : 'packets'} of ${name}`);
  return `cannot be replayed: ${names.join(', ')} (Ethernet, raw IP, Linux cooked and BSD loopback can)`;
};
