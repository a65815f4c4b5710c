/**
 * Connections by the time at which they end: what has expired is found without looking at the rest.
 *
 * Takes the place of the hundred expiry lists that OVS sweeps every 20 seconds (conntrack_clean()). A binary heap, in
 * which each member knows its place. A packet that prolongs a connection touches nothing: the member moves down when
 * it comes to the top before its time. A packet that shortens it (a FIN after an hour of traffic) moves it up at once.
 *
 * Invariant: the time under which a member is filed is never later than the time at which it ends.
 */

export interface Expiring {
  /** When it ends, in milliseconds. */
  expirationMs: number;
  /** The time it is filed under, and its place in the heap; -1 when it is not in one. Owned by the queue. */
  filedMs: number;
  heapIndex: number;
}

export class ExpiryQueue<T extends Expiring> {
  private readonly heap: T[] = [];

  get count(): number {
    return this.heap.length;
  }

  add(member: T): void {
    member.filedMs = member.expirationMs;
    member.heapIndex = this.heap.length;
    this.heap.push(member);
    this.moveUp(member);
  }

  remove(member: T): void {
    const index = member.heapIndex;
    if (index < 0) return;
    member.heapIndex = -1;
    const last = this.heap.pop()!;
    if (last === member) return;
    this.heap[index] = last;
    last.heapIndex = index;
    this.moveUp(last);
    this.moveDown(last);
  }

  /** To be called when the end of a member has changed. */
  update(member: T): void {
    if (member.heapIndex < 0 || member.expirationMs >= member.filedMs) return;
    member.filedMs = member.expirationMs;
    this.moveUp(member);
  }

  /** A member that has ended, or null. It stays in the queue until it is removed. */
  expired(nowMs: number): T | null {
    for (;;) {
      const first = this.heap[0];
      if (first === undefined || first.filedMs > nowMs) return null;
      if (first.expirationMs <= nowMs) return first;
      first.filedMs = first.expirationMs;
      this.moveDown(first);
    }
  }

  private moveUp(member: T): void {
    let index = member.heapIndex;
    while (index > 0) {
      const parent = this.heap[(index - 1) >> 1]!;
      if (parent.filedMs <= member.filedMs) break;
      this.heap[index] = parent;
      const above = parent.heapIndex;
      parent.heapIndex = index;
      index = above;
    }
    this.heap[index] = member;
    member.heapIndex = index;
  }

  private moveDown(member: T): void {
    let index = member.heapIndex;
    const { heap } = this;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && heap[below + 1]!.filedMs < heap[below]!.filedMs) below++;
      const child = heap[below]!;
      if (child.filedMs >= member.filedMs) break;
      heap[index] = child;
      child.heapIndex = index;
      index = below;
    }
    heap[index] = member;
    member.heapIndex = index;
  }
}
