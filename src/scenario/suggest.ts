/** Did you mean? The closest of the words that would have been right, by optimal string alignment distance. */

/** Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(substitution, rows[i - 1]![j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/** The closest candidate, or null when none is near enough to be meant. */
export function closestWord(word: string, candidates: Iterable<string>): string | null {
  const wanted = word.toLowerCase();
  // A long word is not worth the quadratic comparison.
  if (wanted.length > 64) return null;
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - wanted.length) >= bestDistance) continue;
    const found = distance(wanted, candidate.toLowerCase());
    if (found < bestDistance) {
      best = candidate;
      bestDistance = found;
    }
  }
  return best;
}

/** `did you mean "x"?`, or the words there are to choose from. */
export function suggestion(word: string, candidates: readonly string[]): string {
  const closest = closestWord(word, candidates);
  if (closest !== null) return `did you mean "${closest}"?`;
  return candidates.length === 0
    ? 'there is none'
    : `there ${candidates.length === 1 ? 'is' : 'are'}: ${candidates.join(', ')}`;
}
