/** The naive table of megaflows: a list, scanned. The oracle for every faster one. */
import { DATAPATH_WORDS, FlowKey, SHAPE_WORD } from '#flowtable/flow-key.js';
import { type FlowTable, INSERT_EXISTS, INSERT_FULL, INSERT_OVERLAPS } from '#flowtable/megaflow-table.js';

interface Flow {
  readonly key: FlowKey;
  readonly mask: FlowKey;
}

export class LinearFlowTable implements FlowTable {
  private readonly flows: (Flow | null)[] = [];
  private readonly capacity: number;

  constructor(capacity = Number.POSITIVE_INFINITY) {
    this.capacity = capacity;
  }

  get flowCount(): number {
    return this.flows.filter((flow) => flow !== null).length;
  }

  get maskCount(): number {
    return new Set(this.flows.filter((flow) => flow !== null).map((flow) => flow.mask.words.join())).size;
  }

  insert(key: FlowKey, given: FlowKey): number {
    const mask = datapathMask(given);
    if (this.find(key, mask) >= 0) return INSERT_EXISTS;
    const overlaps = this.flows.some((flow) => flow !== null && agree(key, flow.key, mask, flow.mask));
    if (overlaps) return INSERT_OVERLAPS;
    if (this.flowCount >= this.capacity) return INSERT_FULL;
    return this.flows.push({ key: key.clone(), mask }) - 1;
  }

  remove(slot: number): boolean {
    if (this.flows[slot] === undefined || this.flows[slot] === null) return false;
    this.flows[slot] = null;
    return true;
  }

  lookup(words: Int32Array, at: number): number {
    const key = new FlowKey();
    key.words.set(words.subarray(at, at + DATAPATH_WORDS));
    return this.flows.findIndex((flow) => flow !== null && agree(key, flow.key, flow.mask, flow.mask));
  }

  find(key: FlowKey, given: FlowKey): number {
    const mask = datapathMask(given);
    return this.flows.findIndex((flow) => flow?.mask.equals(mask) && agree(key, flow.key, mask, mask));
  }

  *slots(): Iterable<number> {
    for (let slot = 0; slot < this.flows.length; slot++) if (this.flows[slot] !== null) yield slot;
  }

  keyOf(slot: number): FlowKey {
    return this.flows[slot]!.key.clone();
  }

  maskOf(slot: number): FlowKey {
    return this.flows[slot]!.mask.clone();
  }

  clear(): void {
    for (const slot of this.slots()) this.flows[slot] = null;
  }
}

function datapathMask(mask: FlowKey): FlowKey {
  const clean = mask.clone();
  clean.words.fill(0, DATAPATH_WORDS);
  clean.words[SHAPE_WORD] = 0;
  return clean;
}

/** Do both keys agree on the bits that both masks have? */
function agree(a: FlowKey, b: FlowKey, m: FlowKey, n: FlowKey): boolean {
  for (let i = 0; i < DATAPATH_WORDS; i++)
    if (((a.words[i]! ^ b.words[i]!) & m.words[i]! & n.words[i]!) !== 0) return false;
  return true;
}
