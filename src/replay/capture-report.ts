/**
 * What is known of one capture after its replay, and as JSON. The text is in `report-text.ts`.
 *
 * Invariant: every figure was counted by the reader or by the switch; what was not counted is absent, not zero.
 */

import type { CaptureCounts } from './capture-scan.js';
import type { ReplayResult } from './replay-loop.js';

export interface CaptureReport {
  readonly file: string;
  readonly format: 'pcap' | 'pcapng' | undefined;
  readonly compressed: boolean;
  /** Null when the file is no capture. */
  readonly counts: CaptureCounts | null;
  /** Null when nothing could be replayed. */
  readonly result: ReplayResult | null;
  readonly warnings: readonly string[];
  /** Why the exit code is 2, or null. */
  readonly error: string | null;
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [member: string]: Json };

/** One object for one capture; members that say nothing are left out. */
export const reportToJson = (report: CaptureReport): { readonly [member: string]: Json } => {
  const { counts, result } = report;
  return {
    file: report.file,
    ...(report.format === undefined ? {} : { format: report.format, compressed: report.compressed }),
    packets: counts?.packets ?? 0,
    bytes: counts?.bytes ?? 0,
    wireBytes: counts?.wireBytes ?? 0,
    ...(counts === null ? {} : countsToJson(counts)),
    ...(result === null ? {} : { replay: resultToJson(result) }),
    warnings: report.warnings,
    ...(report.error === null ? {} : { error: report.error }),
  };
};

/** One object for several captures: totals, and each. */
export const reportsToJson = (reports: readonly CaptureReport[]): { readonly [member: string]: Json } => {
  const total = (of: (report: CaptureReport) => number | undefined): number =>
    reports.reduce((sum, report) => sum + (of(report) ?? 0), 0);
  const errors = reports.flatMap(({ file, error }) => (error === null ? [] : [`${file}: ${error}`]));
  return {
    packets: total(({ counts }) => counts?.packets),
    bytes: total(({ counts }) => counts?.bytes),
    wireBytes: total(({ counts }) => counts?.wireBytes),
    replayed: total(({ result }) => result?.packets),
    upcalls: total(({ result }) => result?.stats.missed),
    lost: total(({ result }) => result?.stats.lost),
    ...(errors.length === 0 ? {} : { error: errors.join('; ') }),
    captures: reports.map(reportToJson),
  };
};

const countsToJson = (counts: CaptureCounts): { readonly [member: string]: Json } => ({
  snapCut: counts.snapCut,
  linkTypes: counts.linkTypes.map(({ linkType, name, packets, replayable }) => ({
    linkType,
    name,
    packets,
    replayable,
  })),
  withoutEthernetForm: counts.withoutEthernetForm,
  durationSeconds: counts.durationNs / 1e9,
  ...(counts.replayable === 0 ? {} : { longestFrame: counts.longestFrame }),
  clockStepsBack: counts.stepsBack,
  clockJumps: counts.jumps,
});

const resultToJson = (result: ReplayResult): { readonly [member: string]: Json } => ({
  through: result.description,
  loops: result.loops,
  packets: result.packets,
  bytes: result.bytes,
  stopped: result.stopped,
  microflowHits: result.stats.microflowHits,
  megaflowHits: result.stats.megaflowHits,
  upcalls: result.stats.missed,
  lost: result.stats.lost,
  recirculations: result.stats.recirculations,
  subtablesProbed: result.stats.maskHits,
  flows: result.stats.flows,
  masks: result.stats.masks,
  peakFlows: result.peakFlows,
  peakMasks: result.peakMasks,
  drops: Object.fromEntries(result.drops),
  ports: result.ports.map((port) => ({ ...port })),
  flowsOverTime: result.samples.map(({ timeNs, flows, masks, packets, missed }) => ({
    seconds: timeNs / 1e9,
    flows,
    masks,
    packets,
    upcalls: missed,
  })),
  virtualSeconds: result.virtualNs / 1e9,
  wallSeconds: result.wallNs / 1e9,
  packetsPerSecond: result.wallNs === 0 ? null : Math.round(result.packets / (result.wallNs / 1e9)),
  bitsPerSecond: result.wallNs === 0 ? null : Math.round((result.bytes * 8) / (result.wallNs / 1e9)),
});
