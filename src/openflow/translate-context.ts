/**
 * What an action's translation may ask of the bridge that translates. `src/vswitchd/translate` implements it; actions
 * know nothing else of the switch. Mirrors the parts of `struct xlate_ctx` (ofproto-dpif-xlate.c) that
 * do_xlate_actions() uses.
 */
import type { SlowPathReason } from '#datapath/dpif.js';
import type { Field } from '#flowtable/fields.js';
import type { FlowKey } from '#flowtable/flow-key.js';
import type { Action } from './action/action.js';
import type { FlowMod } from './flow-mod.js';
import type { Subfield } from './subfield.js';

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
  /** The meter that the packet-in counts against; absent or null: none. */
  readonly meterId?: number | null;
  readonly controllerId: number;
  /** OFPR_*: 0 no_match, 1 action, 2 invalid_ttl, … */
  readonly reason: number;
  readonly userdata: Uint8Array;
  readonly pause: boolean;
}

/** What ct(nat(…)) asks for; null addresses: undo what was translated before. */
export interface NatRequest {
  readonly type: 'src' | 'dst' | null;
  /** First and last address, of 4 or 16 bytes; null where the datapath chooses. */
  readonly addresses: { readonly family: 4 | 6; readonly min: bigint; readonly max: bigint } | null;
  readonly ports: { readonly min: number; readonly max: number } | null;
  readonly persistent: boolean;
  /** How a port is chosen from the range; null: as the datapath likes. */
  readonly selection: 'hash' | 'random' | null;
}

export interface ConntrackRequest {
  readonly commit: boolean;
  readonly force: boolean;
  /** A number, or the field of the packet that holds it: the translator reads it and adds its bits to wc. */
  readonly zone: number | Subfield;
  /** Where the packet goes on after the tracker has seen it; null: nowhere, the tracked copy ends. */
  readonly recircTable: number | null;
  readonly alg: 'ftp' | 'tftp' | null;
  readonly nat: NatRequest | null;
  /** exec(…): they set ct_mark and ct_label of the packet, to be committed with the connection. */
  readonly actions: readonly Action[];
}

export interface LearnRequest {
  /** A strict modify that adds the flow where there is none: what this packet teaches. */
  readonly mod: FlowMod;
  /** Flows that all learn actions with the same table and cookie may have added; 0: as many as they like. */
  readonly limit: number;
  /** The bit that becomes 1 where the flow was learned (or there already), else 0. */
  readonly resultDestination: Subfield | null;
}

export interface SampleRequest {
  /** Of 65535 packets so many are sampled. */
  readonly probability: number;
  readonly collectorSetId: number;
  readonly observationDomainId: number;
  readonly observationPointId: number;
  /** OFPP_NONE: the port that the packet came in by. */
  readonly samplingPort: number;
  readonly direction: 'default' | 'ingress' | 'egress';
}

/** A property of an encap action (OpenFlow EXT-382): a class, a type and bytes. */
export type EncapProperty =
  | { readonly kind: 'md-type'; readonly mdType: number }
  | { readonly kind: 'tlv'; readonly tlvClass: number; readonly type: number; readonly value: Uint8Array };

export interface EncapRequest {
  /** (namespace << 16) | type of the header to add: Ethernet, NSH, MPLS. */
  readonly packetType: number;
  readonly properties: readonly EncapProperty[];
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
  /** Packets leave by the queue from here on; false where the datapath has no such queue. */
  setQueue(queue: number): boolean;
  /** They leave by the queue that they came with. */
  popQueue(): void;

  group(groupId: number): void;
  meter(meterId: number): void;
  conntrack(request: ConntrackRequest): void;
  /** Forgets the packet's connection if an earlier ct action gave it one. */
  ctClear(): void;
  /** Its sources are in wc already. The translator carries it out where side effects are allowed. */
  learn(request: LearnRequest): void;
  /** output(port=,max_len=): at most so many bytes. */
  outputTruncated(port: number, maxLen: number): void;
  sample(request: SampleRequest): void;
  /** Sets the bit when the packet is longer; the actions that follow are translated for either case. */
  checkPacketLarger(size: number, destination: Subfield): void;
  pushMpls(ethertype: number): void;
  popMpls(ethertype: number): void;
  /** Decrements the outer label's TTL; at 0 or 1 sends the packet to the controllers and ends the pipeline. */
  decrementMplsTtl(): boolean;
  /** As decrementMplsTtl, for NSH's TTL (RFC 8300 §2.2): at 0 ends the pipeline. */
  decrementNshTtl(): boolean;
  encap(request: EncapRequest): void;
  /** The packet's type afterwards, (namespace << 16) | type; null: what the removed header says. */
  decap(packetType: number | null): void;
  /** May packets be sent to this port now? (bundle.) Never asked for reserved ports but LOCAL. */
  portIsLive(port: number): boolean;
  /** Shortens the rule's time-outs once a TCP connection ends. */
  finTimeout(idle: number, hard: number): void;
  debugRecirc(): void;
  /** Every packet of this kind must come up to userspace. */
  slowPath(reason: SlowPathReason): void;

  /** Adds a line under the action's line in the trace: what happened, and what did not that the user may want. */
  note(text: string): void;
  warn(text: string): void;
}
