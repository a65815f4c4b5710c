/** The workloads by name, in the order in which they are reported, and the ratios between them that say something. */
import { captureWorkload } from './capture.js';
import { classifierWorkload } from './classifier.js';
import { flowsWorkload } from './flows.js';
import { loadWorkload } from './load.js';
import { masksWorkload } from './masks.js';
import { missWorkload } from './miss.js';
import { normalWorkload } from './normal.js';
import { revalidateWorkload } from './revalidate.js';
import { setupWorkload } from './setup.js';
import { vxlanWorkload } from './vxlan.js';
import { workersWorkload } from './workers.js';
import type { WorkloadKind } from './workload.js';

export const WORKLOADS: readonly WorkloadKind[] = [
  flowsWorkload('flows-1', 1),
  flowsWorkload('flows-1k', 1_000),
  flowsWorkload('flows-10k', 10_000),
  flowsWorkload('flows-100k', 100_000),
  flowsWorkload('flows-1m', 1_000_000, true),
  masksWorkload('masks-1', {}),
  masksWorkload('masks-8', { destinationPort: 8 }),
  masksWorkload('masks-32', { source: 32 }),
  masksWorkload('masks-128', { source: 32, destinationPort: 4 }),
  masksWorkload('masks-512', { source: 32, destinationPort: 16 }),
  masksWorkload('masks-8192', { source: 32, destinationPort: 16, sourcePort: 16 }, true),
  normalWorkload('normal-1', 1),
  normalWorkload('normal-1k', 1_000),
  normalWorkload('normal-10k', 10_000),
  vxlanWorkload('vxlan-encap', 'encap'),
  vxlanWorkload('vxlan-decap', 'decap'),
  missWorkload('miss', 65_536, false),
  missWorkload('miss-install', 65_536, true),
  setupWorkload('setup', 100_000),
  revalidateWorkload('revalidate', 200_000, true),
  classifierWorkload('classifier-1k', 1_000),
  classifierWorkload('classifier-10k', 10_000, true),
  classifierWorkload('classifier-100k', 100_000, true),
  workersWorkload('workers-1', 1),
  workersWorkload('workers-2', 2),
  loadWorkload('load', 200_000),
  captureWorkload('capture'),
];

/** Of the first in units of the second: the same machine in the same minute, so they mean something elsewhere too. */
export const RATIOS: readonly (readonly [string, string])[] = [
  ['flows-1k', 'flows-1'],
  ['flows-10k', 'flows-1k'],
  ['flows-100k', 'flows-1k'],
  ['flows-1m', 'flows-1k'],
  ['masks-8', 'masks-1'],
  ['masks-32', 'masks-1'],
  ['masks-128', 'masks-1'],
  ['masks-512', 'masks-1'],
  ['masks-8192', 'masks-1'],
  ['normal-1k', 'flows-1k'],
  ['vxlan-encap', 'flows-1k'],
  ['vxlan-decap', 'flows-1k'],
  ['miss-install', 'miss'],
  ['load/pcap-parser', 'load/upcall'],
];
