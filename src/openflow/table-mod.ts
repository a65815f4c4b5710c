/**
 * Flow tables as ovs-ofctl's text, OpenFlow's wire and the switch speak of them.
 * Mirrors openvswitch/ofp-table.h; OpenFlow 1.5.1 §7.3.4.1, §7.3.5.5-8.
 */

/** What becomes of a packet that no flow of a table matches (OpenFlow 1.1 and 1.2 can set it). */
export type TableMiss = 'default' | 'controller' | 'continue' | 'drop';

export interface TableMod {
  /** 255: all tables. */
  readonly tableId: number;
  /** OpenFlow 1.1 and 1.2; null in other versions. */
  readonly miss: TableMiss | null;
  /** OpenFlow 1.4 and later: throw the least important flows out of a full table? null: leave it. */
  readonly eviction: boolean | null;
  /** OpenFlow 1.4 and later: events at these percentages of free space; null: leave it. */
  readonly vacancy: { readonly isOn: boolean; readonly down: number; readonly up: number } | null;
}

export interface TableStatsEntry {
  readonly tableId: number;
  readonly name: string;
  readonly maxEntries: number;
  readonly active: number;
  readonly lookups: bigint;
  readonly matched: bigint;
  readonly miss: TableMiss;
}

export const DEFAULT_EVICTION_FLAGS = 0xffff_ffff;

export interface TableDescription {
  readonly tableId: number;
  readonly eviction: boolean;
  /** OFPTMPEF14_*: OTHER 1, IMPORTANCE 2, LIFETIME 4; DEFAULT_EVICTION_FLAGS: none are told. */
  readonly evictionFlags: number;
  /** null: no events. */
  readonly vacancy: { readonly down: number; readonly up: number; readonly vacancy: number } | null;
}
