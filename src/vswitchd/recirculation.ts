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

function signatureOf(state: FrozenState): string {
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

interface Entry {
  readonly state: FrozenState;
  /** Null for an id that no equal state may share. */
  readonly signature: string | null;
  references: number;
}

/** Unused ids linger for so long at least, in milliseconds: packets that carry them may be on their way. */
const LINGER_MS = 250;

/**
 * Ids are counted: who translates a packet holds the ids of its actions until nobody needs them, and gives them back by
 * unref(). An id that nobody holds is found for a while yet, but is not given out for an equal state again.
 */
export class RecirculationIds {
  private readonly bySignature = new Map<string, number>();
  private readonly byId = new Map<number, Entry>();
  /** Ids that nobody holds: since the last clean-up, and since the one before. */
  private expiring: number[] = [];
  private expired: number[] = [];
  private cleanedMs = 0;
  private nextId = 1;

  /** The id of the state, held once more; the same one for an equal state that somebody holds. */
  allocate(state: FrozenState): number {
    const signature = signatureOf(state);
    const known = this.bySignature.get(signature);
    if (known !== undefined) {
      this.byId.get(known)!.references++;
      return known;
    }
    const id = this.nextId++;
    this.bySignature.set(signature, id);
    this.byId.set(id, { state, signature, references: 1 });
    return id;
  }

  /** An id of its own for packets that go on in the switch's own table, without anything of what they were before. */
  reserve(bridge: Bridge): number {
    const id = this.nextId++;
    const state: FrozenState = {
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
    };
    this.byId.set(id, { state, signature: null, references: 1 });
    return id;
  }

  /** Holds the id; false when it is not known, or nobody holds it any more. */
  ref(id: number): boolean {
    const entry = this.byId.get(id);
    if (entry === undefined || entry.references === 0) return false;
    entry.references++;
    return true;
  }

  unref(ids: readonly number[]): void {
    for (const id of ids) {
      const entry = this.byId.get(id);
      if (entry === undefined || --entry.references > 0) continue;
      if (entry.signature !== null) this.bySignature.delete(entry.signature);
      this.expiring.push(id);
    }
  }

  find(id: number): FrozenState | undefined {
    return this.byId.get(id)?.state;
  }

  /** Forgets ids that nobody has held for a while. */
  expire(nowMs: number): void {
    if (nowMs - this.cleanedMs <= LINGER_MS) return;
    this.cleanedMs = nowMs;
    for (const id of this.expired) this.byId.delete(id);
    this.expired = this.expiring;
    this.expiring = [];
  }

  /** Forgets what belongs to a bridge that is going away. */
  forget(bridge: Bridge): void {
    for (const [id, { state, signature }] of this.byId) {
      if (state.bridge !== bridge || signature === null) continue;
      this.bySignature.delete(signature);
      this.byId.delete(id);
    }
  }
}
