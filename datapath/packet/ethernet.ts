/**
 * Ethernet II and IEEE 802.3 with LLC/SNAP (IEEE 802.3-2018 §3.1.1, RFC 1042).
 *
 * ```
 *  0                   1                   2                   3
 * +---------------+---------------+---------------+---------------+
 * |                     destination address (6)                   |
 * +                               +-------------------------------+
 * |                               |      source address (6)       |
 * +-------------------------------+                               +
 * |                                                               |
 * +-------------------------------+-------------------------------+
 * |   type (>= 0x600) or length   |  payload ...
 * ```
 */
import { readU16, writeU16 } from './byte-order.js';
import { type Parsed, truncated } from './parsed.js';

export const ETH_HEADER_SIZE = 14;
export const ETH_ADDRESS_SIZE = 6;
export const ETH_OFF_DST = 0;
export const ETH_OFF_SRC = 6;
export const ETH_OFF_TYPE = 12;

/** Smaller numbers in the type field are lengths of an 802.3 frame. */
export const ETH_TYPE_MIN = 0x600;
export const ETH_TYPE_IP = 0x0800;
export const ETH_TYPE_ARP = 0x0806;
export const ETH_TYPE_RARP = 0x8035;
export const ETH_TYPE_VLAN_8021Q = 0x8100;
export const ETH_TYPE_VLAN_8021AD = 0x88a8;
export const ETH_TYPE_IPV6 = 0x86dd;
export const ETH_TYPE_MPLS = 0x8847;
export const ETH_TYPE_MPLS_MCAST = 0x8848;
/** What a flow key says of a frame without an Ethernet type (lib/flow.h FLOW_DL_TYPE_NONE). */
export const ETH_TYPE_NONE = 0x05ff;

/** An LLC header with the SNAP SAPs and organisation 00:00:00, followed by an Ethernet type: 8 bytes. */
export const LLC_SNAP_SIZE = 8;

export interface EthernetHeader {
  readonly destination: Uint8Array;
  readonly source: Uint8Array;
  /** The type, or the length of an 802.3 frame. */
  readonly type: number;
}

export function parseEthernet(bytes: Uint8Array, offset = 0, end = bytes.length): Parsed<EthernetHeader> {
  if (end - offset < ETH_HEADER_SIZE) return truncated('ethernet', ETH_HEADER_SIZE, end - offset);
  return {
    ok: true,
    header: {
      destination: bytes.slice(offset, offset + 6),
      source: bytes.slice(offset + 6, offset + 12),
      type: readU16(bytes, offset + ETH_OFF_TYPE),
    },
    payloadOffset: offset + ETH_HEADER_SIZE,
  };
}

/** Writes the header at offset and returns where the payload begins. */
export function buildEthernet(bytes: Uint8Array, offset: number, header: EthernetHeader): number {
  bytes.set(header.destination, offset + ETH_OFF_DST);
  bytes.set(header.source, offset + ETH_OFF_SRC);
  writeU16(bytes, offset + ETH_OFF_TYPE, header.type);
  return offset + ETH_HEADER_SIZE;
}
