/**
 * The output of ovs-vsctl without what differs between any two runs of the real one: UUIDs, times, and the order of
 * rows, which there is that of random UUIDs.
 */
import type { CommandOutput } from '#src/report/command-output.js';

export const maskRandomness = (text: string): string =>
  text
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
    .replace(/">[0-9a-f]{8}<\/a>/g, '">UUID</a>')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME')
    // Which of two equal rows comes first depends on their UUIDs.
    .replace(/First (row, .*?\.) {2}Second (row, .*?\.)(?=\\?")/g, (_all, ...rows) =>
      rows.slice(0, 2).sort().join('  '),
    );

const indentOf = (line: string): number => /^ */.exec(line)![0].length;

/** Sorts the blocks of a text that is nested by indentation, at each level. */
function sortTree(lines: readonly string[]): readonly string[] {
  const blocks: { readonly head: string; readonly body: string[] }[] = [];
  const indent = indentOf(lines[0] ?? '');
  for (const line of lines) {
    const block = blocks.at(-1);
    if (block === undefined || indentOf(line) <= indent) blocks.push({ head: line, body: [] });
    else block.body.push(line);
  }
  return blocks
    .map(({ head, body }) => [head, ...(body.length === 0 ? [] : sortTree(body))])
    .sort((a, b) => (a.join('\n') < b.join('\n') ? -1 : 1))
    .flat();
}

function recordsOf(text: string): readonly string[] {
  if (text.startsWith('{"data"')) {
    const { data } = JSON.parse(text.split('\n')[0]!) as { readonly data: readonly unknown[] };
    return data.map((row) => JSON.stringify(row));
  }
  return text
    .replace(/\n+$/, '')
    .split('\n\n')
    .map((record) => sortTree(record.split('\n')).join('\n'));
}

export function comparable({ stdout, stderr, exitCode }: CommandOutput): unknown {
  return {
    stdout: [...recordsOf(maskRandomness(stdout))].sort(),
    stderr: maskRandomness(stderr),
    exitCode,
  };
}
