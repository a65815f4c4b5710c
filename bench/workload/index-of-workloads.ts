/** The workloads by name, in the order in which they are reported, and the ratios between them that say something. */
import { captureWorkload } from './capture.js';
import { flowsWorkload } from './flows.js';
import { masksWorkload } from './masks.js';
import { missInstallWorkload } from './miss-install.js';
import { normalWorkload } from './normal.js';
import type { WorkloadKind } from './workload.js';

export const WORKLOADS: readonly WorkloadKind[] = [
  flowsWorkload('flows-1', 1),
  flowsWorkload('flows-1k', 1_000),
  flowsWorkload('flows-100k', 100_000),
  masksWorkload('masks-1', 0, 0),
  masksWorkload('masks-32', 32, 0),
  masksWorkload('masks-512', 32, 16),
  normalWorkload('normal-1k', 1_000),
  missInstallWorkload('miss-install', 4_096),
  captureWorkload('capture'),
];

/** Of the first in units of the second: the same machine in the same minute, so they mean something elsewhere too. */
export const RATIOS: readonly (readonly [string, string])[] = [
  ['flows-1k', 'flows-1'],
  ['flows-100k', 'flows-1'],
  ['masks-32', 'masks-1'],
  ['masks-512', 'masks-1'],
  ['normal-1k', 'flows-1k'],
  ['miss-install', 'flows-1'],
];
