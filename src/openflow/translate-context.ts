/**
 * What an action's translation may ask of the bridge that translates. `src/vswitchd/translate` implements it; actions
 * know nothing else of the switch. Mirrors the parts of `struct xlate_ctx` (ofproto-dpif-xlate.c) that
 * do_xlate_actions() uses.
 */
import type { Field } from '#flowtable/fields.js';
import type { FlowKey } from '#flowtable/flow-key.js';
import type { Action } from './action/action.js';

export interface ResubmitRequest {
  /** Look up as if the packet had come in on this port; null keeps the port. */
  readonly inPort: number | null;
  /** null: the table that the action stands in. */
  readonly table: number | null;
  /** Search with the connection's original tuple in place of the packet's addresses. */
  readonly withCtOrig: boolean;
}

export interface ControllerRequest {
  readonly maxLen: number;
  readonly controllerId: number;
  /** OFPR_*: 0 no_match, 1 action, 2 invalid_ttl, … */
  readonly reason: number;
  readonly userdata: Uint8Array;
  readonly pause: boolean;
}

export interface TranslateContext {
  /** The packet's fields as earlier actions left them. Actions write them. */
  readonly flow: FlowKey;
  /** The bits that the outcome depends on so far: an action that reads a field adds its bits here. */
  readonly wc: FlowKey;
  /** The table of the rule whose actions run. */
  readonly tableId: number;

  /** Outputs to a port number, reserved ones included; maxLen counts for the controller only. */
  output(port: number, maxLen: number): void;
  controller(request: ControllerRequest): void;
  resubmit(request: ResubmitRequest): void;
  /** Ends the actions of this rule; the pipeline goes on in the table once they are done. */
  gotoTable(table: number): void;
  /** Ends the whole pipeline after this action. */
  exit(): void;

  pushVlan(tpid: number): void;
  popVlan(): void;
  /** Decrements the TTL; at 0 or 1 sends the packet to the controllers and ends the pipeline: then returns false. */
  decrementTtl(controllers: readonly number[]): boolean;
  push(field: Field, offset: number, bits: number): void;
  pop(field: Field, offset: number, bits: number): void;
  /** Translates actions now, with a copy of the packet: what they change is undone afterwards. */
  clone(actions: readonly Action[]): void;
  writeActions(actions: readonly Action[]): void;
  clearActions(): void;
  setQueue(queue: number | null): void;

  /** Adds a line under the action's line in the trace: what happened, and what did not that the user may want. */
  note(text: string): void;
  warn(text: string): void;
}
