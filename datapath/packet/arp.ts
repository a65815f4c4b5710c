/**
 * ARP for IPv4 over Ethernet (RFC 826).
 *
 * ```
 *  0               1               2               3
 * +---------------+---------------+---------------+---------------+
 * |       hardware type 1         |       protocol type 0x800     |
 * +---------------+---------------+-------------------------------+
 * |  hlen 6       |  plen 4       |           opcode              |
 * +---------------+---------------+-------------------------------+
 * |  sender hardware address (6)  +-------------------------------+
 * |                               | sender protocol address (4)   |
 * +-------------------------------+-------------------------------+
 * |        ...                    | target hardware address (6)   |
 * +-------------------------------+                               +
 * |                                                               |
 * +---------------------------------------------------------------+
 * |                target protocol address (4)                    |
 * +---------------------------------------------------------------+
 * ```
 */
import { readU16, writeU16 } from './byte-order.js';
import { malformed, type Parsed, truncated } from './parsed.js';

export const ARP_SIZE = 28;
export const ARP_OFF_OP = 6;
export const ARP_OFF_SHA = 8;
export const ARP_OFF_SPA = 14;
export const ARP_OFF_THA = 18;
export const ARP_OFF_TPA = 24;
export const ARP_OP_REQUEST = 1;
export const ARP_OP_REPLY = 2;

export interface ArpHeader {
  readonly opcode: number;
  readonly senderMac: Uint8Array;
  readonly senderIp: Uint8Array;
  readonly targetMac: Uint8Array;
  readonly targetIp: Uint8Array;
}

export function parseArp(bytes: Uint8Array, offset: number, end = bytes.length): Parsed<ArpHeader> {
  if (end - offset < ARP_SIZE) return truncated('arp', ARP_SIZE, end - offset);
  const isEthernetIpv4 =
    readU16(bytes, offset) === 1 &&
    readU16(bytes, offset + 2) === 0x0800 &&
    bytes[offset + 4] === 6 &&
    bytes[offset + 5] === 4;
  if (!isEthernetIpv4) return malformed('arp', ARP_SIZE, end - offset);
  const slice = (from: number, size: number): Uint8Array => bytes.slice(offset + from, offset + from + size);
  return {
    ok: true,
    header: {
      opcode: readU16(bytes, offset + ARP_OFF_OP),
      senderMac: slice(ARP_OFF_SHA, 6),
      senderIp: slice(ARP_OFF_SPA, 4),
      targetMac: slice(ARP_OFF_THA, 6),
      targetIp: slice(ARP_OFF_TPA, 4),
    },
    payloadOffset: offset + ARP_SIZE,
  };
}

export function buildArp(bytes: Uint8Array, offset: number, header: ArpHeader): number {
  writeU16(bytes, offset, 1);
  writeU16(bytes, offset + 2, 0x0800);
  bytes[offset + 4] = 6;
  bytes[offset + 5] = 4;
  writeU16(bytes, offset + ARP_OFF_OP, header.opcode);
  bytes.set(header.senderMac, offset + ARP_OFF_SHA);
  bytes.set(header.senderIp, offset + ARP_OFF_SPA);
  bytes.set(header.targetMac, offset + ARP_OFF_THA);
  bytes.set(header.targetIp, offset + ARP_OFF_TPA);
  return offset + ARP_SIZE;
}
