/**
 * Actions whose changes of the packet are undone afterwards: clone, and the tables behind a patch port. Mirrors
 * clone_xlate_actions() of ofproto-dpif-xlate.c.
 */
import type { Action } from '#src/openflow/action/action.js';
import type { FrozenAction } from '../recirculation.js';
import type { Translation } from './translation.js';

/** Actions that the datapath cannot undo by setting fields back. */
const IRREVERSIBLE: ReadonlySet<string> = new Set(['ct', 'meter', 'output_trunc', 'encap', 'decap', 'dec_nsh_ttl']);

/** A datapath that nests samples deeper than this can take one of all packets for a clone. */
const ENOUGH_SAMPLE_NESTING = 3;
const ALWAYS = 0xffffffff;

const areReversible = (actions: readonly FrozenAction[]): boolean =>
  actions.every((action) => !IRREVERSIBLE.has(action.kind));

/** How the datapath is told to work on a copy; null where it cannot. */
function copyAction(t: Translation): { kind: 'clone' } | { kind: 'sample'; probability: number } | null {
  const { features } = t.bridge.backer;
  if (features.has('clone')) return { kind: 'clone' };
  return Number(features.now('sample_nesting')) > ENOUGH_SAMPLE_NESTING
    ? { kind: 'sample', probability: ALWAYS }
    : null;
}

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
    const copy = copyAction(t);
    if (copy === null) {
      t.report('error', 'Failed to compose clone action');
    } else {
      t.actions = [];
      t.translate(actions, true);
      t.finishPipeline();
      if (t.actions.length > 0) outer.push({ ...copy, actions: t.actions });
      t.actions = outer;
    }
    t.wasMpls = wasMpls;
    t.conntracked = conntracked;
    t.base.copyFrom(base);
  }
  t.stack = stack;
  t.actionSet = actionSet;
  t.flow.copyFrom(flow);
}
