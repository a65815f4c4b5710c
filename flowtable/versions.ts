/**
 * Versions: in which states of a table something is there. Mirrors lib/versions.h.
 *
 * A change that is to be seen as a whole is made under the number of the next version, beside what the current one
 * shows; whoever reads names the version that they read. So nobody sees half of a change, and one that fails is forgotten
 * without a trace.
 *
 * The invariant: what is added in version a and hidden from version h on is there in a, a + 1, … h - 1, and in no other.
 */

/** Where nobody counts versions, all is there from the first one on. */
export const FIRST_VERSION = 0;
/** What will be there once all that has been started is done. */
export const LATEST_VERSION = Number.MAX_SAFE_INTEGER;

export interface Versioned<T> {
  readonly item: T;
  readonly addedIn: number;
  /** Null: it stays. */
  hiddenFrom: number | null;
}

export const versioned = <T>(item: T, addedIn: number): Versioned<T> => ({ item, addedIn, hiddenFrom: null });

export const isVisible = ({ addedIn, hiddenFrom }: Versioned<unknown>, version: number): boolean =>
  addedIn <= version && (hiddenFrom === null || version < hiddenFrom);

/** Will it be gone, in some version? */
export const isLeaving = ({ hiddenFrom }: Versioned<unknown>): boolean => hiddenFrom !== null;

/** Back to how it was before it was hidden. */
export function stay(entry: Versioned<unknown>): void {
  entry.hiddenFrom = null;
}

/** The first that is visible; a plain loop, for lookups go by here. */
export function firstVisible<T>(list: readonly Versioned<T>[], version: number): T | null {
  for (let i = 0; i < list.length; i++) if (isVisible(list[i]!, version)) return list[i]!.item;
  return null;
}

/** Something whose contents come and go with versions. */
export interface VersionedStore<T> {
  insert(item: T, version: number): unknown;
  /** The item will be gone in this version, and is there until then. */
  hide(item: T, version: number): void;
  /** Undoes hide(). */
  restore(item: T): void;
  /** Takes the item away from all versions. */
  remove(item: T): unknown;
}
