/**
 * The meters of a bridge, each with a meter of the datapath behind it. Mirrors handle_meter_mod() of ofproto.c and
 * meter_set() of ofproto-dpif.c; OpenFlow 1.5.1 §5.8, §7.3.4.5.
 *
 * The invariant: a meter is here exactly as long as its datapath meter is there. Numbers of the datapath are shared by
 * all bridges on it and given out as OVS's id pool does.
 */
import type { MeterSpec, MeterStats } from '#datapath/dpif.js';
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
import { OpenFlowError } from '#src/openflow/switch-connection.js';

/** What the meters of a datapath are asked for. */
export interface MeteringDatapath {
  meterSet(spec: MeterSpec): 'ok' | 'bad-id' | 'too-many-bands' | 'bad-rate';
  meterStats(id: number): MeterStats | null;
  meterDelete(id: number): unknown;
}

/** The datapath as one with meters; null where it has none. */
export function meteringOf(datapath: object): MeteringDatapath | null {
  return 'meterSet' in datapath ? (datapath as MeteringDatapath) : null;
}

const SUPPORTED_FLAGS = OFPMF_KBPS | OFPMF_PKTPS | OFPMF_BURST | OFPMF_STATS;
const BAND_TYPE_DROP = 1 << 1;
const MAX_METERS = 1 << 18;
const MAX_BANDS = 8;

/** As dpif-netdev has them. */
export const METER_FEATURES: MeterFeatures = {
  maxMeters: MAX_METERS,
  bandTypes: BAND_TYPE_DROP,
  capabilities: SUPPORTED_FLAGS,
  maxBands: MAX_BANDS,
  maxColors: 0,
};

/** What a controller hears where the datapath refuses a meter. */
const REFUSALS = {
  'bad-id': 'OFPMMFC_OUT_OF_METERS',
  'too-many-bands': 'OFPMMFC_OUT_OF_BANDS',
  'bad-rate': 'OFPMMFC_BAD_RATE',
} as const;

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
  private readonly datapath: MeteringDatapath | null;

  /** datapath: null where it has no meters. */
  constructor(ids: MeterIds, datapath: MeteringDatapath | null) {
    this.ids = ids;
    this.datapath = datapath;
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
    const counted = this.datapath?.meterStats(datapathId) ?? { packets: 0, bytes: 0, bands: [] };
    return {
      meterId: config.meterId,
      flowCount,
      packetsIn: BigInt(counted.packets),
      bytesIn: BigInt(counted.bytes),
      durationNs: nowNs - createdNs,
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
    if (this.datapath === null || meterId === 0 || (meterId > OFPM_MAX && !isVirtual(meterId))) {
      throw new OpenFlowError('OFPMMFC_INVALID_METER');
    }
    if (config.bands.length > MAX_BANDS) throw new OpenFlowError('OFPMMFC_OUT_OF_BANDS');
    const existing = this.meters.get(meterId);
    if (command === 'add' && existing !== undefined) throw new OpenFlowError('OFPMMFC_METER_EXISTS');
    if (command === 'modify' && existing === undefined) throw new OpenFlowError('OFPMMFC_UNKNOWN_METER');
    checkConfig(config);
    const datapathId = existing?.datapathId ?? this.ids.allocate();
    if (datapathId === null) throw new OpenFlowError('OFPMMFC_OUT_OF_METERS');
    const result = this.datapath.meterSet(specOf(config, datapathId));
    if (result !== 'ok') {
      if (existing === undefined) this.ids.release(datapathId);
      throw new OpenFlowError(REFUSALS[result]);
    }
    if (existing === undefined) this.meters.set(meterId, { config, datapathId, createdNs: nowNs });
    else existing.config = config;
    return [];
  }

  clear(): void {
    for (const id of [...this.meters.keys()]) this.delete(id);
  }

  private delete(meterId: number): void {
    const meter = this.meters.get(meterId);
    if (meter === undefined) return;
    this.meters.delete(meterId);
    this.datapath?.meterDelete(meter.datapathId);
    this.ids.release(meter.datapathId);
  }
}

/** The slow path's and the controllers' meters, which no flow names. */
const isVirtual = (meterId: number): boolean => meterId === OFPM_SLOWPATH || meterId === OFPM_CONTROLLER;

/** What OVS's userspace datapath refuses. */
function checkConfig({ flags, bands }: MeterConfig): void {
  if ((flags & ~SUPPORTED_FLAGS) !== 0) throw new OpenFlowError('OFPMMFC_BAD_FLAGS');
  if (bands.some(({ type }) => type !== 'drop')) throw new OpenFlowError('OFPMMFC_BAD_BAND');
}

function specOf({ flags, bands }: MeterConfig, id: number): MeterSpec {
  return {
    id,
    unit: (flags & OFPMF_PKTPS) !== 0 ? 'pktps' : 'kbps',
    hasBurst: (flags & OFPMF_BURST) !== 0,
    bands: bands.map(({ type, rate, burstSize, precedenceLevel }) => ({
      type,
      rate,
      // A band without a burst holds what one second brings.
      burst: burstSize === 0 ? rate : burstSize,
      precedence: precedenceLevel,
    })),
  };
}
