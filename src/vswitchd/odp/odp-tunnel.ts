/**
 * The `tunnel(...)` attribute as text. A member is in the attribute when it is set, the TTL always.
 * Mirrors tun_key_to_attr() and format_odp_tun_attr() of lib/odp-util.c.
 */
import {
  FlowKey,
  OFF_TUN_DST,
  OFF_TUN_ERSPAN_DIR,
  OFF_TUN_ERSPAN_HWID,
  OFF_TUN_ERSPAN_IDX,
  OFF_TUN_ERSPAN_VER,
  OFF_TUN_FLAGS,
  OFF_TUN_GBP_FLAGS,
  OFF_TUN_GBP_ID,
  OFF_TUN_GTPU_FLAGS,
  OFF_TUN_GTPU_MSGTYPE,
  OFF_TUN_ID,
  OFF_TUN_IPV6_DST,
  OFF_TUN_IPV6_SRC,
  OFF_TUN_OPTIONS,
  OFF_TUN_SRC,
  OFF_TUN_TOS,
  OFF_TUN_TP_DST,
  OFF_TUN_TP_SRC,
  OFF_TUN_TTL,
  TUN_F_KEY,
  TUN_F_UDPIF,
} from '#flowtable/flow-key.js';
import { rawOptionsSize } from '#flowtable/tunnel-options.js';
import { formatHex } from '#src/openflow/number-text.js';
import { formatIpv4, formatIpv6 } from './address-text.js';
import { formatGeneveOptions } from './odp-geneve.js';
import { TUNNEL_FLAGS_ALL, TUNNEL_FLAG_NAMES, formatFlags, formatFlagsMasked, tunnelFlagsToOvs } from './odp-flags.js';

/** Does the key come from, or go to, a tunnel at all? */
export function hasTunnel(key: FlowKey): boolean {
  return !key.isZero(OFF_TUN_SRC, 8) || !key.isZero(OFF_TUN_IPV6_SRC, 32);
}

type TunnelFormat = 'be64' | 'ipv4' | 'ipv6' | 'u8' | 'u8x' | 'be16';

const TUNNEL_MEMBERS: readonly (readonly [name: string, offset: number, size: number, format: TunnelFormat])[] = [
  ['tun_id', OFF_TUN_ID, 8, 'be64'],
  ['src', OFF_TUN_SRC, 4, 'ipv4'],
  ['dst', OFF_TUN_DST, 4, 'ipv4'],
  ['ipv6_src', OFF_TUN_IPV6_SRC, 16, 'ipv6'],
  ['ipv6_dst', OFF_TUN_IPV6_DST, 16, 'ipv6'],
  ['tos', OFF_TUN_TOS, 1, 'u8x'],
  ['ttl', OFF_TUN_TTL, 1, 'u8'],
  ['tp_src', OFF_TUN_TP_SRC, 2, 'be16'],
  ['tp_dst', OFF_TUN_TP_DST, 2, 'be16'],
];

function readNumber(key: FlowKey, offset: number, size: number): bigint {
  let value = 0n;
  for (let i = 0; i < size; i++) value = (value << 8n) | BigInt(key.bytes[offset + i]!);
  return value;
}

function formatMember(
  name: string,
  offset: number,
  size: number,
  format: TunnelFormat,
  key: FlowKey,
  mask: FlowKey | null,
  verbose: boolean,
): string | null {
  const bits = mask === null ? null : mask.bytes.subarray(offset, offset + size);
  const empty = bits?.every((byte) => byte === 0) ?? false;
  if (empty && !verbose) return null;
  const partial = bits !== null && !bits.every((byte) => byte === 0xff);
  const address = format === 'ipv4' ? formatIpv4 : format === 'ipv6' ? formatIpv6 : null;
  if (address !== null) {
    return `${name}=${address(key.bytes, offset)}${partial ? `/${address(mask!.bytes, offset)}` : ''}`;
  }
  const value = readNumber(key, offset, size);
  const text = format === 'be64' ? `0x${value.toString(16)}` : format === 'u8x' ? formatHex(value) : String(value);
  return `${name}=${text}${partial ? `/${formatHex(readNumber(mask!, offset, size))}` : ''}`;
}

function formatGbp(key: FlowKey, mask: FlowKey | null, verbose: boolean): string {
  const parts = [
    formatMember('id', OFF_TUN_GBP_ID, 2, 'be16', key, mask, verbose),
    formatMember('flags', OFF_TUN_GBP_FLAGS, 1, 'u8x', key, mask, verbose),
  ].filter((part) => part !== null);
  return `vxlan(gbp(${parts.join(',')}))`;
}

function formatGeneve(key: FlowKey, mask: FlowKey | null, verbose: boolean): string {
  const end = OFF_TUN_OPTIONS + rawOptionsSize(key);
  const options = key.bytes.subarray(OFF_TUN_OPTIONS, end);
  return `geneve(${formatGeneveOptions(options, mask?.bytes.subarray(OFF_TUN_OPTIONS, end) ?? null, verbose)})`;
}

/** The attribute is there where the version is one of the two that exist; so is its mask, for the mask's own. */
const hasErspan = (key: FlowKey): boolean => key.u8(OFF_TUN_ERSPAN_VER) === 1 || key.u8(OFF_TUN_ERSPAN_VER) === 2;
const hasGtpu = (key: FlowKey): boolean => key.u8(OFF_TUN_GTPU_FLAGS) !== 0 && key.u8(OFF_TUN_GTPU_MSGTYPE) !== 0;

/** Where the attribute's mask is missing, nothing of it is matched. */
const attributeMask = (mask: FlowKey | null, has: (mask: FlowKey) => boolean): FlowKey | null =>
  mask === null || has(mask) ? mask : new FlowKey();

function formatErspan(key: FlowKey, given: FlowKey | null, verbose: boolean): string {
  const mask = attributeMask(given, hasErspan);
  const parts = [formatMember('ver', OFF_TUN_ERSPAN_VER, 1, 'u8', key, mask, verbose)];
  if (key.u8(OFF_TUN_ERSPAN_VER) === 1) {
    const bits = mask === null ? '' : `/${formatHex(mask.u32(OFF_TUN_ERSPAN_IDX))}`;
    parts.push(`idx=${formatHex(key.u32(OFF_TUN_ERSPAN_IDX))}${bits}`);
  } else {
    parts.push(formatMember('dir', OFF_TUN_ERSPAN_DIR, 1, 'u8', key, mask, verbose));
    // OVS shows the four bits that stand in the header's last byte.
    const low = key.clone();
    low.setU8(OFF_TUN_ERSPAN_HWID, key.u8(OFF_TUN_ERSPAN_HWID) & 0xf);
    parts.push(formatMember('hwid', OFF_TUN_ERSPAN_HWID, 1, 'u8x', low, mask, verbose));
  }
  return `erspan(${parts.filter((part) => part !== null).join(',')})`;
}

function formatGtpu(key: FlowKey, given: FlowKey | null, verbose: boolean): string {
  const mask = attributeMask(given, hasGtpu);
  const parts = [
    formatMember('flags', OFF_TUN_GTPU_FLAGS, 1, 'u8x', key, mask, verbose),
    formatMember('msgtype', OFF_TUN_GTPU_MSGTYPE, 1, 'u8', key, mask, verbose),
  ];
  return `gtpu(${parts.filter((part) => part !== null).join(',')})`;
}

export function formatTunnel(key: FlowKey, mask: FlowKey | null, verbose: boolean): string {
  const flags = key.u16(OFF_TUN_FLAGS);
  const parts: string[] = [];
  for (const [name, offset, size, format] of TUNNEL_MEMBERS) {
    const present = name === 'ttl' || !key.isZero(offset, size) || (name === 'tun_id' && (flags & TUN_F_KEY) !== 0);
    if (!present) continue;
    const text = formatMember(name, offset, size, format, key, mask, verbose);
    if (text !== null) parts.push(text);
  }
  if (!key.isZero(OFF_TUN_GBP_ID, 2) || key.u8(OFF_TUN_GBP_FLAGS) !== 0) parts.push(formatGbp(key, mask, verbose));

  if ((flags & TUN_F_UDPIF) !== 0) parts.push(formatGeneve(key, mask, verbose));
  if (hasErspan(key)) parts.push(formatErspan(key, mask, verbose));
  if (hasGtpu(key)) parts.push(formatGtpu(key, mask, verbose));

  // The KEY bit is not a bit on the wire: it says that a tun_id is there, and counts whenever the key has one.
  const hasId = !key.isZero(OFF_TUN_ID, 8) || (flags & TUN_F_KEY) !== 0;
  const shown = (flags & ~TUN_F_KEY) | (hasId ? TUN_F_KEY : 0);
  if (mask === null) {
    parts.push(`flags(${formatFlags(TUNNEL_FLAG_NAMES, tunnelFlagsToOvs(shown), '|')})`);
  } else {
    const maskFlags = (mask.u16(OFF_TUN_FLAGS) & ~TUN_F_KEY & 0xf) | (hasId ? TUN_F_KEY : 0);
    if (maskFlags !== 0 || verbose) {
      const [value, bits] = [tunnelFlagsToOvs(shown), tunnelFlagsToOvs(maskFlags)];
      parts.push(`flags(${formatFlagsMasked(TUNNEL_FLAG_NAMES, value, bits, TUNNEL_FLAGS_ALL)})`);
    }
  }
  return parts.join(',');
}
