/**
 * The ct action as text: `ct(commit,zone=1,mark=0x1/0xff,nat(src=10.0.0.1-10.0.0.5:1000-2000,random))`, and `ct` alone
 * for one that says nothing. Mirrors format_odp_conntrack_action() and format_odp_ct_nat() of lib/odp-util.c.
 */
import type { ConntrackAction, ConntrackNat } from '#datapath/dpif.js';
import { formatHex } from '#src/openflow/number-text.js';
import { formatIpv4, formatIpv6 } from './address-text.js';

export function formatConntrack(action: ConntrackAction): string {
  const parts: string[] = [];
  // Both flags mean a commit; OVS has one attribute for each.
  if (action.force) parts.push('force_commit');
  else if (action.commit) parts.push('commit');
  if (action.zone !== 0) parts.push(`zone=${action.zone}`);
  if (action.mark !== null) parts.push(`mark=${formatHex(action.mark.value)}/${formatHex(action.mark.mask)}`);
  if (action.label !== null) {
    const isWhole = action.label.mask.every((byte) => byte === 0xff);
    parts.push(`label=${formatLong(action.label.value)}${isWhole ? '' : `/${formatLong(action.label.mask)}`}`);
  }
  if (action.helper !== null) parts.push(`helper=${action.helper}`);
  if (action.timeout !== undefined) parts.push(`timeout=${action.timeout}`);
  if (action.nat !== null) parts.push(formatNat(action.nat));
  return parts.length === 0 ? 'ct' : `ct(${parts.join(',')})`;
}

/** Sixteen bytes as one hexadecimal number. */
function formatLong(bytes: Uint8Array): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return formatHex(value);
}

function formatNat(nat: ConntrackNat): string {
  if (nat.type === null) return 'nat';
  let range: string = nat.type;
  if (nat.addresses !== null) {
    const { min, max } = nat.addresses;
    const first = formatAddress(min, nat.ports !== null);
    const last = formatAddress(max, nat.ports !== null);
    range += `=${first}${last === first ? '' : `-${last}`}`;
    if (nat.ports !== null) {
      range += `:${nat.ports.min}${nat.ports.max === nat.ports.min ? '' : `-${nat.ports.max}`}`;
    }
  }
  const options = [range];
  if (nat.persistent) options.push('persistent');
  if (nat.selection !== null) options.push(nat.selection);
  return `nat(${options.join(',')})`;
}

/** An IPv6 address stands in brackets where a port follows. */
function formatAddress(address: Uint8Array, hasPort: boolean): string {
  if (address.length === 4) return formatIpv4(address, 0);
  return hasPort ? `[${formatIpv6(address, 0)}]` : formatIpv6(address, 0);
}
