/**
 * The bonds of a datapath that chooses their members itself: a port for each hash value, and what it has sent by it.
 * // hot path
 *
 * Mirrors struct tx_bond of lib/dpif-netdev.c. Counts of a bond stay when its ports change.
 */

/** Hash values that are told apart (BOND_BUCKETS). */
export const BOND_BUCKETS = 256;

const NO_PORT = -1;

interface DatapathBond {
  readonly ports: Int32Array;
  readonly bytes: Float64Array;
}

export class BondTable {
  private readonly bonds = new Map<number, DatapathBond>();

  /** null: packets with this hash value go nowhere. */
  put(id: number, ports: readonly (number | null)[]): void {
    let bond = this.bonds.get(id);
    if (bond === undefined) {
      bond = { ports: new Int32Array(BOND_BUCKETS), bytes: new Float64Array(BOND_BUCKETS) };
      this.bonds.set(id, bond);
    }
    for (let bucket = 0; bucket < BOND_BUCKETS; bucket++) bond.ports[bucket] = ports[bucket] ?? NO_PORT;
  }

  delete(id: number): void {
    this.bonds.delete(id);
  }

  /** By bond, the port of each hash value; in the order of their making. */
  list(): ReadonlyMap<number, readonly (number | null)[]> {
    return new Map(
      [...this.bonds].map(([id, { ports }]) => [id, Array.from(ports, (port) => (port === NO_PORT ? null : port))]),
    );
  }

  /** Bytes sent by hash value, or null for no such bond. */
  bytesOf(id: number): readonly number[] | null {
    const bond = this.bonds.get(id);
    return bond === undefined ? null : [...bond.bytes];
  }

  /** The port for a packet, which counts; a negative one where there is none. */
  choose(id: number, hash: number, size: number): number {
    const bond = this.bonds.get(id);
    if (bond === undefined) return NO_PORT;
    const bucket = hash & (BOND_BUCKETS - 1);
    bond.bytes[bucket] = bond.bytes[bucket]! + size;
    return bond.ports[bucket]!;
  }
}
