/**
 * The flows of a datapath: what userspace put, and what happened to each. The megaflow table finds the slot; here is
 * what the slot means: actions, statistics, UFID.
 *
 * Mirrors `struct sw_flow` (net/openvswitch/flow.h) and `struct dp_netdev_flow`. Statistics lie in typed arrays by
 * slot, so that counting a packet makes no garbage.
 */
import type { FlowKey } from '#flowtable/flow-key.js';
import { ufidOf } from '#flowtable/hash.js';
import {
  type MegaflowTableOptions,
  INSERT_EXISTS,
  INSERT_FULL,
  INSERT_OVERLAPS,
  MegaflowTable,
} from '#flowtable/megaflow-table.js';
import { compileActions } from './action/compile.js';
import type { ActionProgram } from './action/program.js';
import type { DpAction, DpFlow, FlowPut, FlowPutResult } from './dpif.js';

/** Numbers of a flow's statistics: packets, bytes, time of the last packet (-1: none). */
export const STAT_PACKETS = 0;
export const STAT_BYTES = 1;
export const STAT_USED_NS = 2;
export const STAT_STRIDE = 4;

interface FlowRecord {
  readonly ufid: string;
  readonly mask: FlowKey;
  readonly actions: readonly DpAction[];
  readonly createdNs: number;
}

export class FlowStore {
  readonly table: MegaflowTable;
  private readonly records: (FlowRecord | null)[] = [];
  private readonly slotByUfid = new Map<string, number>();
  /** By slot. */
  readonly programs: (ActionProgram | null)[] = [];
  stats = new Float64Array(1024 * STAT_STRIDE);
  tcpFlags = new Int32Array(1024);
  /** The port of a flow whose only action is output, else -1. */
  soleOutputs = new Int32Array(1024);

  constructor(options: MegaflowTableOptions) {
    this.table = new MegaflowTable(options);
  }

  put(put: FlowPut, nowNs: number): FlowPutResult {
    const program = compileActions(put.actions);
    const ufid = ufidOf(put.key, put.mask);
    const old = this.slotByUfid.get(ufid);
    if (old !== undefined) {
      if (put.mode === 'create') return 'exists';
      this.programs[old] = program;
      this.soleOutputs[old] = program.soleOutput;
      this.records[old] = { ...this.records[old]!, actions: put.actions };
      return 'ok';
    }
    if (put.mode === 'modify') return 'missing';
    const slot = this.table.insert(put.key, put.mask);
    switch (slot) {
      case INSERT_EXISTS:
        return 'exists';
      case INSERT_FULL:
        return 'table-full';
      case INSERT_OVERLAPS:
        return 'overlaps';
      default:
    }
    this.reserve(slot);
    this.programs[slot] = program;
    this.soleOutputs[slot] = program.soleOutput;
    this.records[slot] = { ufid, mask: this.table.maskOf(slot), actions: put.actions, createdNs: nowNs };
    this.stats.fill(0, slot * STAT_STRIDE, slot * STAT_STRIDE + STAT_STRIDE);
    this.stats[slot * STAT_STRIDE + STAT_USED_NS] = -1;
    this.tcpFlags[slot] = 0;
    this.slotByUfid.set(ufid, slot);
    return 'ok';
  }

  /** Counts a packet of the flow. tcpFlags are 12 bits; those of neighbour discovery are the type of its option, as in OVS. */
  credit(slot: number, length: number, nowNs: number, tcpFlags: number): void {
    const { stats } = this;
    const at = slot * STAT_STRIDE;
    stats[at] = stats[at]! + 1;
    stats[at + STAT_BYTES] = stats[at + STAT_BYTES]! + length;
    stats[at + STAT_USED_NS] = nowNs;
    this.tcpFlags[slot] = this.tcpFlags[slot]! | tcpFlags;
  }

  get(ufid: string): DpFlow | null {
    const slot = this.slotByUfid.get(ufid);
    return slot === undefined ? null : this.describe(slot);
  }

  delete(ufid: string): DpFlow | null {
    const slot = this.slotByUfid.get(ufid);
    if (slot === undefined) return null;
    const flow = this.describe(slot);
    this.remove(slot, ufid);
    return flow;
  }

  /** Flows may come and go while the dump is read; each is given at most once. */
  *dump(): Iterable<DpFlow> {
    for (const slot of this.table.slots()) yield this.describe(slot);
  }

  clear(): void {
    for (const [ufid, slot] of [...this.slotByUfid]) this.remove(slot, ufid);
  }

  private remove(slot: number, ufid: string): void {
    this.table.remove(slot);
    this.slotByUfid.delete(ufid);
    this.programs[slot] = null;
    this.records[slot] = null;
  }

  private describe(slot: number): DpFlow {
    const record = this.records[slot]!;
    const at = slot * STAT_STRIDE;
    return {
      ufid: record.ufid,
      key: this.table.keyOf(slot),
      mask: record.mask.clone(),
      actions: record.actions,
      stats: {
        packets: this.stats[at + STAT_PACKETS]!,
        bytes: this.stats[at + STAT_BYTES]!,
        usedNs: this.stats[at + STAT_USED_NS]!,
        tcpFlags: this.tcpFlags[slot]!,
      },
      createdNs: record.createdNs,
    };
  }

  private reserve(slot: number): void {
    while (slot * STAT_STRIDE >= this.stats.length) {
      const stats = new Float64Array(this.stats.length * 2);
      stats.set(this.stats);
      this.stats = stats;
      const tcpFlags = new Int32Array(this.tcpFlags.length * 2);
      tcpFlags.set(this.tcpFlags);
      this.tcpFlags = tcpFlags;
      const soleOutputs = new Int32Array(this.soleOutputs.length * 2);
      soleOutputs.set(this.soleOutputs);
      this.soleOutputs = soleOutputs;
    }
  }
}
