/**
 * Counters of events by the names that OVS has for them, with rates over five seconds, a minute and an hour of virtual
 * time. Mirrors lib/coverage.c.
 *
 * Nothing counts for this: what the parts of the switch have counted anyway is read once in a second, as OVS gathers
 * its threads' counts. Only events that Upcall knows of are ever hit (coverage-events.ts).
 */
import { COVERAGE_NAMES } from './coverage-names.js';
import { hashInteger, hashString } from './ovs-hmap.js';

const RUN_INTERVAL_MS = 5000;
/** Slots of five seconds in a minute, and of minutes in an hour. */
const MINUTE_SLOTS = 12;
const HOUR_SLOTS = 60;

interface Counter {
  readonly name: string;
  total: number;
  /** What its source had counted when it was last read. */
  read: number;
  /** The total when rates were last reckoned. */
  lastTotal: number;
  readonly minute: number[];
  readonly hour: number[];
}

export class Coverage {
  private readonly counters = new Map<string, Counter>(
    COVERAGE_NAMES.map((name) => [
      name,
      {
        name,
        total: 0,
        read: 0,
        lastTotal: 0,
        minute: new Array<number>(MINUTE_SLOTS).fill(0),
        hour: new Array<number>(HOUR_SLOTS).fill(0),
      },
    ]),
  );
  private readonly source: () => ReadonlyMap<string, number>;
  private slot = 0;
  private nextRunMs: number;

  /** source: what has been counted so far, by name; a count that falls was begun anew. */
  constructor(source: () => ReadonlyMap<string, number>, nowMs: number) {
    this.source = source;
    this.nextRunMs = nowMs + RUN_INTERVAL_MS;
  }

  /** To be called once in a second. */
  gather(nowMs: number): void {
    const counted = this.source();
    for (const counter of this.counters.values()) gatherOne(counter, counted);
    if (nowMs >= this.nextRunMs) this.reckonRates(nowMs);
  }

  /** The total of one counter as it is now; null where there is none of that name. */
  read(name: string): number | null {
    const counter = this.counters.get(name);
    if (counter === undefined) return null;
    gatherOne(counter, this.source());
    return counter.total;
  }

  private reckonRates(nowMs: number): void {
    const slots = Math.floor((nowMs - this.nextRunMs) / RUN_INTERVAL_MS) + 1;
    for (const counter of this.counters.values()) {
      const count = counter.total - counter.lastTotal;
      counter.lastTotal = counter.total;
      const portion = Math.floor(count / slots);
      for (let i = 0; i < slots; i++) {
        const at = (this.slot + i) % (MINUTE_SLOTS * HOUR_SLOTS);
        const second = at % MINUTE_SLOTS;
        const minute = Math.floor(at / MINUTE_SLOTS);
        counter.minute[second] = portion + (i === slots - 1 ? count % slots : 0);
        counter.hour[minute] = (second === 0 ? 0 : counter.hour[minute]!) + counter.minute[second]!;
      }
    }
    this.slot = (this.slot + slots) % (MINUTE_SLOTS * HOUR_SLOTS);
    this.nextRunMs = nowMs + RUN_INTERVAL_MS;
  }

  describe(): string {
    const hit = [...this.counters.values()].filter(({ total }) => total > 0);
    const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
    const last = (this.slot + MINUTE_SLOTS - 1) % MINUTE_SLOTS;
    const lines = hit.map(({ name, total, minute, hour }) => {
      const perFive = ((minute[last]! * 1000) / RUN_INTERVAL_MS).toFixed(1).padStart(5);
      const perMinute = (sum(minute) / 60).toFixed(3).padStart(9);
      const perHour = (sum(hour) / 3600).toFixed(4).padStart(13);
      return `${name.padEnd(24)} ${perFive}/sec ${perMinute}/sec ${perHour}/sec   total: ${total}`;
    });
    const hash = this.hash().toString(16).padStart(8, '0');
    return [
      `Event coverage, avg rate over last: ${RUN_INTERVAL_MS / 1000} seconds, last minute, last hour,  hash=${hash}:`,
      ...lines,
      `${this.counters.size - hit.length} events never hit`,
    ].join('\n');
  }

  /** The same for runs in which the same events were about as frequent: names by rank, in groups of equal totals. */
  private hash(): number {
    const ranked = [...this.counters.values()].sort((a, b) => b.total - a.total || (a.name < b.name ? -1 : 1));
    let hash = 0;
    let groupCount = 0;
    for (let i = 0; i < ranked.length && ranked[i]!.total > 0; ) {
      groupCount++;
      hash = hashInteger(i, hash);
      const { total } = ranked[i]!;
      for (; i < ranked.length && ranked[i]!.total === total; i++) hash = hashString(ranked[i]!.name, hash);
    }
    return hashInteger(groupCount, hash) >>> 0;
  }
}

function gatherOne(counter: Counter, counted: ReadonlyMap<string, number>): void {
  const now = counted.get(counter.name) ?? 0;
  counter.total += now >= counter.read ? now - counter.read : now;
  counter.read = now;
}
