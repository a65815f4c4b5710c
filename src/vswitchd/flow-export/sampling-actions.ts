/** Which datapath actions sample packets for collectors. */
import type { DpAction } from '#datapath/dpif.js';

const SAMPLES: ReadonlySet<string> = new Set(['sflow', 'ipfix', 'flow-sample']);

/** Does any of the actions send packets up as samples? */
export const samples = (actions: readonly DpAction[]): boolean =>
  actions.some((action) => {
    switch (action.kind) {
      case 'userspace':
        return SAMPLES.has(action.cookie.kind);
      case 'sample':
      case 'clone':
        return samples(action.actions);
      case 'check_pkt_len':
        return samples(action.greater) || samples(action.lessOrEqual);
      default:
        return false;
    }
  });
