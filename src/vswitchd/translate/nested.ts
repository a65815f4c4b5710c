/**
 * Actions whose changes of the packet are undone afterwards: clone, and the tables behind a patch port. Mirrors
 * clone_xlate_actions() of ofproto-dpif-xlate.c.
 */
import type { Action } from '#src/openflow/action/action.js';
import type { FrozenAction } from '../recirculation.js';
import type { Translation } from './translation.js';

/** Actions that the datapath cannot undo by setting fields back. */
const IRREVERSIBLE: ReadonlySet<string> = new Set(['ct', 'meter', 'output_trunc', 'encap', 'decap', 'dec_nsh_ttl']);

const areReversible = (actions: readonly FrozenAction[]): boolean =>
  actions.every((action) => !IRREVERSIBLE.has(action.kind));

export function translateNested(t: Translation, actions: readonly Action[], isLast: boolean): void {
  const { stack, actionSet } = t;
  t.stack = stack.slice();
  t.actionSet = actionSet.slice();
  const flow = t.flow.clone();
  if (areReversible(actions) || isLast) {
    t.translate(actions, isLast);
    t.finishPipeline();
  } else {
    // What came before is done once, and not again in the copy.
    t.commit();
    const base = t.base.clone();
    const { wasMpls, conntracked, actions: outer } = t;
    t.actions = [];
    t.translate(actions, true);
    t.finishPipeline();
    const nested = t.actions;
    t.actions = outer;
    if (nested.length > 0) outer.push({ kind: 'clone', actions: nested });
    t.wasMpls = wasMpls;
    t.conntracked = conntracked;
    t.base.copyFrom(base);
  }
  t.stack = stack;
  t.actionSet = actionSet;
  t.flow.copyFrom(flow);
}
