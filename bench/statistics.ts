/** What is said of repeated measurements: the median, and how far they spread. */

export interface Spread {
  readonly min: number;
  readonly p25: number;
  readonly p75: number;
  readonly max: number;
}

/** The value below which a share of the sorted samples lies, between neighbours by their distance. */
export function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) throw new Error('a quantile of nothing');
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (position - below);
}

export function summarize(samples: readonly number[]): { readonly median: number; readonly spread: Spread } {
  const sorted = [...samples].sort((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    spread: {
      min: sorted[0]!,
      p25: quantile(sorted, 0.25),
      p75: quantile(sorted, 0.75),
      max: sorted.at(-1)!,
    },
  };
}
