/**
 * A switch as ovs-ofctl and scenarios see it: requests and answers as objects, whatever carries them (a call today,
 * OpenFlow's wire with the daemon issue). vswitchd's Ofproto implements it.
 */
import type { Match } from '#flowtable/match.js';
import { UserError } from '../report/user-error.js';
import type { ControllerConnection, ControllerOptions } from './async-message.js';
import type { Action } from './action/action.js';
import type { FlowMod, FlowModFlags } from './flow-mod.js';
import type { GroupDescription, GroupFeatures, GroupMod, GroupStatsEntry } from './group-mod.js';
import type { MeterConfig, MeterFeatures, MeterMod, MeterStatsEntry } from './meter-mod.js';
import type { PortNames } from './ports.js';
import type { OpenFlowVersion } from './protocol.js';
import type { TableDescription, TableMod, TableStatsEntry } from './table-mod.js';
import type { TlvTable, TlvTableMod } from './tlv-map.js';

export interface FlowStatsRequest {
  readonly tableId: number;
  readonly match: Match;
  readonly cookie: bigint;
  readonly cookieMask: bigint;
  readonly outPort: number | null;
  readonly outGroup: number | null;
}

export interface FlowStatsEntry {
  readonly tableId: number;
  readonly match: Match;
  readonly priority: number;
  readonly cookie: bigint;
  readonly durationNs: number;
  readonly idleAgeNs: number;
  readonly hardAgeNs: number;
  readonly idleTimeout: number;
  readonly hardTimeout: number;
  readonly importance: number;
  readonly flags: FlowModFlags;
  readonly packets: number;
  readonly bytes: number;
  readonly actions: readonly Action[];
}

/** OFPPF_* bits as OpenFlow 1.1 numbers them: speeds, media, negotiation. */
export interface PortFeatures {
  readonly current: number;
  readonly advertised: number;
  readonly supported: number;
  readonly peer: number;
}

export interface PortDescription {
  readonly port: number;
  readonly name: string;
  /** Six bytes. */
  readonly mac: Uint8Array;
  /** OFPPC_*: PORT_DOWN 1, NO_STP 2, NO_RECV 4, NO_FLOOD 16, NO_FWD 32, NO_PACKET_IN 64. */
  readonly config: number;
  /** OFPPS_LINK_DOWN 1, LIVE 4. */
  readonly state: number;
  /** Absent where the device tells nothing of them. */
  readonly features?: PortFeatures;
  /** Current speed in kbps, 0 when unknown. */
  readonly currentSpeedKbps: number;
  readonly maxSpeedKbps: number;
}

export interface PortStatsEntry {
  readonly port: number;
  readonly name: string;
  /** -1n where the port does not know a counter; ovs-ofctl prints `?`. */
  readonly rxPackets: bigint;
  readonly rxBytes: bigint;
  readonly rxDropped: bigint;
  readonly rxErrors: bigint;
  readonly rxFrameErrors: bigint;
  readonly rxOverErrors: bigint;
  readonly rxCrcErrors: bigint;
  readonly txPackets: bigint;
  readonly txBytes: bigint;
  readonly txDropped: bigint;
  readonly txErrors: bigint;
  readonly collisions: bigint;
  /** How long the port has been there; absent where it is not known. */
  readonly durationNs?: number;
}

export interface SwitchFeatures {
  readonly datapathId: bigint;
  readonly bufferCount: number;
  readonly tableCount: number;
}

export interface PacketOut {
  readonly inPort: number;
  /** Where the switch keeps the packet, which then is not in the message; absent: nowhere. */
  readonly bufferId?: number;
  readonly packet: Uint8Array;
  readonly actions: readonly Action[];
  /** What OpenFlow 1.5 tells of the packet besides: registers, tunnel, marks, the packet's type. */
  readonly metadata?: Match;
}

export interface SwitchDescription {
  readonly manufacturer: string;
  readonly hardware: string;
  readonly software: string;
  readonly serialNumber: string;
  readonly datapath: string;
}

/** How the switch treats IP fragments (OFPC_FRAG_*, and OVS's nx-match). */
export type FragmentHandling = 'normal' | 'drop' | 'reassemble' | 'nx-match';

/** One message of a bundle; each in the form in which the switch receives it. */
export type BundleMessage =
  | { readonly kind: 'flow-mod'; readonly mod: FlowMod }
  | { readonly kind: 'group-mod'; readonly mod: GroupMod }
  | { readonly kind: 'port-mod'; readonly port: number; readonly config: number; readonly mask: number }
  | { readonly kind: 'packet-out'; readonly message: PacketOut };

export interface QueueStatsEntry {
  readonly port: number;
  readonly queueId: number;
  readonly txBytes: bigint;
  readonly txPackets: bigint;
  readonly txErrors: bigint;
  readonly durationNs: number;
}

/** One direction of a connection, as ct-flush names it; null: any. */
export interface CtTuple {
  readonly source: bigint | null;
  readonly destination: bigint | null;
  readonly sourcePort: number | null;
  readonly destinationPort: number | null;
  readonly icmpType: number | null;
  readonly icmpCode: number | null;
  readonly icmpId: number | null;
}

export interface CtFlushRequest {
  readonly zone: number | null;
  /** 4, 6, or null where no address says. */
  readonly family: 4 | 6 | null;
  /** 0: any. */
  readonly protocol: number;
  readonly original: CtTuple | null;
  readonly reply: CtTuple | null;
}

/** What an IPFIX exporter has sampled and sent. */
export interface IpfixStats {
  readonly flows: number;
  readonly currentFlows: number;
  readonly packets: number;
  readonly ipv4Packets: number;
  readonly ipv6Packets: number;
  readonly errorPackets: number;
  readonly ipv4ErrorPackets: number;
  readonly ipv6ErrorPackets: number;
  readonly sent: number;
  readonly sendErrors: number;
}

/** An OpenFlow error as a switch answers it (OFPT_ERROR): the words are ovs-ofctl's. */
export class OpenFlowError extends Error {
  /** OFPFMFC_OVERLAP, OFPBAC_BAD_OUT_PORT, … */
  readonly code: string;

  constructor(code: string, message: string = code) {
    super(message);
    this.name = 'OpenFlowError';
    this.code = code;
  }
}

/** The error of one message of a bundle, of which then none is carried out. */
export class BundleError extends OpenFlowError {
  /** The message's place in the bundle, from 0. */
  readonly index: number;

  constructor(cause: OpenFlowError, index: number) {
    super(cause.code, cause.message);
    this.name = 'BundleError';
    this.index = index;
  }
}

export interface SwitchConnection {
  readonly name: string;
  readonly ports: PortNames;
  /** Versions of OpenFlow that it speaks; none named: all. */
  readonly versions?: readonly OpenFlowVersion[];
  features(): SwitchFeatures;
  portDescriptions(): readonly PortDescription[];
  portStats(port: number | null): readonly PortStatsEntry[];
  /** Applies all or none of them, in order; throws OpenFlowError and leaves the tables as they were. */
  flowMods(mods: readonly FlowMod[]): void;
  /** In the order in which OVS would give them. */
  flowStats(request: FlowStatsRequest): readonly FlowStatsEntry[];
  packetOut(message: PacketOut): void;
  /** Sets or clears OFPPC_* bits of a port. */
  portMod(port: number, config: number, mask: number): void;

  /*
   * What follows is asked for through `offering()` below, so that a switch without it says so.
   */
  description?(): SwitchDescription;
  /** Each by itself, in order; throws OpenFlowError at the first that is refused. */
  groupMods?(mods: readonly GroupMod[]): void;
  /** null: all groups. */
  groupDescriptions?(groupId: number | null): readonly GroupDescription[];
  groupStats?(groupId: number | null): readonly GroupStatsEntry[];
  groupFeatures?(): GroupFeatures;
  meterMod?(mod: MeterMod): void;
  /** OFPM_ALL: all meters. */
  meterConfigs?(meterId: number): readonly MeterConfig[];
  meterStats?(meterId: number): readonly MeterStatsEntry[];
  meterFeatures?(): MeterFeatures;
  tableMod?(mod: TableMod): void;
  /** One entry for each table that OpenFlow may see. */
  tableStats?(): readonly TableStatsEntry[];
  tableDescriptions?(): readonly TableDescription[];
  /** Names the table; throws OFPTFFC_EPERM where the database names it. */
  setTableName?(tableId: number, name: string): void;
  tlvTableMod?(mod: TlvTableMod): void;
  tlvTable?(): TlvTable;
  fragmentHandling?(): FragmentHandling;
  setFragmentHandling?(handling: FragmentHandling): void;
  /** null: all ports, all queues. Throws OFPQOFC_BAD_PORT, OFPQOFC_BAD_QUEUE. */
  queueStats?(port: number | null, queueId: number | null): readonly QueueStatsEntry[];
  /** Applies all or none of them, in order; throws BundleError. */
  bundle?(messages: readonly BundleMessage[]): void;
  ctFlush?(request: CtFlushRequest): void;
  /** Null where the bridge has no IPFIX exporter. */
  ipfixBridgeStats?(): IpfixStats | null;
  /** Of the exporters of its collector sets. */
  ipfixSetStats?(): readonly (IpfixStats & { readonly collectorSetId: number })[];
  /** Connects a controller, which hears what the switch says unasked. */
  connect?(options: ControllerOptions): ControllerConnection;
}

/** The switch as one that has the method; throws where it does not. */
export function offering<K extends keyof SwitchConnection>(
  connection: SwitchConnection,
  method: K,
): SwitchConnection & { readonly [P in K]-?: NonNullable<SwitchConnection[P]> } {
  if (connection[method] === undefined)
    throw new UserError(`${connection.name}: Upcall's switch cannot do ${method} yet`);
  return connection as SwitchConnection & { readonly [P in K]-?: NonNullable<SwitchConnection[P]> };
}
