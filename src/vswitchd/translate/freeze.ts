/**
 * Freezing: translation stops where it needs to see the packet anew, has the datapath recirculate it, and goes on
 * ("thaws") with what was kept when it comes back. Mirrors the frozen_state parts of ofproto-dpif-xlate.c.
 */
import {
  OFF_ACTSET_OUTPUT,
  OFF_IN_PORT,
  OFF_METADATA,
  OFF_REG0,
  OFF_TUN_ID,
  OFF_USERSPACE,
} from '#flowtable/flow-key.js';
import { fieldNamed } from '#flowtable/fields.js';
import type { ControllerRequest } from '#src/openflow/translate-context.js';
import type { FrozenAction, FrozenState } from '../recirculation.js';
import { outputOfActionSet } from './action-set.js';
import { clearConntrack } from './conntrack.js';
import { putUserspace } from './controller.js';
import type { Translation } from './translation.js';

const METADATA = fieldNamed('metadata');
/** Bytes of the registers. */
const REGISTERS_SIZE = 64;

/** May send packets up, with the table and cookie of their rule. */
const NEEDS_RULE: ReadonlySet<string> = new Set([
  'output',
  'output_reg',
  'output_trunc',
  'group',
  'controller',
  'dec_ttl',
  'dec_mpls_ttl',
  'dec_nsh_ttl',
]);

interface FreezeOptions {
  /** Goes on after the action that froze, instead of with it. */
  readonly resumesAfter?: boolean;
  /** A controller gets the packet and resumes it. */
  readonly pause?: ControllerRequest;
  /** Have the datapath compute dp_hash first. */
  readonly hash?: { readonly algorithm: 0 | 1; readonly basis: number };
}

export class Freezer {
  isFreezing = false;
  resumesAfter = false;
  private kept: FrozenAction[] = [];
  private unrolled: { readonly tableId: number; readonly cookie: bigint } | null = null;
  private options: FreezeOptions = {};

  /** Is translation freezing with nothing kept yet: at the action that froze it? */
  get isFirst(): boolean {
    return this.isFreezing && this.kept.length === 0;
  }

  trigger(t: Translation, options: FreezeOptions = {}): void {
    t.isExiting = true;
    this.isFreezing = true;
    this.resumesAfter = options.resumesAfter ?? false;
    this.options = options;
  }

  /** Keeps the actions from index on, if translation is freezing, in the form in which they can run later. */
  keep(t: Translation, actions: readonly FrozenAction[], from: number): void {
    if (!this.isFreezing) return;
    for (const action of actions.slice(from)) {
      if (action.kind === 'note' || action.kind === 'conjunction') continue;
      if (NEEDS_RULE.has(action.kind) || (action.kind === 'resubmit' && action.table === null)) this.keepRule(t);
      if (action.kind === 'goto_table') {
        this.kept.push({ kind: 'resubmit', inPort: null, table: action.table, withCtOrig: false });
      } else if (action.kind === 'write_metadata') {
        this.kept.push({ kind: 'set_field', field: METADATA, value: action.value, mask: action.mask });
      } else {
        this.kept.push(action);
      }
    }
  }

  /** Ends a frozen pipeline: the packet is recirculated (or sent to the controller that paused it). */
  finish(t: Translation): void {
    t.commit();
    this.recirculate(t, 0);
  }

  /** Has the datapath recirculate a copy of the packet, to go on in a table with what was kept. Returns the id. */
  recirculate(t: Translation, tableId: number): number {
    const { pause, hash } = this.options;
    const state = {
      ...frozenState(t),
      tableId,
      actions: this.kept,
      actionSet: t.actionSet,
      userdata: pause?.userdata ?? new Uint8Array(),
    };
    const id = t.bridge.backer.recirculation.allocate(state);
    t.recircIds.push(id);
    if (pause !== undefined) {
      if (t.input.allowSideEffects || t.input.trace !== true) putUserspace(t, pause, id, true);
    } else {
      if (hash !== undefined) t.actions.push({ kind: 'hash', ...hash });
      t.actions.push({ kind: 'recirc', id });
    }
    this.cancel();
    return id;
  }

  cancel(): void {
    this.isFreezing = false;
    this.resumesAfter = false;
    this.kept = [];
    this.unrolled = null;
    this.options = {};
  }

  private keepRule(t: Translation): void {
    const { tableId, ruleCookie: cookie } = t;
    if (this.unrolled?.tableId === tableId && this.unrolled.cookie === cookie) return;
    this.unrolled = { tableId, cookie };
    this.kept.push({ kind: 'unroll_xlate', tableId, cookie });
  }
}

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
    t.tableId = state.tableId;
    t.report('thaw', `Resuming from table ${state.tableId}`);
    t.conntracked = state.conntracked;
    t.mirrored = state.mirrored;
    if (!state.conntracked) clearConntrack(t);
    flow.bytes.set(state.tunnel, OFF_TUN_ID);
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

const unrollText = (action: { readonly tableId: number; readonly cookie: bigint }): string =>
  `unroll_xlate(table=${action.tableId}, cookie=${action.cookie === 0n ? '0' : `0x${action.cookie.toString(16)}`})`;
