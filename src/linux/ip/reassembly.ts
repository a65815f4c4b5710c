/**
 * Putting fragmented datagrams together again (RFC 791 §3.2, RFC 8200 §4.5; Linux: net/ipv4/ip_fragment.c).
 *
 * Invariants: at most MAX_DATAGRAMS are under way, none longer than 64 KiB, none longer than 30 seconds; fragments
 * that overlap spoil their datagram (RFC 5722).
 */
import type { DropReason } from '#datapath/drop-reason.js';
import type { Scheduler, Timer } from '#src/sim/scheduler.js';
import type { NetDevice } from '../device/net-device.js';

const TIMEOUT_NS = 30e9;
const MAX_DATAGRAMS = 64;
const MAX_SIZE = 65_535;

export interface Fragment {
  /** What the fragments of one datagram have in common. */
  readonly key: string;
  readonly frame: Uint8Array;
  readonly device: NetDevice;
  /** Bytes of the frame before the fragment's data. */
  readonly headerSize: number;
  /** Place of the data in the datagram's payload. */
  readonly offset: number;
  readonly moreFragments: boolean;
}

interface Datagram {
  readonly fragments: Fragment[];
  readonly timer: Timer;
  /** Size of the payload, once the last fragment is there. */
  totalSize: number | null;
}

const dataSize = (fragment: Fragment): number => fragment.frame.length - fragment.headerSize;

export class Reassembly {
  private readonly scheduler: Scheduler;
  private readonly onTimeout: (frame: Uint8Array, device: NetDevice) => void;
  private readonly datagrams = new Map<string, Datagram>();

  constructor(scheduler: Scheduler, onTimeout: (frame: Uint8Array, device: NetDevice) => void) {
    this.scheduler = scheduler;
    this.onTimeout = onTimeout;
  }

  /**
   * Takes a fragment: null while others are missing, a reason where it cannot be, else the frame with the first
   * fragment's headers and the whole payload. Lengths in those headers are still the fragment's.
   */
  add(fragment: Fragment): Uint8Array | DropReason | null {
    const size = dataSize(fragment);
    const end = fragment.offset + size;
    if (end > MAX_SIZE || (fragment.moreFragments && (size === 0 || size % 8 !== 0))) return 'bad-header';
    const datagram = this.datagrams.get(fragment.key) ?? this.begin(fragment.key);
    const overlaps = datagram.fragments.some(
      (other) => fragment.offset < other.offset + dataSize(other) && other.offset < end,
    );
    const isPastEnd = datagram.totalSize !== null && end > datagram.totalSize;
    if (overlaps || isPastEnd || (!fragment.moreFragments && datagram.totalSize !== null)) {
      this.end(fragment.key);
      return 'bad-header';
    }
    datagram.fragments.push({ ...fragment, frame: fragment.frame.slice() });
    if (!fragment.moreFragments) datagram.totalSize = end;
    const received = datagram.fragments.reduce((sum, other) => sum + dataSize(other), 0);
    if (datagram.totalSize === null || received < datagram.totalSize) return null;
    this.end(fragment.key);
    const first = datagram.fragments.find((other) => other.offset === 0);
    if (first === undefined) return 'bad-header';
    const whole = new Uint8Array(first.headerSize + datagram.totalSize);
    whole.set(first.frame.subarray(0, first.headerSize));
    for (const other of datagram.fragments) {
      whole.set(other.frame.subarray(other.headerSize), first.headerSize + other.offset);
    }
    return whole;
  }

  private begin(key: string): Datagram {
    if (this.datagrams.size >= MAX_DATAGRAMS) this.expire(this.datagrams.keys().next().value!);
    const timer = this.scheduler.after(TIMEOUT_NS, () => this.expire(key), { background: true });
    const datagram: Datagram = { fragments: [], timer, totalSize: null };
    this.datagrams.set(key, datagram);
    return datagram;
  }

  private end(key: string): void {
    this.datagrams.get(key)?.timer.cancel();
    this.datagrams.delete(key);
  }

  private expire(key: string): void {
    const datagram = this.datagrams.get(key);
    this.end(key);
    for (const fragment of datagram?.fragments ?? []) this.onTimeout(fragment.frame, fragment.device);
  }
}
