/**
 * Freezing: translation stops where it needs to see the packet anew, has the datapath recirculate it, and goes on
 * ("thaws") with what was kept when it comes back. Mirrors the frozen_state parts of ofproto-dpif-xlate.c.
 */
import { fieldNamed } from '#flowtable/fields.js';
import type { ControllerRequest } from '#src/openflow/translate-context.js';
import type { FrozenAction } from '../recirculation.js';
import { putUserspace } from './controller.js';
import { frozenState } from './frozen-state.js';
import type { Translation } from './translation.js';

const METADATA = fieldNamed('metadata');

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

  /**
   * Has nothing been kept yet? Then this is the action that ended the pipeline. As in OVS it is kept even where it did
   * not freeze: once a bucket or a clone has ended, what it kept is thawed by the packet that is frozen next.
   */
  get isFirst(): boolean {
    return this.kept.length === 0;
  }

  trigger(t: Translation, options: FreezeOptions = {}): void {
    t.isExiting = true;
    this.isFreezing = true;
    this.resumesAfter = options.resumesAfter ?? false;
    this.options = options;
  }

  /** Keeps the actions from index on in the form in which they can run later. */
  keep(t: Translation, actions: readonly FrozenAction[], from: number): void {
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
