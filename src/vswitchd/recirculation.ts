/**
 * Recirculation ids: names for a translation that was interrupted and goes on when the packet comes back.
 * Mirrors ofproto-dpif-rid.[ch]. Equal states share one id, so that translating a flow twice gives the same actions.
 */
import { OFF_ACTSET_OUTPUT, OFF_METADATA, OFF_TUN_ID, OFF_USERSPACE } from '#flowtable/flow-key.js';
import type { Action } from '#src/openflow/action/action.js';
import { OFPP_NONE } from '#src/openflow/ports.js';
import type { Bridge } from './bridge.js';
import { INTERNAL_TABLE } from './openflow-table.js';

/** An action that was kept; unroll_xlate restores the table and cookie of the rule that those after it are of. */
export type FrozenAction =
  | Action
  | { readonly kind: 'unroll_xlate'; readonly tableId: number; readonly cookie: bigint };

export interface FrozenState {
  readonly bridge: Bridge;
  readonly tableId: number;
  /** Tunnel section, metadata and registers of the flow, and its in_port (OpenFlow's number). */
  readonly tunnel: Uint8Array;
  readonly metadata: Uint8Array;
  readonly inPort: number;
  readonly stack: readonly { readonly value: bigint; readonly bits: number }[];
  readonly actions: readonly FrozenAction[];
  readonly actionSet: readonly Action[];
  readonly wasMpls: boolean;
  readonly conntracked: boolean;
  /** Bits of the mirrors that have had their copy. */
  readonly mirrored: number;
  readonly userdata: Uint8Array;
}

function signature(state: FrozenState): string {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return [
    state.bridge.name,
    state.tableId,
    hex(state.tunnel),
    hex(state.metadata),
    state.inPort,
    state.stack.map(({ value, bits }) => `${value}/${bits}`).join(','),
    JSON.stringify([state.actions, state.actionSet], (_, value) => (typeof value === 'bigint' ? `${value}n` : value)),
    state.wasMpls,
    state.conntracked,
    state.mirrored,
    hex(state.userdata),
  ].join('|');
}

export class RecirculationIds {
  private readonly bySignature = new Map<string, number>();
  private readonly byId = new Map<number, FrozenState>();
  private nextId = 1;

  /** The id of the state; the same one for an equal state. */
  allocate(state: FrozenState): number {
    const key = signature(state);
    let id = this.bySignature.get(key);
    if (id === undefined) {
      id = this.nextId++;
      this.bySignature.set(key, id);
      this.byId.set(id, state);
    }
    return id;
  }

  /** An id of its own for packets that go on in the switch's own table, without anything of what they were before. */
  reserve(bridge: Bridge): number {
    const id = this.nextId++;
    this.byId.set(id, {
      bridge,
      tableId: INTERNAL_TABLE,
      tunnel: new Uint8Array(OFF_USERSPACE - OFF_TUN_ID),
      metadata: new Uint8Array(OFF_ACTSET_OUTPUT - OFF_METADATA),
      inPort: OFPP_NONE,
      stack: [],
      actions: [],
      actionSet: [],
      wasMpls: false,
      conntracked: false,
      mirrored: 0,
      userdata: new Uint8Array(),
    });
    return id;
  }

  release(id: number): void {
    this.byId.delete(id);
  }

  find(id: number): FrozenState | undefined {
    return this.byId.get(id);
  }

  /** Forgets what belongs to a bridge that is going away. */
  forget(bridge: Bridge): void {
    for (const [key, id] of this.bySignature) {
      if (this.byId.get(id)?.bridge === bridge) {
        this.bySignature.delete(key);
        this.byId.delete(id);
      }
    }
  }
}
