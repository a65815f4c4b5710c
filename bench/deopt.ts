/**
 * `npm run bench:deopt`: runs workloads under --trace-deopt and fails (exit code 1) when a function of datapath/ or
 * flowtable/ is deoptimised after the warm-up. V8's log of the same events says in which file each was.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FrameKind } from './frames.js';
import { WORKLOADS } from './workload/index-of-workloads.js';

const CASES: readonly string[] = [
  'flows-1k/udp',
  'flows-1k/mix',
  'flows-100k/udp',
  'masks-32/udp',
  'normal-1k/udp',
  'vxlan-encap/udp',
  'vxlan-decap/vxlan',
];
const WARM_UP_PACKETS = 3_000_000;
const PACKETS = 3_000_000;
const CHILD = 'workload';
/** Microseconds since its start, as V8's log counts them. */
const WARM_MARK = 'warm at ';

/** The child: one workload, warm, and then watched. */
async function runWorkload(which: string): Promise<void> {
  const [name, frames] = which.split('/') as [string, FrameKind];
  const kind = WORKLOADS.find((candidate) => candidate.name === name)!;
  const [workload] = await kind.prepare({ frames, skew: 'uniform', capture: null });
  await workload!.warmUp(WARM_UP_PACKETS);
  await workload!.round(workload!.setSize);
  await workload!.warmUp(WARM_UP_PACKETS);
  process.stdout.write(`\n${WARM_MARK}${which}\n`);
  await workload!.round(PACKETS);
}

interface Deopt {
  readonly where: string;
  readonly why: string;
}

/** Deoptimisations after the mark in --trace-deopt's output, and where they were by the log: the last so many of it. */
function deoptsAfterWarmUp(trace: string, log: string): readonly Deopt[] {
  const after = trace.slice(trace.lastIndexOf(`\n${WARM_MARK}`));
  const count = after.match(/^\[bailout \(kind: /gm)?.length ?? 0;
  if (count === 0) return [];
  const events = log.split('\n').filter((line) => line.startsWith('code-deopt,'));
  return events.slice(-count).map((line) => {
    // A place in a function that was inlined is followed by those that it was inlined into.
    const where = line.match(/<[^>]*>/g)?.join(' in ') ?? line;
    return { where, why: line.slice(line.lastIndexOf(',') + 1) };
  });
}

function main(): void {
  let failed = false;
  for (const which of CASES) {
    const folder = mkdtempSync(join(tmpdir(), 'upcall-deopt-'));
    const log = join(folder, 'v8.log');
    const flags = ['--trace-deopt', '--log-deopt', '--no-logfile-per-isolate', `--logfile=${log}`];
    const { stdout, status } = spawnSync(process.execPath, [...flags, fileURLToPath(import.meta.url), CHILD, which], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (status !== 0 || !stdout.includes(`\n${WARM_MARK}`)) throw new Error(`${which} did not run to its end`);
    const hot = deoptsAfterWarmUp(stdout, readFileSync(log, 'utf8')).filter(({ where }) =>
      /\/(datapath|flowtable)\//.test(where),
    );
    rmSync(folder, { recursive: true, force: true });
    process.stdout.write(
      `${which}: ${hot.length === 0 ? 'nothing hot was deoptimised after the warm-up' : 'DEOPTIMISED'}\n`,
    );
    for (const { where, why } of hot) process.stdout.write(`  ${where}: ${why}\n`);
    failed ||= hot.length > 0;
  }
  if (failed) process.exitCode = 1;
}

if (process.argv[2] === CHILD) await runWorkload(process.argv[3]!);
else main();
