/**
 * Rewrites a packet of a connection under NAT: addresses and ports with their checksums (RFC 1624), and for an ICMP
 * error also the packet that it quotes (RFC 5508 §4.2).
 *
 * Mirrors nat_packet(), pat_packet() and nat_inner_packet() of lib/conntrack.c.
 *
 * Invariant: only bytes of the IP packet are written; a quoted header that was cut short is changed as far as it goes.
 *
 * Deliberately different: for an ICMPv6 error OVS adjusts the checksum of the outer packet at the place where the
 * connection's protocol has it, and so changes bytes of the quoted packet or the MTU of a "packet too big". Here, as in
 * the kernel, the outer packet is adjusted as the ICMPv6 message it is.
 */
import { readU16, swap32, writeU16 } from '../packet/byte-order.js';
import { finishSum, updateChecksum16, updateChecksum32 } from '../packet/checksum.js';
import { IP_PROTO_ICMPV6, IP_PROTO_TCP, IP_PROTO_UDP } from '../packet/ipv4.js';
import { NAT_DST, NAT_SRC } from './connection.js';
import {
  type ConnectionKey,
  destinationPortOf,
  ETH_TYPE_IPV4,
  etherTypeOf,
  KEY_DST,
  KEY_PROTOCOL,
  KEY_SRC,
  makeKey,
  sourcePortOf,
} from './connection-key.js';
import { extractIpv4, extractIpv6, transportSum } from './key-extract.js';

/** Where the layers of a packet are; offsets in `bytes`. */
export interface PacketLayers {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly ip: number;
  readonly transport: number;
  /** The end of the IP packet. */
  readonly end: number;
}

const scratch = makeKey();

/** NAT_SRC and NAT_DST trade places: what the reply direction needs. */
export function reverseNatAction(action: number): number {
  if ((action & NAT_SRC) !== 0) return (action & ~NAT_SRC) | NAT_DST;
  if ((action & NAT_DST) !== 0) return (action & ~NAT_DST) | NAT_SRC;
  return action;
}

/**
 * `key` is how a packet that answers this one looks. `isError`: the packet is an ICMP error about the connection.
 */
export function rewritePacket(packet: PacketLayers, key: ConnectionKey, action: number, isError: boolean): void {
  const isIpv4 = etherTypeOf(key) === ETH_TYPE_IPV4;
  const protocol = isError ? (isIpv4 ? 1 : IP_PROTO_ICMPV6) : key[KEY_PROTOCOL]!;
  rewriteAddress(packet, protocol, key, action, false);
  if ((action & (NAT_SRC | NAT_DST)) === 0) return;
  if (isError) rewriteQuoted(packet, key, reverseNatAction(action));
  else rewritePorts(packet, key[KEY_PROTOCOL]!, destinationPortOf(key), sourcePortOf(key));
}

/** The quoted packet went the other way, so its ends are those of `key` itself. */
function rewriteQuoted(packet: PacketLayers, key: ConnectionKey, action: number): void {
  const { bytes, ip, transport, end } = packet;
  const isIpv4 = etherTypeOf(key) === ETH_TYPE_IPV4;
  const quotedIp = transport + 8;
  const quotedTransport = isIpv4
    ? extractIpv4(bytes, quotedIp, end, scratch, false)
    : extractIpv6(bytes, quotedIp, end, scratch);
  if (quotedTransport < 0) return;
  const quoted: PacketLayers = { bytes, view: packet.view, ip: quotedIp, transport: quotedTransport, end };
  rewritePorts(quoted, key[KEY_PROTOCOL]!, sourcePortOf(key), destinationPortOf(key));
  rewriteAddress(quoted, key[KEY_PROTOCOL]!, key, action, true);
  writeU16(bytes, transport + 2, 0);
  const size = end - transport;
  const sum = isIpv4 ? sumOf(bytes, transport, size) : transportSum(bytes, ip, transport, size, 0, IP_PROTO_ICMPV6);
  writeU16(bytes, transport + 2, finishSum(sum));
}

function sumOf(bytes: Uint8Array, offset: number, size: number): number {
  let sum = 0;
  for (let i = 0; i + 1 < size; i += 2) sum += readU16(bytes, offset + i);
  return (size & 1) === 0 ? sum : sum + (bytes[offset + size - 1]! << 8);
}

function rewriteAddress(
  packet: PacketLayers,
  protocol: number,
  key: ConnectionKey,
  action: number,
  isQuoted: boolean,
): void {
  const isSource = (action & NAT_SRC) !== 0;
  if (!isSource && (action & NAT_DST) === 0) return;
  // A quoted packet looks like `key`, a packet that is not looks like its reverse.
  const from = isSource === isQuoted ? KEY_SRC : KEY_DST;
  const isIpv4 = etherTypeOf(key) === ETH_TYPE_IPV4;
  const at = packet.ip + (isIpv4 ? (isSource ? 12 : 16) : isSource ? 8 : 24);
  for (let i = 0; i < (isIpv4 ? 1 : 4); i++) {
    setAddressWord(packet, protocol, at + 4 * i, swap32(key[from + i]!), isIpv4);
  }
}

function setAddressWord(packet: PacketLayers, protocol: number, at: number, to: number, isIpv4: boolean): void {
  const { view, ip, transport, end } = packet;
  const old = view.getInt32(at, true);
  const size = end - transport;
  if (protocol === IP_PROTO_TCP && size >= 20) {
    view.setUint16(transport + 16, updateChecksum32(view.getUint16(transport + 16, true), old, to), true);
  } else if (protocol === IP_PROTO_UDP && size >= 8) {
    const sum = view.getUint16(transport + 6, true);
    if (sum !== 0) {
      const updated = updateChecksum32(sum, old, to);
      view.setUint16(transport + 6, updated === 0 ? 0xffff : updated, true);
    }
  } else if (!isIpv4 && protocol === IP_PROTO_ICMPV6 && size >= 4) {
    view.setUint16(transport + 2, updateChecksum32(view.getUint16(transport + 2, true), old, to), true);
  }
  if (isIpv4) view.setUint16(ip + 10, updateChecksum32(view.getUint16(ip + 10, true), old, to), true);
  view.setInt32(at, to, true);
}

function rewritePorts(packet: PacketLayers, protocol: number, source: number, destination: number): void {
  const { transport, end, view } = packet;
  if (protocol !== IP_PROTO_TCP && protocol !== IP_PROTO_UDP) return;
  if (end - transport < 4) return;
  const sumOffset = transport + (protocol === IP_PROTO_TCP ? 16 : 6);
  const hasSum = sumOffset + 2 <= end && (protocol === IP_PROTO_TCP || view.getUint16(sumOffset) !== 0);
  setPortWord(view, transport, source, hasSum ? sumOffset : -1);
  setPortWord(view, transport + 2, destination, hasSum ? sumOffset : -1);
  if (protocol === IP_PROTO_UDP && hasSum && view.getUint16(sumOffset) === 0) view.setUint16(sumOffset, 0xffff);
}

function setPortWord(view: DataView, at: number, port: number, sumOffset: number): void {
  const old = view.getUint16(at);
  if (old === port) return;
  if (sumOffset >= 0) view.setUint16(sumOffset, updateChecksum16(view.getUint16(sumOffset), old, port));
  view.setUint16(at, port);
}
