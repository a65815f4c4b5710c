/** Takes up the state that a port has in its tree. Mirrors update_stp_port_state() and bundle_update() of ofproto-dpif.c. */
import type { Bundle, SwitchPort } from '../bundle.js';
import { forwardsIn, learnsIn } from './tree.js';

/** What is new since the last time; null where nothing is. */
export interface StateChange {
  /** The port has begun to learn, or no longer does: what is known of where machines are may be wrong. */
  readonly changesLearning: boolean;
}

export function takeUpState(port: SwitchPort, nowMs: number): StateChange | null {
  const { tree, bundle, bridge } = port;
  const state = tree.port?.state ?? 'disabled';
  const before = tree.state;
  if (state === before) return null;
  tree.state = state;
  tree.enteredMs = nowMs;
  if (bundle !== null && forwardsIn(before) !== forwardsIn(state)) updateFlooding(bundle);
  bridge.backer.noteChange();
  return { changesLearning: learnsIn(before) !== learnsIn(state) };
}

/** As in OVS a port outside the tree of its bridge does not count as one that forwards here. */
export function updateFlooding(bundle: Bundle): void {
  const hasTree = bundle.bridge.tree !== null;
  bundle.floodsInTree = !hasTree || bundle.ports.every(({ tree }) => forwardsIn(tree.state));
}
