/**
 * `npm run bench:allocation`: shows that nothing is allocated for a packet that hits. Ten million packets of each
 * workload go through the datapath; what is in use on the heap before and after must be the same, and the garbage
 * collector must not have run in between (it would hide what came and went). Exit code 1 otherwise.
 *
 * Only the datapath is looked at, from receive to send: revalidation each second is userspace's, and has its own heap.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { renderTable } from '#src/report/table.js';
import { formatCount } from '#src/report/units.js';
import { BURST_SIZE } from './bench-switch.js';
import type { FrameKind } from './frames.js';
import { collectGarbage } from './heap.js';
import { WORKLOADS } from './workload/index-of-workloads.js';
import { PacketWorkload } from './workload/workload.js';

const PACKET_COUNT = 10_000_000;
const WARM_UP_COUNT = 2_000_000;
/** What asking for the figures takes itself: objects of a few hundred bytes, and what the compiler leaves behind. */
const MAX_BYTES = 64 * 1024;

const CASES: readonly (readonly [name: string, frames: FrameKind])[] = [
  ['flows-1', 'udp'],
  ['flows-1k', 'udp'],
  ['flows-1k', 'vlan'],
  ['flows-1k', 'ipv6'],
  ['flows-1k', 'vxlan'],
  ['flows-1k', 'mix'],
  ['flows-100k', 'udp'],
  ['masks-1', 'udp'],
  ['masks-32', 'udp'],
  ['normal-1k', 'udp'],
  ['vxlan-encap', 'udp'],
  ['vxlan-decap', 'vxlan'],
];

/** Sends frames without looking at the clock. */
function send({ target, frames }: PacketWorkload, count: number): void {
  let next = 0;
  for (let left = count; left > 0; ) {
    const burst = Math.min(BURST_SIZE, left, frames.count - next);
    target.datapath.receiveFrames(frames.arena, frames.batch, next, burst);
    next = next + burst === frames.count ? 0 : next + burst;
    left -= burst;
  }
}

let collections = 0;
new PerformanceObserver((list) => {
  collections += list.getEntries().length;
}).observe({ entryTypes: ['gc'] });

async function settledHeap(): Promise<number> {
  collectGarbage();
  // Events of the collector are told in later turns.
  await sleep(50);
  collections = 0;
  return process.memoryUsage().heapUsed;
}

async function main(): Promise<void> {
  const rows: string[][] = [];
  let failed = false;
  for (const [name, frames] of CASES) {
    const kind = WORKLOADS.find((candidate) => candidate.name === name)!;
    const [workload] = await kind.prepare({ frames, skew: 'uniform', capture: null });
    if (!(workload instanceof PacketWorkload)) throw new Error(`${name} is no workload of packets`);
    workload.warmUp(Math.max(WARM_UP_COUNT, workload.setSize));
    workload.round(workload.setSize);
    send(workload, WARM_UP_COUNT);
    const before = await settledHeap();
    send(workload, PACKET_COUNT);
    const bytes = process.memoryUsage().heapUsed - before;
    await sleep(50);
    const isGood = collections === 0 && bytes <= MAX_BYTES;
    failed ||= !isGood;
    const perPacket = (Math.max(0, bytes) / PACKET_COUNT).toFixed(4);
    rows.push([name, frames, formatCount(bytes), perPacket, String(collections), isGood ? 'nothing' : 'ALLOCATES']);
  }
  const right = (title: string) => ({ title, align: 'right' as const });
  const columns = [
    { title: 'workload' },
    { title: 'frames' },
    right('bytes'),
    right('per packet'),
    right('collections'),
  ];
  const table = renderTable([...columns, { title: 'allocated per packet' }], rows);
  process.stdout.write(`${formatCount(PACKET_COUNT)} packets each\n\n${table.join('\n')}\n`);
  if (failed) process.exitCode = 1;
}

await main();
