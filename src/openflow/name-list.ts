/**
 * Lists of names made short: `eth_{src,dst,type}` for a prefix that ends in `_`, `reg0...reg15` for numbers in a row.
 * Mirrors print_names() of lib/ofp-table.c.
 */

/** Are the names the same but for a number that is one more in the second? */
function areSequential(a: string, b: string): boolean {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  const [first, second] = [a.slice(i), b.slice(i)];
  return /^\d{1,9}$/.test(first) && /^\d{1,9}$/.test(second) && Number(first) + 1 === Number(second);
}

/** How many names at the beginning are in sequence; two are no run. */
function sequentialRun(names: readonly string[]): number {
  let run = 1;
  while (run < names.length && areSequential(names[run - 1]!, names[run]!)) run++;
  return run === 2 ? 1 : run;
}

/** Of the longest common prefix that ends in `_`. */
function commonPrefixSize(a: string, b: string): number {
  let size = 0;
  for (let i = 0; i < a.length && a[i] === b[i]; i++) if (a[i] === '_') size = i + 1;
  return size;
}

/** How many names at the beginning share a prefix with the first, behind what all share, and its size. */
function prefixRun(names: readonly string[], shared: number): readonly [run: number, size: number] {
  const rest = (name: string): string => name.slice(shared);
  if (names.length < 2) return [names.length, 0];
  const size = commonPrefixSize(rest(names[0]!), rest(names[1]!));
  if (size === 0) return [1, 0];
  let run = 2;
  while (run < names.length && commonPrefixSize(rest(names[0]!), rest(names[run]!)) > 0) run++;
  return [run, size];
}

/** `shared` characters of every name are left out, as they stand in front of the braces. */
export function formatNameList(names: readonly string[], shared = 0): string {
  const parts: string[] = [];
  let left = names;
  while (left.length > 0) {
    const first = left[0]!.slice(shared);
    const [byPrefix, size] = prefixRun(left, shared);
    const inSequence = sequentialRun(left);
    const run = Math.max(byPrefix, inSequence);
    if (inSequence >= byPrefix) parts.push(run > 1 ? `${first}...${left[run - 1]!.slice(shared)}` : first);
    else parts.push(`${first.slice(0, size)}{${formatNameList(left.slice(0, run), shared + size)}}`);
    left = left.slice(run);
  }
  return parts.join(shared > 0 ? ',' : ' ');
}
