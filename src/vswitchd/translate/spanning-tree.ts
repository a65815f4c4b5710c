/** What spanning trees let pass: packets that come in by a port, and that go out by one. */
import { NO_RECV, NO_RECV_STP, type SwitchPort } from '../bundle.js';
import { mayForward, mayLearn } from '../spanning-tree/tree.js';
import { isMonitorPacket } from './monitor-packet.js';
import { isStp } from './packet-kind.js';
import type { Translation } from './translation.js';

/** A port that learns has NORMAL and learn() look at the packet before it is dropped. */
export function mayReceive({ flow }: Translation, port: SwitchPort): boolean {
  if ((port.config & (isStp(flow) ? NO_RECV_STP : NO_RECV)) !== 0) return false;
  return mayForward(port) || mayLearn(port);
}

/** The port that the packet came in by does not forward: what it teaches is learned, and all else undone. */
export function dropUnforwarded(t: Translation): void {
  t.actions = [{ kind: 'drop', reason: 'forwarding-disabled' }];
  t.slowReasons.clear();
  t.actionSet = [];
  t.freezer.cancel();
}

/** Does the spanning tree keep the packet from leaving by the port? */
export function isOutsideTree(t: Translation, port: SwitchPort): boolean {
  const { tree } = t.bridge;
  if (isStp(t.base)) {
    if (tree === null || port.tree.port?.state !== 'blocking') return false;
    t.report('warn', `${tree.protocol} not in listening state, skipping bpdu output`);
    return true;
  }
  // Links are watched whether they forward or not; as in OVS packets are looked at for that without a tree, too.
  if (isMonitorPacket(port, t.flow, t.wc) || tree === null || mayForward(port)) return false;
  t.report('warn', `${tree.protocol} not in forwarding state, skipping output`);
  return true;
}
