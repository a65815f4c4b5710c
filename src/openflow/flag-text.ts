/**
 * Fields that are sets of named bits: tcp_flags, ct_state, tun_flags.
 * Mirrors parse_flags(), format_flags() and format_flags_masked() (lib/flow.c). A match of some bits is written
 * `+syn-ack`, one of all bits `syn|ack`; numbers stand for either.
 */
import { UserError } from '../report/user-error.js';
import type { Masked } from './address-text.js';
import { scanInteger } from './number-text.js';

export interface FlagSet {
  /** As OVS calls the set in errors. */
  readonly title: string;
  readonly names: ReadonlyMap<number, string>;
  /** Bits that text may name or give as a number. */
  readonly allowed: number;
}

/** RFC 9293 §3.1, RFC 3168, and the reserved bits by their place. */
export const TCP_FLAGS: FlagSet = {
  title: 'TCP',
  names: new Map([
    [0x001, 'fin'],
    [0x002, 'syn'],
    [0x004, 'rst'],
    [0x008, 'psh'],
    [0x010, 'ack'],
    [0x020, 'urg'],
    [0x040, 'ece'],
    [0x080, 'cwr'],
    [0x100, 'ns'],
    [0x200, '[200]'],
    [0x400, '[400]'],
    [0x800, '[800]'],
  ]),
  allowed: 0xfff,
};

export const CT_STATE_FLAGS: FlagSet = {
  title: 'ct_state',
  names: new Map([
    [0x01, 'new'],
    [0x02, 'est'],
    [0x04, 'rel'],
    [0x08, 'rpl'],
    [0x10, 'inv'],
    [0x20, 'trk'],
    [0x40, 'snat'],
    [0x80, 'dnat'],
  ]),
  allowed: 0xff,
};

/** OVS's own order of the bits; only `oam` may be matched by a user. */
export const TUNNEL_FLAGS: FlagSet = {
  title: 'tunnel',
  names: new Map([
    [1, 'oam'],
    [2, 'df'],
    [4, 'csum'],
    [8, 'key'],
  ]),
  allowed: 1,
};

const U32_ONES = 0xffffffffn;

export function parseFlags(text: string, set: FlagSet): Masked {
  const unknown = (at: string): UserError => new UserError(`${at}: unknown ${set.title} flag(s)`);
  const check = (bits: bigint, at: string): bigint => {
    if ((bits & ~BigInt(set.allowed)) !== 0n) throw unknown(at);
    return bits;
  };

  const value = scanInteger(text);
  if (value.length > 0 && text[value.length] === '/') {
    const mask = scanInteger(text.slice(value.length + 1));
    if (mask.length > 0) return { value: check(value.value, text), mask: check(mask.value, text) };
  }
  return text.startsWith('+') || text.startsWith('-')
    ? parseSignedFlags(text, set, unknown)
    : { value: parsePlainFlags(text, set, check, unknown), mask: U32_ONES };
}

function parseSignedFlags(text: string, set: FlagSet, unknown: (at: string) => UserError): Masked {
  let value = 0;
  let mask = 0;
  let rest = text;
  while (rest !== '') {
    const sign = rest[0]!;
    if (sign !== '+' && sign !== '-') {
      throw new UserError(`${rest}: ${set.title} must be preceded by '+' (for SET) or '-' (NOT SET)`);
    }
    rest = rest.slice(1);
    const found = [...set.names].find(
      ([, name]) => rest.startsWith(name) && ['+', '-', ''].includes(rest.charAt(name.length)),
    );
    if (found === undefined) throw unknown(rest);
    const [bit, name] = found;
    if ((mask & bit) !== 0) throw new UserError(`${rest}: Each ${set.title} flag can be specified only once`);
    if ((bit & set.allowed) === 0) throw unknown(rest);
    if (sign === '+') value |= bit;
    mask |= bit;
    rest = rest.slice(name.length);
  }
  return { value: BigInt(value), mask: BigInt(mask) };
}

function parsePlainFlags(
  text: string,
  set: FlagSet,
  check: (bits: bigint, at: string) => bigint,
  unknown: (at: string) => UserError,
): bigint {
  let value = 0n;
  let rest = text;
  while (rest !== '') {
    const number = scanInteger(rest);
    let length = number.length;
    if (length > 0) {
      value |= check(number.value, text);
    } else {
      const found = [...set.names].find(
        ([, name]) => rest.startsWith(name) && ['|', ''].includes(rest.charAt(name.length)),
      );
      if (found === undefined) throw unknown(text);
      value |= check(BigInt(found[0]), text);
      length = found[1].length;
    }
    rest = rest.slice(length + (rest[length] === '|' ? 1 : 0));
  }
  return value;
}

/** `+syn-ack`, or `syn|ack` where the mask has all bits of `allBits`. */
export function formatFlags(value: number, mask: number, set: FlagSet, allBits: number): string {
  const bitsOf = (bits: number): number[] => {
    const list: number[] = [];
    for (let bit = 1; bit <= bits && bit > 0; bit *= 2) if ((bits & bit) !== 0) list.push(bit);
    return list;
  };
  if (mask === allBits) {
    if (value === 0) return '0';
    const known = bitsOf(value).filter((bit) => set.names.has(bit));
    const rest = value & ~known.reduce((bits, bit) => bits | bit, 0);
    return [...known.map((bit) => set.names.get(bit)!), ...(rest === 0 ? [] : [`0x${rest.toString(16)}`])].join('|');
  }
  if (mask === 0) return '0/0';
  return bitsOf(mask)
    .map((bit) => `${(value & bit) !== 0 ? '+' : '-'}${set.names.get(bit) ?? '[Unknown]'}`)
    .join('');
}
