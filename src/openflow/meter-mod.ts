/**
 * Meters as ovs-ofctl's text, OpenFlow's wire and the switch speak of them.
 * Mirrors openvswitch/ofp-meter.h; OpenFlow 1.5.1 §5.8, §7.3.4.5, §7.3.5.13-15.
 */
import type { Duration } from './duration.js';

/** Highest number of an ordinary meter (OFPM13_MAX); above it are the slow path's, the controller's and "all". */
export const OFPM_MAX = 0xffff0000;
export const OFPM_SLOWPATH = 0xfffffffd;
export const OFPM_CONTROLLER = 0xfffffffe;
export const OFPM_ALL = 0xffffffff;

/** OFPMF13_*. */
export const OFPMF_KBPS = 1;
export const OFPMF_PKTPS = 2;
export const OFPMF_BURST = 4;
export const OFPMF_STATS = 8;

export interface MeterBand {
  readonly type: 'drop' | 'dscp_remark';
  /** kbit/s or packets/s, as the meter's flags say. */
  readonly rate: number;
  readonly burstSize: number;
  /** dscp_remark: by how much the drop precedence is raised; else 0. */
  readonly precedenceLevel: number;
}

export interface MeterConfig {
  readonly meterId: number;
  readonly flags: number;
  readonly bands: readonly MeterBand[];
}

export type MeterModCommand = 'add' | 'modify' | 'delete';

export interface MeterMod {
  readonly command: MeterModCommand;
  readonly meter: MeterConfig;
}

export interface MeterStatsEntry {
  readonly meterId: number;
  readonly flowCount: number;
  readonly packetsIn: bigint;
  readonly bytesIn: bigint;
  readonly duration: Duration;
  readonly bands: readonly { readonly packets: bigint; readonly bytes: bigint }[];
}

export interface MeterFeatures {
  readonly maxMeters: number;
  /** Bits 1 << 1 (drop) and 1 << 2 (dscp_remark). */
  readonly bandTypes: number;
  readonly capabilities: number;
  readonly maxBands: number;
  readonly maxColors: number;
}
