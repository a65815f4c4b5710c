import type { FlowSearch } from '#flowtable/megaflow-table.js';

/** What a datapath may be made with. Everything has a default that behaves as OVS's. */
export interface DatapathOptions {
  readonly name: string;
  /** false: every packet is looked up in the megaflow table. */
  readonly microflowCache?: boolean;
  /** Entries of the microflow cache, a power of two; 8192 as OVS's EMC. */
  readonly microflowCacheSize?: number;
  /** false: every packet is an upcall. */
  readonly megaflowTable?: boolean;
  /** How megaflows are searched: by default tuple space search for few masks, the difference tree for many. */
  readonly flowSearch?: FlowSearch;
  readonly upcallQueueSize?: number;
  /** Upcalls that may wait for one port; a quarter of the queue by default. */
  readonly upcallQueueSizePerPort?: number;
  readonly maxFlows?: number;
  /** Packets in flight within each other, and the bytes of a buffer, a multiple of 64, which bound the length of a frame. */
  readonly packetBufferCount?: number;
  readonly packetBufferSize?: number;
  /** VLAN tags that extraction looks at: other_config:vlan-limit, 1 by default, at most 2. */
  readonly vlanLimit?: number;
  /** false: receiveFrames() takes every frame the reference way. */
  readonly fastPath?: boolean;
  /** Refuse flows that share any packet with another. Slow: for tests. */
  readonly checkDisjoint?: boolean;
}
