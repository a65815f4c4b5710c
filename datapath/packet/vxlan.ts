/**
 * VXLAN (RFC 7348 §5) with the group-based policy extension (draft-smith-vxlan-group-policy-05) or the generic protocol
 * extension (draft-ietf-nvo3-vxlan-gpe), of which bit P of the first byte says that the fourth names what follows.
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

const VXLAN_FLAG_GPE = 0x04;
const VXLAN_FLAG_GPE_OAM = 0x01;
/** Version, next protocol and OAM. */
const VXLAN_GPE_FLAGS = 0x35;
export const VXLAN_GPE_IPV4 = 1;
export const VXLAN_GPE_IPV6 = 2;
export const VXLAN_GPE_ETHERNET = 3;
export const VXLAN_GPE_NSH = 4;

export interface VxlanHeader {
  readonly vni: number;
  /** Present where the G bit is set and GBP is on. */
  readonly gbp: { readonly id: number; readonly flags: number } | null;
  /** What follows (VXLAN_GPE_*), where the header says so. */
  readonly nextProtocol?: number;
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

/** As parseVxlan without a policy, but with what follows, where the header says that: Ethernet where it does not. */
export function parseVxlanGpe(bytes: Uint8Array, offset: number, end = bytes.length): Parsed<VxlanHeader> {
  const available = end - offset;
  if (available < VXLAN_HEADER_SIZE) return truncated('vxlan', VXLAN_HEADER_SIZE, available);
  const flags = bytes[offset]!;
  if ((flags & VXLAN_FLAG_GPE) === 0) return parseVxlan(bytes, offset, end);
  const isRight =
    (flags & VXLAN_FLAG_GPE_OAM) === 0 &&
    (flags & ~VXLAN_GPE_FLAGS) === VXLAN_FLAG_VNI &&
    readU16(bytes, offset + 1) === 0 &&
    bytes[offset + 7] === 0;
  if (!isRight) return malformed('vxlan', VXLAN_HEADER_SIZE, available);
  const vni = (bytes[offset + 4]! << 16) | readU16(bytes, offset + 5);
  return {
    ok: true,
    header: { vni, gbp: null, nextProtocol: bytes[offset + 3]! },
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
  if (header.nextProtocol !== undefined) {
    bytes[offset]! |= VXLAN_FLAG_GPE;
    bytes[offset + 3] = header.nextProtocol;
  }
  return offset + VXLAN_HEADER_SIZE;
}
