/**
 * How many connections a zone may have, and how many it has.
 *
 * Mirrors zone_limit_*() of lib/conntrack.c: a zone without a limit of its own shares the default one, and a connection
 * counts against the limit that admitted it for as long as that limit exists. No limit, no counting.
 */
import type { Admission } from './connection.js';

/** The zone under which the limit for all others stands. */
export const DEFAULT_LIMIT_ZONE = -1;

export interface ZoneLimit {
  readonly zone: number;
  readonly limit: number;
  readonly count: number;
}

interface CountedLimit {
  readonly zone: number;
  limit: number;
  count: number;
  readonly sequence: number;
}

export class ZoneLimits {
  private readonly limits = new Map<number, CountedLimit>();
  private nextSequence = 0;

  /** Makes a limit or changes one; what is tracked already stays, and is counted only if it was before. */
  set(zone: number, limit: number): void {
    const existing = this.limits.get(zone);
    if (existing !== undefined) existing.limit = limit;
    else this.limits.set(zone, { zone, limit, count: 0, sequence: this.nextSequence++ });
  }

  delete(zone: number): boolean {
    return this.limits.delete(zone);
  }

  /** The limit that applies to the zone. Where there is none, a limit of 0 under the default zone, as OVS says it. */
  get(zone: number): ZoneLimit {
    return this.applying(zone) ?? { zone: DEFAULT_LIMIT_ZONE, limit: 0, count: 0 };
  }

  /** The zones with a limit of their own, by number. */
  list(): readonly ZoneLimit[] {
    return [...this.limits.values()].filter(({ zone }) => zone >= 0).sort((a, b) => a.zone - b.zone);
  }

  isFull(zone: number): boolean {
    const limit = this.applying(zone);
    return limit !== undefined && limit.count >= limit.limit;
  }

  /** Counts a connection; what it returns is given back by release(). */
  admit(zone: number): Admission | null {
    const limit = this.applying(zone);
    if (limit === undefined) return null;
    limit.count++;
    return { zone: limit.zone, sequence: limit.sequence };
  }

  release(admission: Admission | null): void {
    if (admission === null) return;
    const limit = this.limits.get(admission.zone);
    if (limit !== undefined && limit.sequence === admission.sequence) limit.count--;
  }

  private applying(zone: number): CountedLimit | undefined {
    return this.limits.get(zone) ?? this.limits.get(DEFAULT_LIMIT_ZONE);
  }
}
