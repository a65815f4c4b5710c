/** What has been counted in the switch, by the names that OVS has for those events. */
import type { Dpif } from '#datapath/dpif.js';
import type { DropReason } from '#datapath/drop-reason.js';
import type { Backer } from './backer.js';

/** Reasons for which a datapath drops, and what OVS counts them as. */
const DROP_EVENTS: Partial<Record<DropReason, string>> = {
  'no-vport': 'datapath_drop_invalid_port',
  'frame-too-short': 'datapath_drop_rx_invalid_packet',
  'upcall-queue-full': 'datapath_drop_upcall_error',
  'upcall-port-full': 'datapath_drop_upcall_error',
  'flow-drop': 'drop_action_of_pipeline',
  'explicit-drop': 'drop_action_of_pipeline',
  'bridge-not-found': 'drop_action_bridge_not_found',
  'recursion-too-deep': 'drop_action_recursion_too_deep',
  'too-many-resubmits': 'drop_action_too_many_resubmit',
  'stack-too-deep': 'drop_action_stack_too_deep',
  'no-recirculation-context': 'drop_action_no_recirculation_context',
  'recirculation-conflict': 'drop_action_recirculation_conflict',
  'too-many-mpls-labels': 'drop_action_too_many_mpls_labels',
  congestion: 'drop_action_congestion',
  'invalid-tunnel-metadata': 'drop_action_invalid_tunnel_metadata',
  'unsupported-packet-type': 'drop_action_unsupported_packet_type',
  'forwarding-disabled': 'drop_action_forwarding_disabled',
  'recirculation-limit': 'datapath_drop_recirc_error',
  'tunnel-bad-header': 'datapath_drop_tunnel_pop_error',
  'tunnel-no-port': 'datapath_drop_invalid_tnl_port',
  'no-header-room': 'datapath_drop_tunnel_push_error',
  meter: 'datapath_drop_meter',
};

/** What a backer counts for this alone. */
export class BackerCounts {
  translations = 0;
  /** Of packets that a controller sends; those that came up are carried on within the datapath. */
  executions = 0;
  flowPuts = 0;
  flowDeletes = 0;
  macChanges = 0;
  flowLimitHits = 0;

  /** Counts a flow that is about to be put, or that one more would be too many. */
  mayPut(flowCount: number, limit: number): boolean {
    if (flowCount >= limit) this.flowLimitHits++;
    else this.flowPuts++;
    return flowCount < limit;
  }
}

export interface CountedSwitch {
  readonly datapaths: Iterable<Dpif>;
  readonly backers: Iterable<Backer>;
  readonly reconfigureCount: number;
  readonly commandCount: number;
}

export function countedEvents(counted: CountedSwitch): ReadonlyMap<string, number> {
  const events = new Map<string, number>();
  const add = (name: string, count: number): void => {
    events.set(name, (events.get(name) ?? 0) + count);
  };
  add('bridge_reconfigure', counted.reconfigureCount);
  add('unixctl_received', counted.commandCount);
  add('unixctl_replied', counted.commandCount);
  for (const dpif of counted.datapaths) {
    for (const { stats, drops } of dpif.portDump()) {
      add('netdev_received', stats.rxPackets);
      add('netdev_sent', stats.txPackets);
      addDrops(drops);
    }
    addDrops(dpif.drops());
  }
  for (const { counts, bridges } of counted.backers) {
    add('xlate_actions', counts.translations);
    add('dpif_execute', counts.executions);
    add('dpif_flow_put', counts.flowPuts);
    add('dpif_flow_del', counts.flowDeletes);
    add('rev_mac_learning', counts.macChanges);
    add('upcall_flow_limit_hit', counts.flowLimitHits);
    for (const { fdb } of bridges) {
      add('mac_learning_learned', fdb.totalLearned);
      add('mac_learning_expired', fdb.totalExpired);
      add('mac_learning_evicted', fdb.totalEvicted);
      add('mac_learning_moved', fdb.totalMoved);
      add('mac_learning_static_none_move', fdb.staticMoves);
    }
  }
  return events;

  function addDrops(drops: ReadonlyMap<DropReason, number>): void {
    for (const [reason, count] of drops) {
      const name = DROP_EVENTS[reason];
      if (name !== undefined) add(name, count);
    }
  }
}
