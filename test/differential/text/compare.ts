/** Command lines through the real ovs-ofctl and through ours. */
import { runOfctl } from '#src/openflow/ofctl/ofctl.js';
import type { SwitchConnection } from '#src/openflow/switch-connection.js';
import type { CommandLine } from './case.js';

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface Disagreement {
  readonly line: string;
  readonly real: Output;
  readonly ours: Output;
}

export type Runner = (line: CommandLine) => Output | Promise<Output>;

/** What the real tool logs with a time, and the messages that it prints in hexadecimal. */
const isLogged = (line: string): boolean => /^\d{4}-\d\d-\d\dT/.test(line) || /^[0-9a-f]{8} {2}[0-9a-f]{2} /.test(line);

/** The order of groups is that of a hash table. */
function inOrder(text: string): string {
  const lines = text.split('\n');
  const isGroup = (line: string): boolean => line.startsWith(' group_id=');
  const groups = lines.filter(isGroup).sort();
  return lines.map((line) => (isGroup(line) ? groups.shift()! : line)).join('\n');
}

/** Without what differs from one run to the next. */
function plain(text: string): string {
  return inOrder(text)
    .split('\n')
    .filter((line) => !isLogged(line))
    .join('\n')
    .replace(/duration=[\d.]+s/g, 'duration=X')
    .replace(/unix:\S+\/br0\.mgmt/g, 'unix:br0.mgmt');
}

const plainOutput = ({ stdout, stderr, exitCode }: Output): Output => ({
  stdout: plain(stdout),
  stderr: plain(stderr),
  exitCode,
});

export function ourRunner(connection: (name: string) => SwitchConnection | undefined): Runner {
  return ({ args, stdin }) =>
    runOfctl(args, { connection, readFile: () => Promise.reject(new Error('no files')), stdin });
}

const quote = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text}'`);

/** Runs the lines on both, up to the first about which they disagree. */
export async function compareLines(
  lines: readonly CommandLine[],
  real: Runner,
  ours: Runner,
): Promise<Disagreement | null> {
  for (const line of lines) {
    const expected = plainOutput(await real(line));
    const received = plainOutput(await ours(line));
    if (JSON.stringify(expected) === JSON.stringify(received)) continue;
    const input = line.stdin === '' ? '' : ` <<'E'\n${line.stdin}\nE`;
    return { line: `ovs-ofctl ${line.args.map(quote).join(' ')}${input}`, real: expected, ours: received };
  }
  return null;
}
