/** How long something has been there: as switches count it, as messages say it, and as text. */

/** Nanoseconds may be more than a second where a message says so. */
export interface Duration {
  readonly seconds: number;
  readonly nanoseconds: number;
}

const NS_PER_SECOND = 1e9;
const NS_PER_MS = 1e6;

/** In the milliseconds that OVS keeps. */
export function durationOf(ns: number): Duration {
  return {
    seconds: Math.floor(ns / NS_PER_SECOND),
    nanoseconds: Math.floor((ns % NS_PER_SECOND) / NS_PER_MS) * NS_PER_MS,
  };
}

/** `1.25s`: no fraction where it is zero, milliseconds, or as many digits as it takes (ofp_print_duration()). */
export function formatDuration({ seconds, nanoseconds }: Duration): string {
  if (nanoseconds === 0) return `${seconds}s`;
  if (nanoseconds % NS_PER_MS === 0) return `${seconds}.${String(nanoseconds / NS_PER_MS).padStart(3, '0')}s`;
  return `${seconds}.${String(nanoseconds).padStart(9, '0').replace(/0+$/, '')}s`;
}
