/**
 * Which hashes of a bond should go to which other member, so that all carry about as much. Mirrors bond_rebalance(),
 * choose_entries_to_migrate() and insert_bal() of bond.c.
 *
 * The invariant: a move makes the member that carries less of the two carry more, and no move is made for its own sake
 * (less than a tenth of what is between them, 3 %, or 100,000 bytes).
 */

/** A hash value, and what was sent of it lately. */
export interface Load<M> {
  member: M | null;
  txBytes: number;
}

const LEAST_OVERLOAD = 100_000;

interface Balance<M> {
  readonly member: M;
  txBytes: number;
  /** Largest first. */
  readonly loads: Load<M>[];
}

/** Moves loads between the members; true when any moved. `members`: those that are enabled. */
export function rebalance<M>(loads: readonly Load<M>[], members: readonly M[]): boolean {
  const balances: Balance<M>[] = [];
  const sorted = [...loads].sort((a, b) => b.txBytes - a.txBytes);
  for (const member of members) {
    const own = sorted.filter((load) => load.member === member && load.txBytes > 0);
    insert(balances, { member, txBytes: own.reduce((sum, load) => sum + load.txBytes, 0), loads: own });
  }
  let hasMoved = false;
  while (balances.length > 1) {
    const from = balances[0]!;
    const to = balances.at(-1)!;
    const overload = from.txBytes - to.txBytes;
    if (overload < Math.floor(to.txBytes / 32) || overload < LEAST_OVERLOAD) break;
    const moving = chooseLoads(from, to.txBytes);
    if (moving.length === 0) {
      balances.shift();
      continue;
    }
    for (const load of moving) {
      load.member = to.member;
      from.txBytes -= load.txBytes;
      to.txBytes += load.txBytes;
      // It is not added to the other's: nothing moves twice.
      from.loads.splice(from.loads.indexOf(load), 1);
      for (const balance of [from, to]) {
        balances.splice(balances.indexOf(balance), 1);
        insert(balances, balance);
      }
    }
    hasMoved = true;
  }
  return hasMoved;
}

/** Keeps the most loaded first; of equals the newest last. */
function insert<M>(balances: Balance<M>[], balance: Balance<M>): void {
  const at = balances.findIndex((other) => balance.txBytes > other.txBytes);
  balances.splice(at < 0 ? balances.length : at, 0, balance);
}

function chooseLoads<M>(from: Balance<M>, toTxBytes: number): readonly Load<M>[] {
  // A member with one hash would only hand its trouble on.
  if (from.loads.length < 2) return [];
  const idealDelta = Math.floor((from.txBytes + toTxBytes) / 2) - toTxBytes;
  const threshold = Math.floor(idealDelta / 10);
  const chosen: Load<M>[] = [];
  let delta = 0;
  for (const load of from.loads) {
    if (delta + load.txBytes <= idealDelta) {
      chosen.push(load);
      delta += load.txBytes;
    }
    if (idealDelta - delta < threshold) break;
  }
  if (chosen.length === 0) {
    const lightest = from.loads.at(-1)!;
    chosen.push(lightest);
    delta = lightest.txBytes;
  }
  const newLow = Math.min(from.txBytes - delta, toTxBytes + delta);
  return newLow > toTxBytes && newLow - toTxBytes >= threshold ? chosen : [];
}
