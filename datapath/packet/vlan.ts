/**
 * The VLAN tag (IEEE 802.1Q-2018 §9.6): 802.1Q customer tags (0x8100) and 802.1ad service tags (0x88a8).
 *
 * ```
 * +-------------------------------+-----+-+-----------------------+
 * |     TPID 0x8100 | 0x88a8      | PCP |D|          VID          |
 * +-------------------------------+-----+-+-----------------------+
 * ```
 * The tag stands where an untagged frame has its type, and the type follows it. D is DEI (once CFI): a flow key
 * sets this bit to say that there is a tag at all, and OVS never sends it.
 */
import { readU16, writeU16 } from './byte-order.js';
import { ETH_TYPE_VLAN_8021AD, ETH_TYPE_VLAN_8021Q } from './ethernet.js';
import { type Parsed, truncated } from './parsed.js';

export const VLAN_HEADER_SIZE = 4;
export const VLAN_DEI = 0x1000;

export interface VlanTag {
  readonly tpid: number;
  readonly pcp: number;
  readonly dei: boolean;
  readonly vid: number;
}

export function isVlanType(type: number): boolean {
  return type === ETH_TYPE_VLAN_8021Q || type === ETH_TYPE_VLAN_8021AD;
}

export function tciOf(tag: { readonly pcp: number; readonly dei: boolean; readonly vid: number }): number {
  return ((tag.pcp & 7) << 13) | (tag.dei ? VLAN_DEI : 0) | (tag.vid & 0xfff);
}

/** Parses the tag at offset, where the TPID stands. The payload begins with the next type. */
export function parseVlan(bytes: Uint8Array, offset: number, end = bytes.length): Parsed<VlanTag> {
  if (end - offset < VLAN_HEADER_SIZE + 2) return truncated('vlan', VLAN_HEADER_SIZE + 2, end - offset);
  const tci = readU16(bytes, offset + 2);
  return {
    ok: true,
    header: { tpid: readU16(bytes, offset), pcp: tci >>> 13, dei: (tci & VLAN_DEI) !== 0, vid: tci & 0xfff },
    payloadOffset: offset + VLAN_HEADER_SIZE,
  };
}

export function buildVlan(bytes: Uint8Array, offset: number, tag: VlanTag): number {
  writeU16(bytes, offset, tag.tpid);
  writeU16(bytes, offset + 2, tciOf(tag));
  return offset + VLAN_HEADER_SIZE;
}
