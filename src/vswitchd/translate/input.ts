/** What a translation is given. Mirrors struct xlate_in (ofproto-dpif-xlate.h). */
import type { FlowKey } from '#flowtable/flow-key.js';
import type { Action } from '#src/openflow/action/action.js';
import type { Bridge } from '../bridge.js';

export interface TranslateInput {
  readonly bridge: Bridge;
  /** The packet's key with OpenFlow's port number in in_port. Not changed. */
  readonly flow: FlowKey;
  /** The frame when there is one at hand. */
  readonly packet: Uint8Array | null;
  /** May MAC addresses be learned? */
  readonly allowSideEffects: boolean;
  /** The version of the bridge's tables to look in; the current one unless a bundle makes the next. */
  readonly version?: number;
  /** Actions to translate in place of a table lookup. */
  readonly actions?: readonly Action[];
  /** Are they a controller's, with a packet of its own? */
  readonly isPacketOut?: boolean;
  readonly trace?: boolean;
  readonly traceNames?: boolean;
}
