/**
 * What a translation leaves behind besides datapath actions: things to credit when packets hit the megaflow, and the
 * ways a translation can fail. Mirrors xlate_cache (ofproto-dpif-xlate-cache.h) and enum xlate_error.
 */
import type { DropReason } from '#datapath/drop-reason.js';
import type { DpAction, SlowPathReason } from '#datapath/dpif.js';
import type { FlowKey } from '#flowtable/flow-key.js';
import type { LearnRequest, NatRequest } from '#src/openflow/translate-context.js';
import type { Bond } from '../bond/bond.js';
import type { Bridge } from '../bridge.js';
import type { Bundle, SwitchPort } from '../bundle.js';
import type { Netflow } from '../flow-export/netflow.js';
import type { Group, GroupBucket } from '../group.js';
import type { Mirrors } from '../mirror.js';
import type { NativeTunnels } from '../native-tunnel/native-tunnels.js';
import type { OpenFlowTable, Rule } from '../openflow-table.js';
import type { TraceNode } from './trace.js';

/** Something that packets of the megaflow count for, or keep alive. */
export type Credit =
  | { readonly kind: 'rule'; readonly rule: Rule }
  | { readonly kind: 'table'; readonly table: OpenFlowTable; readonly matched: boolean }
  | { readonly kind: 'port'; readonly tx: SwitchPort | null; readonly rx: SwitchPort | null }
  /** bucket null: all of them. */
  | { readonly kind: 'group'; readonly group: Group; readonly bucket: GroupBucket | null }
  | { readonly kind: 'learned-rule'; readonly bridge: Bridge; readonly request: LearnRequest }
  /** Once a TCP connection ends, the rule has only so many seconds to live. */
  | { readonly kind: 'fin-timeout'; readonly rule: Rule; readonly idle: number; readonly hard: number }
  /** A neighbour that is asked for, so that it does not age. */
  | { readonly kind: 'neighbour'; readonly native: NativeTunnels; readonly bridge: string; readonly ip: Uint8Array }
  /** What follows sees packets longer by so many bytes, until as many are taken off. */
  | { readonly kind: 'tunnel-header'; readonly size: number }
  /** A packet as it went to a bond, in a VLAN, where no rule counts what does. */
  | { readonly kind: 'bond'; readonly bond: Bond; readonly flow: FlowKey; readonly vlan: number }
  /** flow: as translation left it; output: an OpenFlow port or NETFLOW_*. */
  | { readonly kind: 'netflow'; readonly netflow: Netflow; readonly flow: FlowKey; readonly output: number }
  /** used: bits of the mirrors. */
  | { readonly kind: 'mirror'; readonly mirrors: Mirrors; readonly used: number }
  | {
      readonly kind: 'learn';
      readonly bundle: Bundle;
      readonly mac: string;
      readonly vlan: number;
      readonly gratuitousArp: boolean;
    };

/** A drop reason of the same name says what becomes of the packet. */
export type TranslateError = Extract<
  DropReason,
  | 'recursion-too-deep'
  | 'too-many-resubmits'
  | 'stack-too-deep'
  | 'no-recirculation-context'
  | 'recirculation-conflict'
  | 'bridge-not-found'
  | 'too-many-mpls-labels'
  | 'unsupported-packet-type'
  | 'invalid-tunnel-metadata'
>;

/** As ovs-appctl words them. */
export const TRANSLATE_ERROR_TEXT: Readonly<Record<TranslateError, string>> = {
  'recursion-too-deep': 'Recursion too deep',
  'too-many-resubmits': 'Too many resubmits',
  'stack-too-deep': 'Stack too deep',
  'no-recirculation-context': 'No recirculation context',
  'recirculation-conflict': 'Recirculation conflict',
  'bridge-not-found': 'Bridge not found',
  'too-many-mpls-labels': 'Too many MPLS labels',
  'unsupported-packet-type': 'Unsupported packet type',
  'invalid-tunnel-metadata': 'Invalid tunnel metadata',
};

/** Names one look-up in a bridge's forwarding database. */
export const fdbLookup = (bridge: string, mac: string, vlan: number): string => `${bridge}|${mac}/${vlan}`;

/** A copy of the packet on its way back. */
export interface Recirculated {
  readonly id: number;
  readonly flow: FlowKey;
  /** By way of the connection tracker? */
  readonly isConntrack: boolean;
  /** The translation of addresses that it was sent there for. */
  readonly nat: NatRequest | null;
}

export interface TranslateOutcome {
  /** Empty is drop. */
  readonly actions: readonly DpAction[];
  readonly wc: FlowKey;
  /** Reasons why each packet must come up to userspace. */
  readonly slow: ReadonlySet<SlowPathReason>;
  readonly error: TranslateError | null;
  /** False where what a packet does depends on what it would teach the bridge. */
  readonly mayBeCached: boolean;
  readonly credits: readonly Credit[];
  readonly trace: readonly TraceNode[];
  /** The flow as the last action left it. */
  readonly finalFlow: FlowKey;
  readonly recircIds: readonly number[];
  /** Copies of the packet that come back, as they are then: what a trace follows. */
  readonly recirculated: readonly Recirculated[];
  /** Addresses looked up in forwarding databases: where one moves, the outcome is stale. */
  readonly fdbLookups: readonly string[];
}
