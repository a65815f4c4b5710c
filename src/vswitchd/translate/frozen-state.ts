/**
 * What is kept of a translation that is frozen, and how it goes on from there. Mirrors frozen_metadata_from_flow(),
 * frozen_metadata_to_flow() and the thawing of xlate_actions() in ofproto-dpif-xlate.c.
 */
import {
  OFF_ACTSET_OUTPUT,
  OFF_IN_PORT,
  OFF_METADATA,
  OFF_REG0,
  OFF_TUN_ID,
  OFF_USERSPACE,
} from '#flowtable/flow-key.js';
import type { FrozenAction, FrozenState } from '../recirculation.js';
import { outputOfActionSet } from './action-set.js';
import { clearConntrack } from './conntrack.js';
import type { Translation } from './translation.js';

/** Bytes of the registers. */
const REGISTERS_SIZE = 64;

/** What a packet has that its frame does not show. */
export function frozenState(t: Translation): FrozenState {
  return {
    bridge: t.bridge,
    tableId: 0,
    tunnel: t.flow.bytes.slice(OFF_TUN_ID, OFF_USERSPACE),
    metadata: t.flow.bytes.slice(OFF_METADATA, OFF_REG0 + REGISTERS_SIZE),
    inPort: t.flow.u32(OFF_IN_PORT),
    stack: t.stack.slice(),
    actions: [],
    actionSet: [],
    wasMpls: t.wasMpls,
    conntracked: t.conntracked,
    mirrored: t.mirrored,
    userdata: new Uint8Array(),
  };
}

/** Restores what was frozen; returns the actions to go on with, or null to search the table. */
export function thaw(t: Translation, state: FrozenState): readonly FrozenAction[] | null {
  const { flow } = t;
  t.within('thaw', 'thaw', () => {
    t.bridge = state.bridge;
    t.version = state.bridge.version;
    t.tableId = state.tableId;
    t.report('thaw', `Resuming from table ${state.tableId}`);
    t.conntracked = state.conntracked;
    t.mirrored = state.mirrored;
    if (!state.conntracked) clearConntrack(t);
    flow.bytes.set(state.tunnel, OFF_TUN_ID);
    flow.optionPlaces = state.bridge.tunnelOptions;
    flow.bytes.set(state.metadata, OFF_METADATA);
    flow.setU32(OFF_IN_PORT, state.inPort);
    t.stack = state.stack.slice();
    if (state.actionSet.length > 0) {
      t.report('thaw', `Restoring action set: ${state.actionSet.map((action) => t.describe(action)).join(',')}`);
      flow.setU32(OFF_ACTSET_OUTPUT, outputOfActionSet(state.actionSet));
      t.actionSet = state.actionSet.slice();
    }
    if (state.actions.length > 0) {
      const texts = state.actions.map((action) =>
        action.kind === 'unroll_xlate' ? unrollText(action) : t.describe(action),
      );
      t.report('thaw', `Restoring actions: ${texts.join(',')}`);
    }
  });
  return state.actions.length > 0 ? state.actions : null;
}

export const unrollText = (action: { readonly tableId: number; readonly cookie: bigint }): string =>
  `unroll_xlate(table=${action.tableId}, cookie=${action.cookie})`;
