/**
 * Sets of named bits as datapath flows write them: `df|key` when every bit counts, `-df+key` when some do.
 * Mirrors format_flags(), format_flags_masked() and parse_flags() of lib/flow.c.
 */
import { TUN_F_CSUM, TUN_F_DF, TUN_F_KEY, TUN_F_OAM } from '#flowtable/flow-key.js';
import { scanInteger } from '#src/openflow/number-text.js';

/** Names of bits, lowest first; a hole is a bit without a name. */
export type FlagNames = readonly (string | undefined)[];

export const TCP_FLAG_NAMES: FlagNames = [
  'fin',
  'syn',
  'rst',
  'psh',
  'ack',
  'urg',
  'ece',
  'cwr',
  'ns',
  '[200]',
  '[400]',
  '[800]',
];
export const TCP_FLAGS_ALL = 0xfff;

export const TUNNEL_FLAG_NAMES: FlagNames = ['oam', 'df', 'csum', 'key'];
export const TUNNEL_FLAGS_ALL = 0xf;

/** OVS numbers the tunnel flags from OAM on, our key from DF on. */
export function tunnelFlagsToOvs(flags: number): number {
  return ((flags & (TUN_F_DF | TUN_F_CSUM | TUN_F_KEY)) << 1) | ((flags & TUN_F_OAM) !== 0 ? 1 : 0);
}

export function tunnelFlagsFromOvs(flags: number): number {
  return ((flags >> 1) & (TUN_F_DF | TUN_F_CSUM | TUN_F_KEY)) | ((flags & 1) !== 0 ? TUN_F_OAM : 0);
}

/** OVS_CS_F_* of linux/openvswitch.h. */
export const CT_STATE_NAMES: FlagNames = ['new', 'est', 'rel', 'rpl', 'inv', 'trk', 'snat', 'dnat'];
export const CT_STATE_SUPPORTED = 0xff;

export function formatFlags(names: FlagNames, flags: number, separator: string): string {
  if (flags === 0) return '0';
  const parts: string[] = [];
  let nameless = 0;
  for (let bit = 0; bit < 32; bit++) {
    if ((flags & (1 << bit)) === 0) continue;
    const name = names[bit];
    if (name === undefined) nameless |= 1 << bit;
    else parts.push(name);
  }
  if (nameless !== 0) parts.push(`0x${(nameless >>> 0).toString(16)}`);
  return parts.join(separator);
}

export function formatFlagsMasked(names: FlagNames, flags: number, mask: number, all: number): string {
  if (mask === all) return formatFlags(names, flags, '|');
  if (mask === 0) return '0/0';
  let text = '';
  for (let bit = 0; bit < 32; bit++) {
    if ((mask & (1 << bit)) === 0) continue;
    text += `${(flags & (1 << bit)) !== 0 ? '+' : '-'}${names[bit] ?? '[Unknown]'}`;
  }
  return text;
}

export interface ScannedFlags {
  readonly flags: number;
  readonly mask: number;
  readonly length: number;
}

/** Reads flags up to a closing parenthesis, which is left; null when they are not understood. */
export function scanFlags(text: string, names: FlagNames, allowed: number, maskAllowed: boolean): ScannedFlags | null {
  const numeric = maskAllowed ? scanMaskedNumber(text) : null;
  if (numeric !== null) {
    const beyond = BigInt.asUintN(32, ~BigInt(allowed));
    if ((numeric.flags & beyond) !== 0n || (numeric.mask & beyond) !== 0n) return null;
    return { flags: Number(numeric.flags), mask: Number(numeric.mask), length: numeric.length };
  }
  const end = text.indexOf(')');
  const body = end < 0 ? text : text.slice(0, end);
  if (maskAllowed && /^[+-]/.test(body)) return end < 0 ? null : scanSigned(body, names, allowed);
  return end < 0 ? null : scanUnsigned(body, names, allowed);
}

function scanMaskedNumber(text: string): { flags: bigint; mask: bigint; length: number } | null {
  const flags = scanInteger(text);
  if (flags.length === 0 || text[flags.length] !== '/') return null;
  const mask = scanInteger(text.slice(flags.length + 1));
  if (mask.length === 0) return null;
  const low = (value: bigint): bigint => BigInt.asUintN(32, value);
  return { flags: low(flags.value), mask: low(mask.value), length: flags.length + 1 + mask.length };
}

function scanSigned(body: string, names: FlagNames, allowed: number): ScannedFlags | null {
  let flags = 0;
  let mask = 0;
  for (const part of body.match(/[+-][^+-]*/g) ?? []) {
    const bit = names.indexOf(part.slice(1));
    if (bit < 0 || (mask & (1 << bit)) !== 0 || (allowed & (1 << bit)) === 0) return null;
    mask |= 1 << bit;
    if (part.startsWith('+')) flags |= 1 << bit;
  }
  return { flags, mask, length: body.length };
}

function scanUnsigned(body: string, names: FlagNames, allowed: number): ScannedFlags | null {
  let flags = 0;
  let at = 0;
  while (at < body.length) {
    const number = scanInteger(body.slice(at));
    if (number.length > 0) {
      if ((number.value & ~BigInt(allowed)) !== 0n) return null;
      flags |= Number(number.value);
      at += number.length;
    } else {
      const name = /^[^|]*/.exec(body.slice(at))![0];
      const bit = names.indexOf(name);
      if (bit < 0 || (allowed & (1 << bit)) === 0) return null;
      flags |= 1 << bit;
      at += name.length;
    }
    if (body[at] === '|') at++;
  }
  return { flags, mask: 0xffffffff, length: body.length };
}
