/**
 * The lookup of a packet's flow: the microflow cache first, then the megaflow table, whose answer the cache is told.
 * // hot path
 *
 * Mirrors emc_processing() and fast_path_processing() of lib/dpif-netdev.c. Without a table, every packet is a miss:
 * for tests and for measuring what a miss costs.
 */
import { microflowHash } from '#flowtable/hash.js';
import type { MicroflowCache } from '#flowtable/microflow-cache.js';
import type { DatapathOptions } from './datapath-options.js';
import type { DatapathStats } from './dpif.js';
import { makeMicroflowCache } from './fast-path.js';
import type { FlowStore } from './flow-store.js';

export class FlowLookup {
  readonly flows: FlowStore;
  readonly cache: MicroflowCache | null;
  /** False: nothing is ever found. */
  readonly usesTable: boolean;
  megaflowHits = 0;
  missed = 0;

  constructor(flows: FlowStore, options: DatapathOptions) {
    this.flows = flows;
    this.usesTable = options.megaflowTable ?? true;
    const usesCache = this.usesTable && (options.microflowCache ?? true);
    this.cache = usesCache ? makeMicroflowCache(options.microflowCacheSize ?? 8192) : null;
  }

  /** The slot of the flow that the key in the row is one of, or -1; counts either. */
  find(words: Int32Array, row: number): number {
    const { cache } = this;
    if (!this.usesTable) {
      this.missed++;
      return -1;
    }
    const { table } = this.flows;
    const hash = cache === null ? 0 : microflowHash(words, row);
    if (cache !== null) {
      const slot = cache.lookup(words, row, hash, table.handles);
      if (slot >= 0) return slot;
    }
    return this.findInTable(words, row, hash);
  }

  /** The part of find() behind the microflow cache; hash is what the cache is asked by. */
  findInTable(words: Int32Array, row: number, hash: number): number {
    const { table } = this.flows;
    const slot = table.lookup(words, row);
    if (slot < 0) {
      this.missed++;
      return -1;
    }
    this.megaflowHits++;
    if (this.cache !== null) this.cache.insert(words, row, hash, table.handles[slot]!);
    return slot;
  }

  /** To be called when flows have been removed. */
  flowsRemoved(): void {
    this.cache?.follow(this.flows.table.epoch);
  }

  stats(): Omit<DatapathStats, 'lost' | 'recirculations'> {
    const microflowHits = this.cache?.hits ?? 0;
    const { table } = this.flows;
    return {
      hits: microflowHits + this.megaflowHits,
      microflowHits,
      megaflowHits: this.megaflowHits,
      missed: this.missed,
      flows: table.flowCount,
      masks: table.maskCount,
      maskHits: table.probeCount,
      cacheHits: microflowHits,
    };
  }
}
