/** A packet as ovs-ofctl prints those that messages carry. Mirrors ofp_packet_to_string() of lib/ofp-print.c. */
import { extractPacket, L4_WORD, MAX_VLAN_HEADERS, PAD_WORD, ROW_WORDS } from '#datapath/flow-extract.js';
import { DATAPATH_WORDS, FlowKey, OFF_NW_PROTO, OFF_PACKET_TYPE } from '#flowtable/flow-key.js';
import { formatFlow } from './flow-format.js';

/** By IP protocol: the checksum's name, the size of the shortest header, and where in it the checksum is. */
const CHECKSUMS: ReadonlyMap<number, readonly [name: string, headerSize: number, at: number, size: 2 | 4]> = new Map([
  [6, ['tcp_csum', 20, 16, 2]],
  [17, ['udp_csum', 8, 6, 2]],
  [132, ['sctp_csum', 12, 8, 4]],
  [1, ['icmp_csum', 8, 2, 2]],
  [58, ['icmp6_csum', 4, 2, 2]],
]);

/** A packet as the datapath sees it. */
function rowOf(packet: Uint8Array, packetType = 0): Int32Array {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const row = new Int32Array(ROW_WORDS);
  if (packetType !== 0) {
    const metadata = new FlowKey();
    metadata.setU32(OFF_PACKET_TYPE, packetType);
    row.set(metadata.words.subarray(0, DATAPATH_WORDS));
  }
  extractPacket(view, 0, packet.length, row, 0, MAX_VLAN_HEADERS);
  return row;
}

function keyOf(row: Int32Array): FlowKey {
  const key = new FlowKey();
  key.words.set(row.subarray(0, DATAPATH_WORDS));
  return key;
}

/** The flow that a packet belongs to, wherever it came from. */
export const packetKey = (packet: Uint8Array): FlowKey => keyOf(rowOf(packet));

/** The packet's fields and checksum, one line; packetType: what it begins with, 0 for an Ethernet header. */
export function formatPacket(packet: Uint8Array, packetType = 0): string {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const row = rowOf(packet, packetType);
  const key = keyOf(row);
  let text = formatFlow(key);
  const checksum = CHECKSUMS.get(key.u8(OFF_NW_PROTO));
  const l4 = row[L4_WORD]!;
  if (checksum !== undefined && l4 >= 0) {
    const [name, headerSize, at, size] = checksum;
    if (packet.length - l4 - row[PAD_WORD]! >= headerSize) {
      const value = size === 4 ? view.getUint32(l4 + at) : view.getUint16(l4 + at);
      text += ` ${name}:${value.toString(16)}`;
    }
  }
  return `${text}\n`;
}
