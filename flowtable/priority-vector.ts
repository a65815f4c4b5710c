/**
 * Items in descending priority, with OVS's order among equals.
 *
 * Mirrors lib/pvector.c. The order among items of one priority decides which subtables a lookup visits before it finds
 * its rule, and so the width of megaflows; it depends on how the items came in and went, so the steps are the same:
 * append in place when that keeps the order, otherwise change a copy and sort it (stably) when published.
 */

export interface PriorityEntry<T> {
  readonly item: T;
  priority: number;
}

export class PriorityVector<T> {
  /** What lookups see. */
  private published: PriorityEntry<T>[] = [];
  /** Changes that wait for publish(), or null. */
  private pending: PriorityEntry<T>[] | null = null;

  get entries(): readonly PriorityEntry<T>[] {
    return this.published;
  }

  /** What there is once changes are published, in no order yet. */
  get latest(): readonly PriorityEntry<T>[] {
    return this.pending ?? this.published;
  }

  get size(): number {
    return (this.pending ?? this.published).length;
  }

  insert(item: T, priority: number): void {
    const last = this.published.at(-1);
    if (this.pending === null && (last === undefined || priority <= last.priority)) {
      this.published.push({ item, priority });
      return;
    }
    this.copy().push({ item, priority });
  }

  remove(item: T): void {
    const pending = this.copy();
    const index = pending.findIndex((entry) => entry.item === item);
    const last = pending.pop()!;
    if (index < pending.length) pending[index] = last;
  }

  changePriority(item: T, priority: number): void {
    let vector = this.pending ?? this.published;
    const index = vector.findIndex((entry) => entry.item === item);
    const entry = vector[index]!;
    const before = vector[index - 1];
    const after = vector[index + 1];
    const outOfOrder =
      (priority > entry.priority && before !== undefined && priority > before.priority) ||
      (priority < entry.priority && after !== undefined && priority < after.priority);
    if (outOfOrder) vector = this.copy();
    vector[index]!.priority = priority;
  }

  publish(): void {
    if (this.pending === null) return;
    this.pending.sort((a, b) => b.priority - a.priority);
    this.published = this.pending;
    this.pending = null;
  }

  private copy(): PriorityEntry<T>[] {
    this.pending ??= this.published.map((entry) => ({ ...entry }));
    return this.pending;
  }
}
