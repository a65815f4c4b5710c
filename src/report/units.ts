/**
 * Numbers as people read them. Counts are exact with groups of three; what is measured keeps three significant digits.
 * Decimal prefixes throughout: rates and wire bytes are counted in powers of ten.
 */

/** `1,234,567`: exact, the same on every machine whatever its locale. */
export const formatCount = (count: number): string => String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ',');

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P'] as const;

const threeDigits = (value: number): string => {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
};

const scaled = (value: number, unit: string): string => {
  let rest = value;
  let prefix = 0;
  // 999.5 would be written as 1000 of its unit.
  while (rest >= 999.5 && prefix < PREFIXES.length - 1) {
    rest /= 1000;
    prefix++;
  }
  const digits = prefix === 0 && Number.isInteger(value) ? String(value) : threeDigits(rest);
  return `${digits} ${PREFIXES[prefix]}${unit}`;
};

/** `1.25 MB`. */
export const formatSize = (size: number): string => scaled(size, 'B');

/** `3.41 Mpps` for `pps`, `12.0 Gbit/s` for `bit/s`. */
export const formatRate = (perSecond: number, unit: string): string => scaled(perSecond, unit);

/** `12.3%`; `-` when there is nothing to be a part of. */
export const formatShare = (part: number, whole: number): string =>
  whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)}%`;

/** `380 ns`, `1.25 ms`, `14.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export const formatDuration = (ns: number): string => {
  if (ns < 999.5) return `${Math.round(ns)} ns`;
  if (ns < 999.5e3) return `${threeDigits(ns / 1e3)} us`;
  if (ns < 999.5e6) return `${threeDigits(ns / 1e6)} ms`;
  if (ns < 59.95e9) return `${threeDigits(ns / 1e9)} s`;
  const seconds = Math.round(ns / 1e9);
  if (seconds < 3600) return pair(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(minutes / 60);
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
};

const pair = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
