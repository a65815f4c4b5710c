/**
 * VXLAN (RFC 7348 §5) with the group-based policy extension (draft-smith-vxlan-group-policy-05).
 *
 * ```
 *  0               1               2               3
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-------------------------------+
 * |G|R|R|R|I|R|R|R|R|D|R|R|A|R|R|R|        group policy id        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+---------------+---------------+
 * |                      VNI                      |   reserved    |
 * +-----------------------------------------------+---------------+
 * ```
 * I must be set. G, D, A and the policy id mean something only where both ends have GBP on; D (0x40) and A (0x08) are
 * the GBP flags as OVS shows them.
 */
import { readU16, writeU16 } from './byte-order.js';
import { malformed, type Parsed, truncated } from './parsed.js';

export const VXLAN_HEADER_SIZE = 8;
export const VXLAN_PORT = 4789;
export const VXLAN_FLAG_VNI = 0x08;
export const VXLAN_FLAG_GBP = 0x80;
export const VXLAN_GBP_DONT_LEARN = 0x40;
export const VXLAN_GBP_POLICY_APPLIED = 0x08;

export interface VxlanHeader {
  readonly vni: number;
  /** Present where the G bit is set and GBP is on. */
  readonly gbp: { readonly id: number; readonly flags: number } | null;
}

/** Parses the header. Where gbp is off, bits other than I are malformed, as the kernel and OVS judge. */
export function parseVxlan(bytes: Uint8Array, offset: number, end = bytes.length, gbp = false): Parsed<VxlanHeader> {
  const available = end - offset;
  if (available < VXLAN_HEADER_SIZE) return truncated('vxlan', VXLAN_HEADER_SIZE, available);
  const flags = bytes[offset]!;
  const hasGbp = gbp && (flags & VXLAN_FLAG_GBP) !== 0;
  const flagsWanted = hasGbp ? VXLAN_FLAG_VNI | VXLAN_FLAG_GBP : VXLAN_FLAG_VNI;
  const gbpFlags = bytes[offset + 1]!;
  const id = readU16(bytes, offset + 2);
  const gbpAllowed = VXLAN_GBP_DONT_LEARN | VXLAN_GBP_POLICY_APPLIED;
  const isReservedZero = hasGbp ? (gbpFlags & ~gbpAllowed) === 0 : gbpFlags === 0 && id === 0;
  if (flags !== flagsWanted || !isReservedZero || bytes[offset + 7] !== 0) {
    return malformed('vxlan', VXLAN_HEADER_SIZE, available);
  }
  return {
    ok: true,
    header: {
      vni: (bytes[offset + 4]! << 16) | readU16(bytes, offset + 5),
      gbp: hasGbp ? { id, flags: gbpFlags } : null,
    },
    payloadOffset: offset + VXLAN_HEADER_SIZE,
  };
}

export function buildVxlan(bytes: Uint8Array, offset: number, header: VxlanHeader): number {
  bytes[offset] = header.gbp === null ? VXLAN_FLAG_VNI : VXLAN_FLAG_VNI | VXLAN_FLAG_GBP;
  bytes[offset + 1] = header.gbp === null ? 0 : header.gbp.flags;
  writeU16(bytes, offset + 2, header.gbp === null ? 0 : header.gbp.id);
  bytes[offset + 4] = header.vni >>> 16;
  writeU16(bytes, offset + 5, header.vni & 0xffff);
  bytes[offset + 7] = 0;
  return offset + VXLAN_HEADER_SIZE;
}
