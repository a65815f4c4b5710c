/**
 * The flows that userspace has put into a datapath, and what it must know of each to keep it true. Mirrors struct
 * udpif_key of ofproto-dpif-upcall.c.
 */
import type { DpAction } from '#datapath/dpif.js';
import type { FlowKey } from '#flowtable/flow-key.js';
import { exactDatapathMask } from '#flowtable/flow-mask.js';
import { ufidOf } from '#flowtable/hash.js';
import { samples } from './flow-export/sampling-actions.js';
import type { Credit } from './translate/outcome.js';

/** What userspace keeps of a flow that it installed (struct udpif_key). */
export interface InstalledFlow {
  readonly ufid: string;
  readonly key: FlowKey;
  mask: FlowKey;
  actions: readonly DpAction[];
  credits: readonly Credit[];
  fdbLookups: readonly string[];
  /** Recirculations that the flow holds: those of its actions, and the one that its packets come from. */
  recircIds: readonly number[];
  readonly holdsOwnRecircId: boolean;
  /** What has been credited already. */
  packets: number;
  bytes: number;
  readonly createdNs: number;
  readonly isExact: boolean;
}

export class InstalledFlows {
  private readonly byUfid = new Map<string, InstalledFlow>();
  /** The flows whose translation asked where a MAC address is. */
  private readonly byFdbLookup = new Map<string, Set<string>>();
  /** Flows that sample, by the very key that each was made for. */
  private readonly bySampledKey = new Map<string, InstalledFlow>();

  get size(): number {
    return this.byUfid.size;
  }

  get(ufid: string): InstalledFlow | undefined {
    return this.byUfid.get(ufid);
  }

  /** Flows may come and go while they are read. */
  values(): IterableIterator<InstalledFlow> {
    return this.byUfid.values();
  }

  /** UFIDs of the flows that depend on the lookup of an address. */
  askingFor(lookup: string): ReadonlySet<string> {
    return this.byFdbLookup.get(lookup) ?? NONE;
  }

  /** The sampling flow that was made for a packet of this key. */
  madeFor(key: FlowKey): InstalledFlow | undefined {
    return this.bySampledKey.get(ufidOf(key, exactDatapathMask()));
  }

  add(flow: InstalledFlow): void {
    this.byUfid.set(flow.ufid, flow);
    if (samples(flow.actions)) this.bySampledKey.set(ufidOf(flow.key, exactDatapathMask()), flow);
    for (const lookup of flow.fdbLookups) {
      const set = this.byFdbLookup.get(lookup);
      if (set === undefined) this.byFdbLookup.set(lookup, new Set([flow.ufid]));
      else set.add(flow.ufid);
    }
  }

  delete(flow: InstalledFlow): void {
    this.byUfid.delete(flow.ufid);
    if (samples(flow.actions)) this.bySampledKey.delete(ufidOf(flow.key, exactDatapathMask()));
    for (const lookup of flow.fdbLookups) {
      const set = this.byFdbLookup.get(lookup);
      set?.delete(flow.ufid);
      if (set?.size === 0) this.byFdbLookup.delete(lookup);
    }
  }
}

const NONE: ReadonlySet<string> = new Set();
