/**
 * A progress bar on a terminal, for work that takes over a second. It rewrites one line on standard error, and takes it
 * away at the end, so that nothing of it stays.
 *
 * Invariant: where the stream is no terminal nothing is ever written. Time is handed in, as everywhere.
 */
import { formatCount, formatDuration } from './units.js';

export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const SHOW_AFTER_NS = 1e9;
const REDRAW_NS = 1e8;
const BAR_WIDTH = 24;
const CLEAR_LINE = '\r\u001b[K';

export class Progress {
  private readonly stream: ProgressStream;
  private readonly nowNs: () => number;
  private readonly label: string;
  private readonly unit: string;
  private readonly startedNs: number;
  private drawnNs = Number.NEGATIVE_INFINITY;
  private visible = false;

  /** `unit` names what is counted: `packets`. */
  constructor(stream: ProgressStream, nowNs: () => number, label: string, unit: string) {
    this.stream = stream;
    this.nowNs = nowNs;
    this.label = label;
    this.unit = unit;
    this.startedNs = nowNs();
  }

  /** `total` is undefined where nobody knows it. */
  update(done: number, total: number | undefined): void {
    if (this.stream.isTTY !== true) return;
    const now = this.nowNs();
    if (now - this.startedNs < SHOW_AFTER_NS || now - this.drawnNs < REDRAW_NS) return;
    this.drawnNs = now;
    this.visible = true;
    this.stream.write(CLEAR_LINE + this.line(done, total, now - this.startedNs));
  }

  /** Takes the bar away. */
  finish(): void {
    if (!this.visible) return;
    this.visible = false;
    this.stream.write(CLEAR_LINE);
  }

  private line(done: number, total: number | undefined, elapsedNs: number): string {
    const parts = [this.label];
    if (total !== undefined && total > 0) {
      const share = Math.min(1, done / total);
      const filled = Math.floor(share * BAR_WIDTH);
      parts.push(`${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`, `${Math.floor(share * 100)}%`);
      if (share > 0) parts.push(`${formatDuration((elapsedNs / share) * (1 - share))} left`);
    }
    parts.push(`${formatCount(done)} ${this.unit}`);
    const line = parts.join('  ');
    return line.slice(0, Math.max(20, (this.stream.columns ?? 80) - 1));
  }
}
