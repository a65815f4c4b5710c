/**
 * A binary heap with the greatest priority on top. Mirrors lib/heap.c move by move: which of several equal nodes is on
 * top is not left open, because users see it (which port gives up an address when the MAC table is full).
 *
 * Invariant: no node has a greater priority than its parent, and a node knows where it stands.
 */
export interface HeapNode {
  /** Belongs to the heap: changed by it alone. */
  priority: number;
  /** Place in the heap; belongs to it too. */
  place: number;
}

export class MaxHeap<T extends HeapNode> {
  private readonly nodes: T[] = [];

  get top(): T | null {
    return this.nodes[0] ?? null;
  }

  insert(node: T, priority: number): void {
    node.priority = priority;
    this.put(node, this.nodes.length);
    this.rise(node);
  }

  remove(node: T): void {
    const last = this.nodes.pop()!;
    if (last === node) return;
    this.put(last, node.place);
    this.settle(last);
  }

  change(node: T, priority: number): void {
    node.priority = priority;
    this.settle(node);
  }

  private settle(node: T): void {
    if (!this.rise(node)) this.sink(node);
  }

  private rise(node: T): boolean {
    const start = node.place;
    while (node.place > 0) {
      const parent = this.nodes[(node.place - 1) >> 1]!;
      if (parent.priority >= node.priority) break;
      this.swap(parent, node);
    }
    return node.place !== start;
  }

  private sink(node: T): void {
    for (;;) {
      let greatest = node;
      for (const place of [2 * node.place + 1, 2 * node.place + 2]) {
        const child = this.nodes[place];
        if (child !== undefined && child.priority > greatest.priority) greatest = child;
      }
      if (greatest === node) return;
      this.swap(greatest, node);
    }
  }

  private swap(a: T, b: T): void {
    const place = a.place;
    this.put(a, b.place);
    this.put(b, place);
  }

  private put(node: T, place: number): void {
    this.nodes[place] = node;
    node.place = place;
  }
}
