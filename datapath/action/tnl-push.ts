/**
 * tnl_push: outer headers in front of the frame, made whole: lengths, checksums, the UDP source port that tells flows
 * apart, GRE's sequence number. // hot path
 *
 * Mirrors push_tnl_action() of lib/dpif-netdev.c and netdev_*_push_header() of lib/netdev-native-tnl.c. The packet's
 * metadata becomes that of one that came in by the underlay's port.
 */
import type { TunnelPushAction } from '../dpif.js';
import { resetMetadata } from '../flow-extract.js';
import { swap32 } from '../packet/byte-order.js';
import {
  addToSum,
  checksum,
  finishSum,
  pseudoHeaderSum4,
  pseudoHeaderSum6,
  udpWireChecksum,
  updateChecksum16,
} from '../packet/checksum.js';
import { stampErspan } from '../packet/erspan.js';
import { GRE_FLAG_CHECKSUM, GRE_FLAG_SEQUENCE, greHeaderSize } from '../packet/gre.js';
import { GTPU_OFF_LENGTH } from '../packet/gtpu.js';
import type { Packet, PacketPool } from '../packet-buffer.js';
import { OP_TNL_PUSH, type ProgramBuilder } from './program.js';

const ETH_HEADER_SIZE = 14;
const IPV4_HEADER_SIZE = 20;
const IPV6_HEADER_SIZE = 40;
const ETH_TYPE_IP = 0x0800;
const IP_PROTO_UDP = 17;
const UDP_HEADER_SIZE = 8;
/** ERSPAN's timestamps count 100 µs. */
const ERSPAN_TICK_NS = 100_000;
const MAX_HEADER_SIZE = 512;
/** The range of OVS and Linux: the first, and the first that is not in it. */
const SOURCE_PORT_MIN = 32768;
const SOURCE_PORT_END = 61000;

export function compileTunnelPush(action: TunnelPushAction, builder: ProgramBuilder): void {
  const { header, type } = action;
  const least = leastHeaderSize(header, type === 'gre' || type === 'erspan' ? 4 : 16);
  if (header.length < least || header.length > MAX_HEADER_SIZE) {
    throw new Error(`tnl_push of ${header.length} bytes: want ${least} to ${MAX_HEADER_SIZE} for ${type}`);
  }
  builder.add(OP_TNL_PUSH, builder.addPush(action));
}

function leastHeaderSize(header: Uint8Array, tunnelSize: number): number {
  const isIpv4 = header[12] === ETH_TYPE_IP >>> 8 && header[13] === (ETH_TYPE_IP & 0xff);
  const ip = ETH_HEADER_SIZE + (isIpv4 ? IPV4_HEADER_SIZE : IPV6_HEADER_SIZE);
  if (tunnelSize !== 4 || header.length < ip + 4) return ip + tunnelSize;
  return ip + greHeaderSize((header[ip]! << 8) | header[ip + 1]!);
}

/** False when there is no room. sequence: of the tunnel port's next GRE packet. */
export function pushTunnel(
  pool: PacketPool,
  packet: Packet,
  action: TunnelPushAction,
  sequence: number,
  nowNs: number,
): boolean {
  const { header } = action;
  if (!pool.makeHeadroom(packet, header.length)) return false;
  const payloadSize = packet.length;
  const sourceHash = packet.takeFlowHash();
  packet.start -= header.length;
  packet.length += header.length;
  const { bytes, view, start } = packet;
  bytes.set(header, start);
  const ip = start + ETH_HEADER_SIZE;
  const isIpv4 = view.getUint16(start + 12) === ETH_TYPE_IP;
  const total = packet.length - ETH_HEADER_SIZE;
  const size = total - (isIpv4 ? IPV4_HEADER_SIZE : IPV6_HEADER_SIZE);
  if (isIpv4) {
    view.setUint16(ip + 2, total);
    view.setUint16(ip + 10, updateChecksum16(view.getUint16(ip + 10), 0, total & 0xffff));
  } else view.setUint16(ip + 4, size);
  const transport = start + packet.length - size;
  if (action.type === 'gre') finishGre(packet, transport, size, sequence);
  else if (action.type === 'erspan') stampErspan(view, transport, sequence, Math.floor(nowNs / ERSPAN_TICK_NS) >>> 0);
  else {
    view.setUint16(transport, sourcePortOf(sourceHash));
    view.setUint16(transport + 4, size);
    // As in OVS that of GTP-U is made whether it is wanted or not, and before the length is written.
    if (view.getUint16(transport + 6) !== 0 || action.type === 'gtpu') {
      view.setUint16(transport + 6, 0);
      const pseudo = isIpv4
        ? pseudoHeaderSum4(bytes, ip, IP_PROTO_UDP, size)
        : pseudoHeaderSum6(bytes, ip, IP_PROTO_UDP, size);
      view.setUint16(transport + 6, udpWireChecksum(finishSum(addToSum(pseudo, bytes, transport, size))));
    }
    if (action.type === 'gtpu') view.setUint16(transport + UDP_HEADER_SIZE + GTPU_OFF_LENGTH, payloadSize);
  }
  resetMetadata(packet.words, packet.row, swap32(action.outPort));
  packet.isChanged = true;
  return true;
}

function finishGre(packet: Packet, at: number, size: number, sequence: number): void {
  const { view, bytes } = packet;
  const flags = view.getUint16(at);
  // As in OVS, the checksum is taken before the sequence number is written.
  if ((flags & GRE_FLAG_CHECKSUM) !== 0) view.setUint16(at + 4, checksum(bytes, at, size));
  if ((flags & GRE_FLAG_SEQUENCE) !== 0) view.setUint32(at + greHeaderSize(flags) - 4, sequence);
}

/** As OVS scales an unsigned hash. */
export function sourcePortOf(hash: number): number {
  return SOURCE_PORT_MIN + Math.floor((hash * (SOURCE_PORT_END - SOURCE_PORT_MIN)) / 0x1_0000_0000);
}
