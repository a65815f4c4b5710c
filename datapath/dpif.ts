/**
 * The datapath interface: all that userspace may ask of a datapath and all that a datapath tells userspace.
 *
 * Mirrors lib/dpif.h and the kernel's OVS netlink families (linux/openvswitch.h). Both halves of the switch share no
 * state but the messages of this file, so that another datapath (a worker, another process) fits behind it.
 */
import type { FlowKey } from '#flowtable/flow-key.js';
import type { BondTable } from './bond-table.js';
import type { ConnectionTracker } from './conntrack/connection-tracker.js';
import type { FragmentTracker } from './conntrack/fragment-tracker.js';
import type { DropReason } from './drop-reason.js';

/** Groups of fields that one `set` action writes; the names of the OVS_KEY_ATTR_* attributes. */
export type SetAttribute =
  | 'skb_priority'
  | 'skb_mark'
  | 'tunnel'
  | 'eth'
  | 'ipv4'
  | 'ipv6'
  | 'tcp'
  | 'udp'
  | 'sctp'
  | 'icmp'
  | 'icmpv6'
  | 'arp'
  | 'nd'
  | 'nd_ext'
  | 'mpls'
  | 'nsh';

/** Why a packet is handled in userspace although a flow matched (lib/odp-util.h SLOW_PATH_REASONS). */
export type SlowPathReason = 'cfm' | 'bfd' | 'lacp' | 'stp' | 'lldp' | 'controller' | 'action' | 'match';

/** What a userspace action carries back up with the packet. */
export type UserspaceCookie =
  | { readonly kind: 'slow-path'; readonly reason: SlowPathReason; readonly inPort: number }
  | {
      readonly kind: 'controller';
      readonly reason: number;
      readonly dontSend: boolean;
      readonly continuation: boolean;
      readonly recircId: number;
      readonly ruleCookie: bigint;
      readonly controllerId: number;
      readonly maxLen: number;
    }
  | SampleCookie
  /** Bytes that only their author understands. */
  | { readonly kind: 'userdata'; readonly bytes: Uint8Array };

/** A packet that was sampled for a collector. Where one is for another bridge than the packet came to, bridge says so. */
export type SampleCookie =
  | {
      readonly kind: 'sflow';
      readonly bridge: string;
      /** The first tag that the packet leaves with, and where to: sFlow's interface number. */
      readonly vlanTci: number;
      readonly output: number;
    }
  | {
      readonly kind: 'flow-sample';
      readonly bridge: string;
      /** Of 65535. */
      readonly probability: number;
      readonly collectorSetId: number;
      readonly observationDomainId: number;
      readonly observationPointId: number;
      /** NO_PORT where the packet is sampled as it comes in. */
      readonly outputPort: number;
      readonly direction: 'default' | 'ingress' | 'egress';
    }
  | { readonly kind: 'ipfix'; readonly bridge: string; readonly outputPort: number };

/** No datapath port (ODPP_NONE). */
export const NO_PORT = 0xffff_ffff;

export interface UserspaceAction {
  readonly kind: 'userspace';
  readonly pid: number;
  readonly cookie: UserspaceCookie;
  /** The flow's actions go up, too. */
  readonly withActions?: boolean;
  /** The header that this tunnel port would give the packet goes up, too. */
  readonly tunnelOutPort?: number;
}

export type DpAction =
  | { readonly kind: 'output'; readonly port: number }
  | UserspaceAction
  /**
   * Writes the bits of mask (all bits of the attribute when null) from value. Both are keys of which only the fields
   * of the attribute count. Of nsh, value's mdtype says whether there is a fixed context; it is not written.
   */
  | { readonly kind: 'set'; readonly attribute: SetAttribute; readonly value: FlowKey; readonly mask: FlowKey | null }
  /** tci without the presence bit in bit 12 is refused: OVS sets it always. */
  | { readonly kind: 'push_vlan'; readonly tpid: number; readonly tci: number }
  | { readonly kind: 'pop_vlan' }
  | { readonly kind: 'recirc'; readonly id: number }
  | { readonly kind: 'drop'; readonly reason: DropReason }
  /** The outputs that follow, up to the next one that is not cut, send at most so many bytes. */
  | { readonly kind: 'trunc'; readonly maxLen: number }
  /** Runs actions on a copy of the packet. */
  | { readonly kind: 'clone'; readonly actions: readonly DpAction[] }
  /** Runs actions on a copy of some packets: probability of 2^32 - 1. */
  | { readonly kind: 'sample'; readonly probability: number; readonly actions: readonly DpAction[] }
  /** Computes dp_hash of the packet: L4 (OVS_HASH_ALG_L4, 0) or symmetric L4 (1). */
  | { readonly kind: 'hash'; readonly algorithm: 0 | 1; readonly basis: number }
  | {
      readonly kind: 'check_pkt_len';
      readonly size: number;
      readonly greater: readonly DpAction[];
      readonly lessOrEqual: readonly DpAction[];
    }
  /** lse: the label stack entry, host order as a number (label << 12 | tc << 9 | bos << 8 | ttl). */
  | { readonly kind: 'push_mpls'; readonly ethertype: number; readonly lse: number }
  | { readonly kind: 'pop_mpls'; readonly ethertype: number }
  /** As push_mpls, in front of the whole packet, which has no Ethernet header then. */
  | { readonly kind: 'add_mpls'; readonly ethertype: number; readonly lse: number }
  /** Addresses of six bytes. */
  | { readonly kind: 'push_eth'; readonly source: Uint8Array; readonly destination: Uint8Array }
  | { readonly kind: 'pop_eth' }
  /** header: all of it (RFC 8300); its next protocol is filled in. */
  | { readonly kind: 'push_nsh'; readonly header: Uint8Array }
  | { readonly kind: 'pop_nsh' }
  | { readonly kind: 'meter'; readonly id: number }
  | ConntrackAction
  | { readonly kind: 'ct_clear' }
  | TunnelPushAction
  /** Takes the tunnel headers off and looks the packet up once more, as one that came in by the tunnel port. */
  | { readonly kind: 'tnl_pop'; readonly port: number }
  /** Sends to the member of a bond (Dpif.bonds) that the packet's hash names. */
  | { readonly kind: 'lb_output'; readonly bond: number };

/** Which tunnel header a tnl_push writes; GRE over IPv6 is a type of its own in OVS, and follows from the header. */
export type TunnelPushType = 'gre' | 'vxlan' | 'geneve' | 'erspan' | 'gtpu';

/**
 * Writes outer headers in front of the packet (OVS_ACTION_ATTR_TUNNEL_PUSH). The actions behind it send it on; its
 * metadata is that of a packet which came in by outPort.
 */
export interface TunnelPushAction {
  readonly kind: 'tnl_push';
  /** The tunnel port whose header it is. */
  readonly port: number;
  readonly outPort: number;
  readonly type: TunnelPushType;
  /** All headers from Ethernet to the tunnel's own; lengths, checksums and the UDP source port are filled in. */
  readonly header: Uint8Array;
}

/** Sends the packet through the connection tracker (OVS_ACTION_ATTR_CT). */
export interface ConntrackAction {
  readonly kind: 'ct';
  readonly commit: boolean;
  /** With commit: a connection in the other direction is replaced. */
  readonly force: boolean;
  readonly zone: number;
  readonly mark: { readonly value: number; readonly mask: number } | null;
  /** 16 bytes each, network order. */
  readonly label: { readonly value: Uint8Array; readonly mask: Uint8Array } | null;
  readonly helper: 'ftp' | 'tftp' | null;
  readonly nat: ConntrackNat | null;
  /** Name of a timeout policy: decimal numbers in userspace's datapath. Absent for the default. */
  readonly timeout?: string;
}

/** type null: undo, for packets of a connection, what was translated before. Addresses of 4 or 16 bytes. */
export interface ConntrackNat {
  readonly type: 'src' | 'dst' | null;
  readonly addresses: { readonly min: Uint8Array; readonly max: Uint8Array } | null;
  readonly ports: { readonly min: number; readonly max: number } | null;
  readonly persistent: boolean;
  readonly selection: 'hash' | 'random' | null;
}

/** One band of a meter (OpenFlow 1.5.1 §7.3.4.5): rate and burst in the meter's unit. */
export interface MeterBand {
  readonly type: 'drop' | 'dscp_remark';
  readonly rate: number;
  readonly burst: number;
  readonly precedence: number;
}

export interface MeterSpec {
  readonly id: number;
  readonly unit: 'kbps' | 'pktps';
  /** Does the meter take bursts from its bands? */
  readonly hasBurst: boolean;
  readonly bands: readonly MeterBand[];
}

/** bad-rate: a band's rate is zero. */
export type MeterSetResult = 'ok' | 'bad-id' | 'too-many-bands' | 'bad-rate';

export interface MeterStats {
  readonly packets: number;
  readonly bytes: number;
  readonly bands: readonly { readonly packets: number; readonly bytes: number }[];
}

export interface FlowStats {
  readonly packets: number;
  readonly bytes: number;
  /** Time of the last packet, -1 when never used. */
  readonly usedNs: number;
  /** Union of the TCP flags seen. */
  readonly tcpFlags: number;
}

export interface DpFlow {
  /** Unique flow identifier: 128 bits as 32 hex digits, derived from key and mask. */
  readonly ufid: string;
  readonly key: FlowKey;
  readonly mask: FlowKey;
  readonly actions: readonly DpAction[];
  readonly stats: FlowStats;
  readonly createdNs: number;
}

export interface Upcall {
  /** miss: no flow matched. action: a userspace action was executed. */
  readonly kind: 'miss' | 'action';
  /** The key that was extracted (for action: as actions had changed it). */
  readonly key: FlowKey;
  /** The frame, owned by the receiver. */
  readonly packet: Uint8Array;
  readonly cookie: UserspaceCookie | null;
  readonly arrivedNs: number;
}

export interface FlowPut {
  readonly key: FlowKey;
  readonly mask: FlowKey;
  readonly actions: readonly DpAction[];
  /** create fails on a flow that exists, modify on one that does not, put does either. */
  readonly mode: 'create' | 'modify' | 'put';
}

export type FlowPutResult = 'ok' | 'exists' | 'missing' | 'table-full' | 'overlaps';

export type VportType =
  | 'internal'
  | 'netdev'
  | 'dummy'
  | 'vxlan'
  | 'gre'
  | 'geneve'
  | 'erspan'
  | 'ip6erspan'
  | 'ip6gre'
  | 'gtpu';

export interface VportSpec {
  readonly name: string;
  readonly type: VportType;
  /** The number wanted, or undefined for the lowest free one. */
  readonly port?: number;
  readonly mtu?: number;
  /** vxlan, geneve: the UDP port, 4789 or 6081 by default; vxlan: whether the GBP extension is on. */
  readonly udpPort?: number;
  readonly gbp?: boolean;
  /**
   * internal, netdev, dummy: takes frames that leave by the port. The bytes are valid during the call only.
   * Frames come in by Datapath.receive().
   */
  readonly transmit?: (frame: Uint8Array) => void;
  /** Instead of transmit: takes the frame where it lies, without an array made for it. The same rules hold. */
  readonly transmitInPlace?: (bytes: Uint8Array, start: number, length: number) => void;
}

export interface VportStats {
  readonly rxPackets: number;
  readonly rxBytes: number;
  readonly txPackets: number;
  readonly txBytes: number;
  readonly rxDropped: number;
  readonly txDropped: number;
  readonly rxErrors: number;
  readonly txErrors: number;
}

export interface VportInfo {
  readonly port: number;
  readonly name: string;
  readonly type: VportType;
  readonly mtu: number;
  readonly up: boolean;
  readonly stats: VportStats;
  /** Drops at this port by reason; reasons that never happened are absent. */
  readonly drops: ReadonlyMap<DropReason, number>;
  readonly udpPort?: number;
}

export interface DatapathStats {
  /** Packets that a flow matched: microflow cache and megaflow table together. */
  readonly hits: number;
  readonly microflowHits: number;
  readonly megaflowHits: number;
  readonly missed: number;
  /** Misses that found no room in the upcall queue. */
  readonly lost: number;
  readonly flows: number;
  readonly masks: number;
  /** Subtables (masks) probed by all lookups. */
  readonly maskHits: number;
  /** Microflow cache hits as the kernel counts them (`cache hits` of dpctl/show). */
  readonly cacheHits: number;
  readonly recirculations: number;
}

export type BondControl = Pick<BondTable, 'put' | 'delete' | 'bytesOf' | 'list'>;

/** What userspace may ask of connection tracking (lib/ct-dpif.h). */
export type ConntrackControl = Pick<
  ConnectionTracker,
  | 'count'
  | 'entries'
  | 'flush'
  | 'flushTuple'
  | 'isTcpSequenceChecked'
  | 'maxConnections'
  | 'timeoutPolicies'
  | 'zoneLimits'
>;

/** What userspace may ask of the gathering of fragments that goes before connection tracking. */
export type FragmentControl = Pick<FragmentTracker, 'count' | 'gathering' | 'ipv4' | 'ipv6' | 'maxFragments'>;

export interface Dpif {
  readonly name: string;
  portAdd(spec: VportSpec): number;
  portDelete(port: number): boolean;
  /** Changes what may change while a port lives. */
  portSet(port: number, change: { readonly up?: boolean; readonly mtu?: number }): void;
  portGet(port: number): VportInfo | null;
  portDump(): readonly VportInfo[];

  flowPut(put: FlowPut): FlowPutResult;
  /** Removes the flow and returns it with its last statistics. */
  flowDelete(ufid: string): DpFlow | null;
  flowGet(ufid: string): DpFlow | null;
  flowDump(): Iterable<DpFlow>;
  flowFlush(): void;
  flowCount(): number;

  /** Runs actions on a packet: key gives its metadata (in_port, tunnel, marks, recirc_id); the rest is extracted. */
  execute(packet: Uint8Array, key: FlowKey, actions: readonly DpAction[]): void;

  /**
   * The next upcall, or null. Upcalls of all ports are served in turn. A queued miss whose flow has been installed
   * since is executed instead of being returned.
   */
  upcallReceive(): Upcall | null;
  /** Called when the queue stops being empty. The listener must not drain the queue from within the call. */
  onUpcall(listener: () => void): void;

  /** Makes a meter or replaces one, with full buckets and counters of zero. */
  meterSet(spec: MeterSpec): MeterSetResult;
  meterStats(id: number): MeterStats | null;
  /** Removes the meter and returns its last counters; packets that still ask for it pass. */
  meterDelete(id: number): MeterStats | null;

  /** Bonds whose members the datapath chooses itself. */
  bonds(): BondControl;

  /** The connection tracker that the datapath's ct actions use. */
  conntrack(): ConntrackControl;
  fragments(): FragmentControl;

  stats(): DatapathStats;
  /** Drops that belong to no port: frames for ports that do not exist, or have gone. */
  drops(): ReadonlyMap<DropReason, number>;

  /**
   * Who hears of every frame that leaves by a port or dies in this datapath, just after it was counted: for captures at
   * ports, for files of dropped frames and for explanations. One observer at a time, null for none; while there is none
   * a frame costs its counters only. A datapath that cannot tell does not have the method.
   */
  observe?(observer: FrameObserver | null): void;
}

/** The frame's bytes are valid during the call only. */
export interface FrameObserver {
  transmitted(port: number, frame: Uint8Array): void;
  /** inPort is the port that the frame came in by. */
  dropped(reason: DropReason, inPort: number, frame: Uint8Array): void;
}
