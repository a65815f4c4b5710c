/**
 * The port mirrors of a bridge: which packets they select and where the copies go. Mirrors ofproto-dpif-mirror.c
 * (ovs-vswitchd.conf.db(5), Mirror).
 *
 * Sets of mirrors are bits of a number, as in OVS: translation remembers so which mirrors have had their copy.
 */
import type { Bundle } from './bundle.js';

/** As many as a number has bits. */
export const MAX_MIRRORS = 32;

export interface MirrorSettings {
  readonly name: string;
  /** Mirrors packets that come in by these, and packets that go out by those. */
  readonly sources: ReadonlySet<Bundle>;
  readonly destinations: ReadonlySet<Bundle>;
  /** null: packets of every VLAN. */
  readonly vlans: ReadonlySet<number> | null;
  /** Where copies go: to a bundle, which is then good for nothing else, or into a VLAN. */
  readonly output: Bundle | number;
  /** Bytes of a copy at most; 0: all of them. */
  readonly snaplen: number;
}

export interface Mirror extends MirrorSettings {
  packets: number;
  bytes: number;
}

export class Mirrors {
  private readonly slots: (Mirror | undefined)[] = [];
  private readonly indexes = new Map<string, number>();

  get isEmpty(): boolean {
    return this.indexes.size === 0;
  }

  /** Adds the mirror of this identity or changes it; its counters stay. False when there are too many. */
  set(uuid: string, settings: MirrorSettings): boolean {
    let index = this.indexes.get(uuid);
    if (index === undefined) {
      index = 0;
      while (this.slots[index] !== undefined) index++;
      if (index >= MAX_MIRRORS) return false;
      this.indexes.set(uuid, index);
    }
    const { packets, bytes } = this.slots[index] ?? { packets: 0, bytes: 0 };
    this.slots[index] = { ...settings, packets, bytes };
    return true;
  }

  /** Removes the mirrors of which `keeps` is false. */
  retain(keeps: (uuid: string) => boolean): void {
    for (const [uuid, index] of this.indexes) {
      if (keeps(uuid)) continue;
      this.indexes.delete(uuid);
      this.slots[index] = undefined;
    }
  }

  get(uuid: string): Mirror | undefined {
    const index = this.indexes.get(uuid);
    return index === undefined ? undefined : this.slots[index];
  }

  at(index: number): Mirror | undefined {
    return this.slots[index];
  }

  /** Mirrors of packets that come in by the bundle. */
  ofSource(bundle: Bundle): number {
    return this.bitsWhere(({ sources }) => sources.has(bundle));
  }

  ofDestination(bundle: Bundle): number {
    return this.bitsWhere(({ destinations }) => destinations.has(bundle));
  }

  /** Is the bundle kept for the copies of a mirror? */
  isOutput(bundle: Bundle): boolean {
    return this.bitsWhere(({ output }) => output === bundle) !== 0;
  }

  /** The mirrors that send their copies to the same place, this one included. */
  withSameOutput(mirror: Mirror): number {
    return this.bitsWhere(({ output }) => output === mirror.output);
  }

  credit(mirrors: number, packets: number, bytes: number): void {
    this.slots.forEach((mirror, index) => {
      if (mirror === undefined || ((mirrors >>> index) & 1) === 0) return;
      mirror.packets += packets;
      mirror.bytes += bytes;
    });
  }

  private bitsWhere(test: (mirror: Mirror) => boolean): number {
    let bits = 0;
    this.slots.forEach((mirror, index) => {
      if (mirror !== undefined && test(mirror)) bits |= 1 << index;
    });
    return bits;
  }
}
