/**
 * What happens to frames on a machine, told to whoever listens, and every drop counted by place and reason. Plays the
 * part of the kernel's tracepoints (skb:kfree_skb with its drop reason, net:netif_receive_skb) and of dropwatch.
 *
 * Invariant: a frame that a machine does not pass on is counted here, whether anybody listens or not.
 */
import type { Clock } from '#datapath/environment.js';
import type { DropReason } from '#datapath/drop-reason.js';

/** Where on a machine; device is null where the frame belongs to none (yet). */
export interface Place {
  readonly host: string;
  /** Empty for the machine's own namespace. */
  readonly namespace: string;
  readonly device: string | null;
}

export interface FrameEvent {
  readonly atNs: number;
  readonly place: Place;
  /**
   * receive: a device took the frame in. transmit: a device sent it out. drop: it died here. deliver: it reached who
   * it was for (a socket, the ARP or ICMP of a host).
   */
  readonly kind: 'receive' | 'transmit' | 'drop' | 'deliver';
  readonly reason: DropReason | null;
  /** What the reason leaves open, or who got the frame: `udp port 53`. */
  readonly detail: string | null;
  /**
   * Valid during the call. An IP packet that dies before it has a link-layer header carries one with zero addresses.
   */
  readonly frame: Uint8Array;
}

export type FrameListener = (event: FrameEvent) => void;

export interface DropCount {
  readonly place: Place;
  readonly reason: DropReason;
  readonly count: number;
}

/** `host`, `host/namespace`, `host:device`, `host/namespace:device`. */
export const formatPlace = (place: Place): string =>
  place.host +
  (place.namespace === '' ? '' : `/${place.namespace}`) +
  (place.device === null ? '' : `:${place.device}`);

export class HostObserver {
  private readonly clock: Clock;
  private readonly listeners = new Set<FrameListener>();
  private readonly counts = new Map<string, { readonly place: Place; readonly byReason: Map<DropReason, number> }>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Returns the way to stop listening. */
  observe(listener: FrameListener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  tell(kind: 'receive' | 'transmit' | 'deliver', place: Place, frame: Uint8Array, detail: string | null = null): void {
    if (this.listeners.size > 0) this.emit({ atNs: this.clock.nowNs(), place, kind, reason: null, detail, frame });
  }

  drop(place: Place, reason: DropReason, frame: Uint8Array, detail: string | null = null): void {
    const key = formatPlace(place);
    let entry = this.counts.get(key);
    if (entry === undefined) {
      entry = { place, byReason: new Map() };
      this.counts.set(key, entry);
    }
    entry.byReason.set(reason, (entry.byReason.get(reason) ?? 0) + 1);
    if (this.listeners.size > 0) this.emit({ atNs: this.clock.nowNs(), place, kind: 'drop', reason, detail, frame });
  }

  /** All drops so far, in the order in which places first dropped something. */
  drops(): readonly DropCount[] {
    const all: DropCount[] = [];
    for (const { place, byReason } of this.counts.values()) {
      for (const [reason, count] of byReason) all.push({ place, reason, count });
    }
    return all;
  }

  private emit(event: FrameEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}
