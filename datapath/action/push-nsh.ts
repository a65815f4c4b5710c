/**
 * push_nsh: a network service header (RFC 8300) in front of the packet, whose next protocol is what the packet was.
 * Mirrors push_nsh() of lib/packets.c. // hot path
 */
import { PT_ETH } from '#flowtable/flow-key.js';
import type { DpAction } from '../dpif.js';
import { L2_5_WORD, L3_WORD, L4_WORD, PACKET_TYPE_WORD } from '../flow-extract.js';
import {
  NSH_BASE_SIZE,
  NSH_MAX_SIZE,
  NSH_NEXT_ETHERNET,
  NSH_NEXT_IPV4,
  NSH_NEXT_IPV6,
  NSH_NEXT_NSH,
} from '../packet/nsh.js';
import type { Packet, PacketPool } from '../packet-buffer.js';
import { OP_PUSH_NSH, type ProgramBuilder } from './program.js';

// Packet types as they stand in a key's little-endian word.
export const LE_PT_IPV4 = 0x0008_0100;
export const LE_PT_IPV6 = 0xdd86_0100 | 0;
export const LE_PT_NSH = 0x4f89_0100;
/** No packet type. */
export const UNKNOWN_TYPE = -1;

export function compilePushNsh(action: Extract<DpAction, { kind: 'push_nsh' }>, builder: ProgramBuilder): void {
  const { length } = action.header;
  if (length < NSH_BASE_SIZE || length > NSH_MAX_SIZE || length % 4 !== 0) {
    throw new Error(`push_nsh of ${length} bytes: want ${NSH_BASE_SIZE} to ${NSH_MAX_SIZE}, in words`);
  }
  builder.add(OP_PUSH_NSH, builder.addHeader(action.header));
}

/** 0 for a packet that cannot stand behind the header. */
function nextProtocolOf(packetTypeWord: number): number {
  switch (packetTypeWord) {
    case PT_ETH:
      return NSH_NEXT_ETHERNET;
    case LE_PT_IPV4:
      return NSH_NEXT_IPV4;
    case LE_PT_IPV6:
      return NSH_NEXT_IPV6;
    case LE_PT_NSH:
      return NSH_NEXT_NSH;
    default:
      return 0;
  }
}

/** The packet type behind a header with this next protocol, as a word, or UNKNOWN_TYPE. */
export function packetTypeBehind(nextProtocol: number): number {
  switch (nextProtocol) {
    case NSH_NEXT_ETHERNET:
      return PT_ETH;
    case NSH_NEXT_IPV4:
      return LE_PT_IPV4;
    case NSH_NEXT_IPV6:
      return LE_PT_IPV6;
    case NSH_NEXT_NSH:
      return LE_PT_NSH;
    default:
      return UNKNOWN_TYPE;
  }
}

/** False when the packet is none that the header can name, or there is no room. */
export function pushNsh(pool: PacketPool, packet: Packet, header: Uint8Array): boolean {
  const { words, row } = packet;
  const next = nextProtocolOf(words[row + PACKET_TYPE_WORD]!);
  if (next === 0 || !pool.makeHeadroom(packet, header.length)) return false;
  packet.start -= header.length;
  packet.length += header.length;
  packet.bytes.set(header, packet.start);
  packet.bytes[packet.start + 3] = next;
  words[row + PACKET_TYPE_WORD] = LE_PT_NSH;
  words[row + L2_5_WORD] = -1;
  words[row + L3_WORD] = 0;
  words[row + L4_WORD] = -1;
  packet.isChanged = true;
  return true;
}
