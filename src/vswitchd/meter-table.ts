/**
 * The meters of a bridge, each with a meter of the datapath behind it. Mirrors handle_meter_mod() of ofproto.c and
 * meter_set() of ofproto-dpif.c; OpenFlow 1.5.1 §5.8, §7.3.4.5.
 *
 * The invariant: a meter is here exactly as long as its datapath meter is there. Numbers of the datapath are shared by
 * all bridges on it and given out as OVS's id pool does.
 *
 * Deliberately different: dscp_remark bands work, but on the dummy datapath, which refuses them as OVS's does.
 */
import type { Dpif, MeterSetResult, MeterSpec } from '#datapath/dpif.js';
import {
  type MeterConfig,
  type MeterFeatures,
  type MeterMod,
  type MeterStatsEntry,
  OFPM_ALL,
  OFPM_CONTROLLER,
  OFPM_MAX,
  OFPM_SLOWPATH,
  OFPMF_BURST,
  OFPMF_KBPS,
  OFPMF_PKTPS,
  OFPMF_STATS,
} from '#src/openflow/meter-mod.js';
import { durationOf } from '#src/openflow/duration.js';
import { OpenFlowError } from '#src/openflow/switch-connection.js';

const SUPPORTED_FLAGS = OFPMF_KBPS | OFPMF_PKTPS | OFPMF_BURST | OFPMF_STATS;
/** OFPMBT13_DROP and OFPMBT13_DSCP_REMARK as bits. */
const DROP = 1 << 1;
const DSCP_REMARK = 1 << 2;
/** As dpif-netdev has them. */
const MAX_METERS = 1 << 18;
const MAX_BANDS = 8;

/** What a controller hears where the datapath refuses a meter. */
const REFUSALS: Readonly<Record<Exclude<MeterSetResult, 'ok'>, string>> = {
  'bad-id': 'OFPMMFC_OUT_OF_METERS',
  'too-many-bands': 'OFPMMFC_OUT_OF_BANDS',
  'bad-rate': 'OFPMMFC_BAD_RATE',
};

/** Numbers for the meters of one datapath: upwards, and again what was given back (lib/id-pool.c). */
export class MeterIds {
  private readonly inUse = new Set<number>();
  private next = 0;

  /** Null when all are taken. */
  allocate(): number | null {
    if (this.inUse.size >= MAX_METERS) return null;
    let id = this.next;
    if (this.inUse.has(id)) for (id = 0; this.inUse.has(id); id++);
    this.inUse.add(id);
    this.next = id + 1 < MAX_METERS ? id + 1 : 0;
    return id;
  }

  release(id: number): void {
    if (this.inUse.delete(id) && id < this.next) this.next = id;
  }
}

export interface Meter {
  config: MeterConfig;
  /** Its number in the datapath. */
  readonly datapathId: number;
  readonly createdNs: number;
}

export class MeterTable {
  private readonly meters = new Map<number, Meter>();
  private readonly ids: MeterIds;
  private readonly datapath: Dpif;

  constructor(ids: MeterIds, datapath: Dpif) {
    this.ids = ids;
    this.datapath = datapath;
  }

  features(): MeterFeatures {
    return {
      maxMeters: MAX_METERS,
      bandTypes: this.remarks ? DROP | DSCP_REMARK : DROP,
      capabilities: SUPPORTED_FLAGS,
      maxBands: MAX_BANDS,
      maxColors: 0,
    };
  }

  get(meterId: number): Meter | undefined {
    return this.meters.get(meterId);
  }

  /** One meter or (OFPM_ALL) all, by number; throws where there is no such meter. */
  list(meterId: number): readonly Meter[] {
    if (meterId === OFPM_ALL) {
      return [...this.meters.values()].sort((a, b) => a.config.meterId - b.config.meterId);
    }
    const meter = this.meters.get(meterId);
    if (meter === undefined) throw new OpenFlowError('OFPMMFC_UNKNOWN_METER');
    return [meter];
  }

  stats({ config, datapathId, createdNs }: Meter, nowNs: number, flowCount: number): MeterStatsEntry {
    const counted = this.datapath.meterStats(datapathId) ?? { packets: 0, bytes: 0, bands: [] };
    return {
      meterId: config.meterId,
      flowCount,
      packetsIn: BigInt(counted.packets),
      bytesIn: BigInt(counted.bytes),
      duration: durationOf(nowNs - createdNs),
      bands: config.bands.map((_, i) => ({
        packets: BigInt(counted.bands[i]?.packets ?? 0),
        bytes: BigInt(counted.bands[i]?.bytes ?? 0),
      })),
    };
  }

  /** Carries out a change; returns the numbers of meters that are gone. */
  apply({ command, meter: config }: MeterMod, nowNs: number): readonly number[] {
    const { meterId } = config;
    if (command === 'delete') {
      const gone = meterId === OFPM_ALL ? [...this.meters.keys()] : this.meters.has(meterId) ? [meterId] : [];
      for (const id of gone) this.delete(id);
      return gone;
    }
    if (meterId === 0 || (meterId > OFPM_MAX && !isVirtual(meterId))) {
      throw new OpenFlowError('OFPMMFC_INVALID_METER');
    }
    if (config.bands.length > MAX_BANDS) throw new OpenFlowError('OFPMMFC_OUT_OF_BANDS');
    const existing = this.meters.get(meterId);
    if (command === 'add' && existing !== undefined) throw new OpenFlowError('OFPMMFC_METER_EXISTS');
    if (command === 'modify' && existing === undefined) throw new OpenFlowError('OFPMMFC_UNKNOWN_METER');
    const datapathId = existing?.datapathId ?? this.ids.allocate();
    if (datapathId === null) throw new OpenFlowError('OFPMMFC_OUT_OF_METERS');
    // As in OVS the number is not given back where the datapath refuses the meter.
    const hasUnit = (config.flags & (OFPMF_KBPS | OFPMF_PKTPS)) !== 0;
    if ((config.flags & ~SUPPORTED_FLAGS) !== 0 || !hasUnit) throw new OpenFlowError('OFPMMFC_BAD_FLAGS');
    if (!this.remarks && config.bands.some(({ type }) => type !== 'drop')) throw new OpenFlowError('OFPMMFC_BAD_BAND');
    const result = this.datapath.meterSet(specOf(config, datapathId));
    if (result !== 'ok') throw new OpenFlowError(REFUSALS[result]);
    if (existing === undefined) this.meters.set(meterId, { config, datapathId, createdNs: nowNs });
    else existing.config = config;
    return [];
  }

  clear(): void {
    for (const id of [...this.meters.keys()]) this.delete(id);
  }

  private get remarks(): boolean {
    return !this.datapath.name.startsWith('dummy@');
  }

  private delete(meterId: number): void {
    const meter = this.meters.get(meterId);
    if (meter === undefined) return;
    this.meters.delete(meterId);
    this.datapath.meterDelete(meter.datapathId);
    this.ids.release(meter.datapathId);
  }
}

/** The slow path's and the controllers' meters, which no flow names. */
const isVirtual = (meterId: number): boolean => meterId === OFPM_SLOWPATH || meterId === OFPM_CONTROLLER;

function specOf({ flags, bands }: MeterConfig, id: number): MeterSpec {
  return {
    id,
    unit: (flags & OFPMF_PKTPS) !== 0 ? 'pktps' : 'kbps',
    hasBurst: (flags & OFPMF_BURST) !== 0,
    bands: bands.map(({ type, rate, burstSize, precedenceLevel }) => ({
      type,
      rate,
      burst: burstSize,
      precedence: precedenceLevel,
    })),
  };
}
