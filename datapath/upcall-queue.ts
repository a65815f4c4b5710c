/**
 * The upcall queue: what waits for userspace. Bounded for each vport and in total, and served port by port in turn,
 * so that one port's flood of misses cannot starve the others.
 *
 * Mirrors the per-vport Netlink sockets of net/openvswitch/datapath.c and their fair reading in
 * ofproto-dpif-upcall.c. Deliberately different: the queue is one structure, and when it is full, a port that has
 * less than its fair share takes the newest place of the port that has the most.
 *
 * Invariant: no queue is longer than `portCapacity`, all together never longer than `capacity`; what is turned away
 * or displaced is reported to the caller, which counts it.
 */
import type { Upcall } from './dpif.js';
import type { DropReason } from './drop-reason.js';

interface PortQueue {
  readonly port: number;
  /** Waiting upcalls from `head` on; taken ones are cut off now and then. */
  waiting: Upcall[];
  head: number;
}

/** Where an upcall found no room: which port lost one, and why. */
export interface UpcallLoss {
  readonly port: number;
  readonly reason: DropReason;
}

const lengthOf = (queue: PortQueue): number => queue.waiting.length - queue.head;

export class UpcallQueue {
  private readonly capacity: number;
  private readonly portCapacity: number;
  private readonly queues = new Map<number, PortQueue>();
  /** Queues with something in them, the next to be served first. */
  private readonly turn: PortQueue[] = [];
  private readonly onFirst: () => void;
  length = 0;
  /** What the last push() took out of the queue to make room; null when it was the pushed one that found none. */
  lastDisplaced: Upcall | null = null;

  /** onFirst is called when an upcall comes into the empty queue. */
  constructor(options: { readonly capacity: number; readonly portCapacity: number; readonly onFirst: () => void }) {
    this.capacity = options.capacity;
    this.portCapacity = options.portCapacity;
    this.onFirst = options.onFirst;
  }

  /** Null when the upcall waits and nobody lost anything by it. */
  push(port: number, upcall: Upcall): UpcallLoss | null {
    this.lastDisplaced = null;
    let queue = this.queues.get(port);
    const length = queue === undefined ? 0 : lengthOf(queue);
    if (length >= this.portCapacity) return { port, reason: 'upcall-port-full' };
    let loss: UpcallLoss | null = null;
    if (this.length >= this.capacity) {
      const longest = this.longest();
      if (longest === null || lengthOf(longest) <= length + 1) return { port, reason: 'upcall-queue-full' };
      this.lastDisplaced = longest.waiting.pop() ?? null;
      this.length--;
      loss = { port: longest.port, reason: 'upcall-port-full' };
    }
    if (queue === undefined) {
      queue = { port, waiting: [], head: 0 };
      this.queues.set(port, queue);
    }
    if (length === 0) this.turn.push(queue);
    queue.waiting.push(upcall);
    if (this.length++ === 0) this.onFirst();
    return loss;
  }

  /** The next upcall, of the next port in turn. */
  shift(): Upcall | null {
    const queue = this.turn.shift();
    if (queue === undefined) return null;
    const upcall = queue.waiting[queue.head++]!;
    this.length--;
    if (queue.head >= queue.waiting.length) {
      queue.waiting = [];
      queue.head = 0;
    } else {
      if (queue.head >= 64) {
        queue.waiting = queue.waiting.slice(queue.head);
        queue.head = 0;
      }
      this.turn.push(queue);
    }
    return upcall;
  }

  /** Forgets a port that is gone; returns how many of its upcalls went with it. */
  removePort(port: number): number {
    const queue = this.queues.get(port);
    if (queue === undefined) return 0;
    const count = lengthOf(queue);
    this.length -= count;
    this.queues.delete(port);
    const place = this.turn.indexOf(queue);
    if (place >= 0) this.turn.splice(place, 1);
    return count;
  }

  private longest(): PortQueue | null {
    let longest: PortQueue | null = null;
    for (const queue of this.turn) if (longest === null || lengthOf(queue) > lengthOf(longest)) longest = queue;
    return longest;
  }
}
