/**
 * The values of scenario files: times, rates, shares, names, addresses, counts. Each is a schema that says in its error
 * what it expected, and yields the value in the units that the simulation counts in.
 *
 * Invariant: every message begins with "expected", so that the reader of a file can add what it found instead.
 */
import { z } from 'zod';
import { parseMac, parsePrefix } from '../../linux/ip/address.js';

/**
 * A map with these keys and no others. Its error for others lists the keys that there are: problems.ts makes a
 * suggestion of it.
 */
export const map = <Shape extends z.ZodRawShape>(shape: Shape, expected: string) =>
  z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(' ') : `expected ${expected}`),
  });

/** A text of a certain form. */
const text = (expected: string, pattern: RegExp) => {
  const error = `expected ${expected}`;
  return z.string({ error }).regex(pattern, { error, abort: true });
};

const NS_PER_UNIT: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, min: 60e9 };
const MAX_TIME_NS = 3600e9;
const TIME = 'a time such as 10ms or 2s, at most 60min';

/** Virtual time, as nanoseconds. */
export const time = text(TIME, /^\d+(\.\d+)?(ns|us|ms|s|min)$/)
  .refine((value) => toNs(value) <= MAX_TIME_NS, { error: `expected ${TIME}` })
  .transform(toNs);

function toNs(value: string): number {
  const unit = /[a-z]+$/.exec(value)![0];
  return Math.round(Number(value.slice(0, -unit.length)) * NS_PER_UNIT[unit]!);
}

const BITS_PER_UNIT: Readonly<Record<string, number>> = { bit: 1, kbit: 1e3, mbit: 1e6, gbit: 1e9 };
const RATE = 'a rate such as 100mbit or 1gbit';

/** Bits per second, in the words of tc(8). */
export const rate = text(RATE, /^\d+(\.\d+)?(bit|kbit|mbit|gbit)$/)
  .refine((value) => toBps(value) >= 1, { error: `expected ${RATE}, not zero` })
  .transform(toBps);

function toBps(value: string): number {
  const unit = /[a-z]+$/.exec(value)![0];
  return Number(value.slice(0, -unit.length)) * BITS_PER_UNIT[unit]!;
}

const SHARE = 'a share such as 1% or 0.1%';

/** A probability from 0 to 1, written in percent. */
export const share = text(SHARE, /^\d+(\.\d+)?%$/)
  .refine((value) => Number.parseFloat(value) <= 100, { error: `expected ${SHARE}, at most 100%` })
  .transform((value) => Number.parseFloat(value) / 100);

export const hostName = text(
  'a name of letters, digits, - and _, beginning with a letter',
  /^[A-Za-z][A-Za-z0-9_-]{0,62}$/,
);

/** Linux's IFNAMSIZ leaves 15 characters. */
export const deviceName = text(
  'a device name of at most 15 letters, digits, -, _ and .',
  /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/,
);

/** `host:device`. */
export const place = text(
  'a place such as host1:eth0',
  /^[A-Za-z][A-Za-z0-9_-]{0,62}:[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/,
);

export const fileName = text('a file name without folders', /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/);

export const words = (what: string) =>
  z.string({ error: `expected ${what}` }).min(1, { error: `expected ${what}, not nothing` });

export const flag = z.boolean({ error: 'expected true or false' });

export function whole(min: number, max: number) {
  const error = `expected a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

const MAC = 'an Ethernet address such as 52:54:00:00:00:01';

/** Six bytes, for one host alone. */
export const mac = z
  .string({ error: `expected ${MAC}` })
  .regex(/^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/, { error: `expected ${MAC}`, abort: true })
  .refine((value) => (Number.parseInt(value.slice(0, 2), 16) & 1) === 0, {
    error: `expected ${MAC}, not one of a group (the first byte must be even)`,
  })
  .transform((value) => parseMac(value)!);

const PREFIX = 'an address with its prefix length, such as 10.0.0.1/24 or fd00::1/64';

export const addressWithPrefix = z
  .string({ error: `expected ${PREFIX}` })
  .refine((value) => value.includes('/') && parsePrefix(value) !== null, { error: `expected ${PREFIX}` });

/** One of them, or a list. */
export const oneOrMany = <T extends z.ZodType>(one: T) =>
  z
    .union([one, z.array(one, { error: 'expected a list' })])
    .transform((value): readonly z.output<T>[] => (Array.isArray(value) ? value : [value as z.output<T>]));

/** How many: a number, or an object with min and max. */
export interface CountRange {
  readonly min: number;
  readonly max: number;
}

const COUNT = 'a number, or a map of min and max';
const bound = z.int({ error: 'expected a whole number' }).min(0, { error: 'expected a number that is not negative' });

export const countRange = z
  .union([
    z.int({ error: `expected ${COUNT}` }).min(0, { error: 'expected a number that is not negative' }),
    map({ min: bound.optional(), max: bound.optional() }, COUNT),
  ])
  .transform(
    (value): CountRange =>
      typeof value === 'number'
        ? { min: value, max: value }
        : { min: value.min ?? 0, max: value.max ?? Number.POSITIVE_INFINITY },
  )
  .meta({ id: 'count', description: 'A number, or a map of min and max' });

export const isInRange = (count: number, range: CountRange): boolean => count >= range.min && count <= range.max;

export function formatRange({ min, max }: CountRange): string {
  if (min === max) return String(min);
  if (max === Number.POSITIVE_INFINITY) return `at least ${min}`;
  return min === 0 ? `at most ${max}` : `${min} to ${max}`;
}
