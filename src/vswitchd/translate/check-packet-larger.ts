/**
 * check_pkt_larger: the actions after it are translated twice, for packets that are longer and for those that are not;
 * the datapath chooses. Mirrors xlate_check_pkt_larger() of ofproto-dpif-xlate.c.
 */
import type { DpAction } from '#datapath/dpif.js';
import { type Subfield, writeSubfield } from '#src/openflow/subfield.js';
import type { FrozenAction } from '../recirculation.js';
import type { Translation } from './translation.js';

/** False where only the bit was written, and the rest is still to be translated. */
export function translateCheckPacketLarger(
  t: Translation,
  action: { readonly size: number; readonly destination: Subfield },
  rest: readonly FrozenAction[],
): boolean {
  if (!t.bridge.backer.features.has('check_pkt_len')) {
    // Userspace looks at each packet, for the next of the flow may have another size.
    writeSubfield(t.flow, action.destination, (t.input.packet?.length ?? 0) > action.size ? 1n : 0n);
    t.slowReasons.add('action');
    return false;
  }
  const { stack, actionSet } = t;
  const flow = t.flow.clone();
  t.commit();
  const base = t.base.clone();
  const { wasMpls, conntracked, actions: outer } = t;
  // As in OVS, stack and action set go on from the first branch to the second, which finds the set executed.
  t.stack = stack.slice();
  t.actionSet = actionSet.slice();
  const branch = (isLarger: boolean): readonly DpAction[] => {
    t.actions = [];
    t.isExiting = false;
    writeSubfield(t.flow, action.destination, isLarger ? 1n : 0n);
    t.translate(rest, true);
    t.finishPipeline();
    const actions = t.actions;
    t.base.copyFrom(base);
    t.flow.copyFrom(flow);
    t.wasMpls = wasMpls;
    t.conntracked = conntracked;
    return actions;
  };
  const greater = branch(true);
  const exited = t.isExiting;
  const lessOrEqual = branch(false);
  t.actions = outer;
  t.stack = stack;
  t.actionSet = actionSet;
  t.isExiting = exited;
  outer.push({ kind: 'check_pkt_len', size: action.size, greater, lessOrEqual });
  return true;
}
