/**
 * A switch as ovs-ofctl and scenarios see it: requests and answers as objects, whatever carries them (a call today,
 * OpenFlow's wire with the daemon issue). vswitchd's Ofproto implements it.
 */
import type { Match } from '#flowtable/match.js';
import type { Action } from './action/action.js';
import type { FlowMod, FlowModFlags } from './flow-mod.js';
import type { PortNames } from './ports.js';

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

export interface PortDescription {
  readonly port: number;
  readonly name: string;
  /** Six bytes. */
  readonly mac: Uint8Array;
  /** OFPPC_*: PORT_DOWN 1, NO_STP 2, NO_RECV 4, NO_FLOOD 16, NO_FWD 32, NO_PACKET_IN 64. */
  readonly config: number;
  /** OFPPS_LINK_DOWN 1, LIVE 4. */
  readonly state: number;
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
  readonly packet: Uint8Array;
  readonly actions: readonly Action[];
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

export interface SwitchConnection {
  readonly name: string;
  readonly ports: PortNames;
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
}
