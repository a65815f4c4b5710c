/**
 * tnl_pop: takes the outer headers off, puts what they said into the tunnel section of the key, and the frame goes
 * through the flow table once more as one that came in by the tunnel port.
 *
 * Mirrors OVS_ACTION_ATTR_TUNNEL_POP of lib/dpif-netdev.c and netdev_*_pop_header() of lib/netdev-native-tnl.c.
 * Deliberately different: VLAN tags in front of the outer IP header are taken off too; OVS forgets them.
 */
import {
  PT_ETH,
  SHAPE_TUNNEL,
  SHAPE_WORD,
  TUN_F_CSUM,
  TUN_F_KEY,
  TUN_F_OAM,
  TUN_F_UDPIF,
} from '#flowtable/flow-key.js';
import type { DpAction, VportType } from '../dpif.js';
import type { DropReason } from '../drop-reason.js';
import { L3_WORD, L4_WORD, PACKET_TYPE_WORD, TUNNEL_OPTIONS_WORD, TUNNEL_WORD } from '../flow-extract.js';
import { readU16, readU32, swap32 } from '../packet/byte-order.js';
import { checksum, isSumRight, pseudoHeaderSum4, pseudoHeaderSum6 } from '../packet/checksum.js';
import { type ErspanHeader, parseErspan } from '../packet/erspan.js';
import { GENEVE_PROTO_ETHERNET, parseGeneve } from '../packet/geneve.js';
import { GRE_PROTO_TEB, parseGre } from '../packet/gre.js';
import { parseVxlanGpe, VXLAN_GPE_ETHERNET, VXLAN_GPE_IPV4, VXLAN_GPE_IPV6, VXLAN_GPE_NSH } from '../packet/vxlan.js';
import { GTPU_USER_PACKET, type GtpuHeader, parseGtpu } from '../packet/gtpu.js';
import { FLOW_HASH_OF_ROW, type Packet } from '../packet-buffer.js';
import { clearOptions, putOptions } from '../tunnel-options.js';
import { OP_TNL_POP, type ProgramBuilder } from './program.js';
import { LE_PT_IPV4, LE_PT_IPV6, LE_PT_NSH, UNKNOWN_TYPE } from './push-nsh.js';

const IP_PROTO_UDP = 17;
const IP_PROTO_GRE = 47;
const UDP_HEADER_SIZE = 8;
const MIN_ETHERTYPE = 0x600;
const TUNNEL_WORDS = TUNNEL_OPTIONS_WORD - TUNNEL_WORD;

export function compileTunnelPop(action: Extract<DpAction, { kind: 'tnl_pop' }>, builder: ProgramBuilder): void {
  builder.add(OP_TNL_POP, action.port | 0);
}

/** What a tunnel header said. */
interface Tunnel {
  readonly id: number | null;
  readonly flags: number;
  readonly payloadOffset: number;
  /** What the payload is, as a word of the key. */
  readonly packetType: number;
  /** Of Geneve. */
  readonly options?: Uint8Array;
  readonly erspan?: ErspanHeader;
  readonly gtpu?: GtpuHeader;
}

const tunnelWords = new Int32Array(TUNNEL_WORDS);

/** Takes the headers off a packet whose key is that of its headers; returns why it dies, or null. */
export function popTunnel(packet: Packet, type: VportType): DropReason | null {
  const outer = outerHeader(packet);
  if (outer === null) return 'tunnel-bad-header';
  const transport = packet.layer(L4_WORD);
  const end = packet.start + packet.length;
  const protocol = packet.words[packet.row + 6]! >>> 24;
  let tunnel: Tunnel | null;
  const isGre = type === 'gre' || type === 'ip6gre';
  const isErspan = type === 'erspan' || type === 'ip6erspan';
  if (isGre || isErspan) {
    const read = isGre ? readGre : readErspan;
    tunnel = protocol === IP_PROTO_GRE ? read(packet, transport, end) : null;
  } else {
    const checksumFlag = protocol === IP_PROTO_UDP ? judgeUdp(packet, outer.isIpv4, transport, end) : null;
    tunnel = checksumFlag === null ? null : readOverUdp(packet, type, transport + UDP_HEADER_SIZE, end, checksumFlag);
  }
  if (tunnel === null || end - tunnel.payloadOffset < 0) return 'tunnel-bad-header';
  writeTunnel(packet, outer.isIpv4, tunnel, isGre || isErspan ? 0 : packet.view.getInt32(transport, true));
  packet.words[packet.row + PACKET_TYPE_WORD] = tunnel.packetType;
  packet.length = end - tunnel.payloadOffset;
  packet.start = tunnel.payloadOffset;
  packet.flowHashState = FLOW_HASH_OF_ROW;
  packet.isChanged = true;
  return null;
}

/** The checks of the outer IP header, which extraction has found. */
function outerHeader(packet: Packet): { readonly isIpv4: boolean } | null {
  const { bytes } = packet;
  const ip = packet.layer(L3_WORD);
  if (ip < 0 || packet.layer(L4_WORD) < 0) return null;
  const version = bytes[ip]! >>> 4;
  if (version === 6) return { isIpv4: false };
  const isRight =
    version === 4 &&
    bytes[ip] === 0x45 &&
    checksum(bytes, ip, 20) === 0 &&
    readU16(bytes, ip + 2) <= packet.start + packet.length - ip;
  return isRight ? { isIpv4: true } : null;
}

/** The flag of a checksum that was there and right, 0 where there is none, null for a wrong one. */
function judgeUdp(packet: Packet, isIpv4: boolean, at: number, end: number): number | null {
  const { bytes } = packet;
  if (end - at < UDP_HEADER_SIZE) return null;
  if (readU16(bytes, at + 6) === 0) return 0;
  const ip = packet.layer(L3_WORD);
  const pseudo = isIpv4
    ? pseudoHeaderSum4(bytes, ip, IP_PROTO_UDP, readU16(bytes, ip + 2) - 20)
    : pseudoHeaderSum6(bytes, ip, IP_PROTO_UDP, readU16(bytes, ip + 4));
  return isSumRight(pseudo, bytes, at, end - at) ? TUN_F_CSUM : null;
}

function readOverUdp(packet: Packet, type: VportType, at: number, end: number, flags: number): Tunnel | null {
  if (type === 'geneve') {
    const parsed = parseGeneve(packet.bytes, at, end);
    if (!parsed.ok || parsed.header.protocol !== GENEVE_PROTO_ETHERNET) return null;
    const oam = parsed.header.isControl ? TUN_F_OAM : 0;
    return {
      id: parsed.header.vni,
      flags: flags | TUN_F_KEY | TUN_F_UDPIF | oam,
      payloadOffset: parsed.payloadOffset,
      packetType: PT_ETH,
      options: parsed.header.options,
    };
  }
  if (type === 'gtpu') return readGtpu(packet, at, end, flags);
  const parsed = parseVxlanGpe(packet.bytes, at, end);
  if (!parsed.ok) return null;
  const packetType = packetTypeBehindGpe(parsed.header.nextProtocol ?? VXLAN_GPE_ETHERNET);
  if (packetType === UNKNOWN_TYPE) return null;
  return { id: parsed.header.vni, flags: flags | TUN_F_KEY, payloadOffset: parsed.payloadOffset, packetType };
}

function packetTypeBehindGpe(nextProtocol: number): number {
  switch (nextProtocol) {
    case VXLAN_GPE_ETHERNET:
      return PT_ETH;
    case VXLAN_GPE_IPV4:
      return LE_PT_IPV4;
    case VXLAN_GPE_IPV6:
      return LE_PT_IPV6;
    case VXLAN_GPE_NSH:
      return LE_PT_NSH;
    default:
      return UNKNOWN_TYPE;
  }
}

function readGre(packet: Packet, at: number, end: number): Tunnel | null {
  const parsed = parseGre(packet.bytes, at, end);
  if (!parsed.ok) return null;
  const { header } = parsed;
  // Every number that can be an Ethernet type is taken for one.
  if (header.protocol < MIN_ETHERTYPE) return null;
  const packetType = header.protocol === GRE_PROTO_TEB ? PT_ETH : swap32((1 << 16) | header.protocol);
  if (header.checksum !== null && checksum(packet.bytes, at, end - at) !== 0) return null;
  const flags = (header.checksum === null ? 0 : TUN_F_CSUM) | (header.key === null ? 0 : TUN_F_KEY);
  return { id: header.key, flags, payloadOffset: parsed.payloadOffset, packetType };
}

function readErspan(packet: Packet, at: number, end: number): Tunnel | null {
  const parsed = parseErspan(packet.bytes, at, end);
  if (!parsed.ok) return null;
  const { header: erspan, payloadOffset } = parsed;
  return { id: erspan.session, flags: TUN_F_KEY, payloadOffset, packetType: PT_ETH, erspan };
}

/** What is no packet of a user is left whole, for who understands it. */
function readGtpu(packet: Packet, at: number, end: number, flags: number): Tunnel | null {
  const parsed = parseGtpu(packet.bytes, at, end);
  if (!parsed.ok) return null;
  const { header: gtpu, payloadOffset } = parsed;
  const common = { id: gtpu.teid, flags, gtpu };
  if (gtpu.messageType !== GTPU_USER_PACKET) return { ...common, payloadOffset: packet.start, packetType: PT_ETH };
  const version = payloadOffset < end ? packet.bytes[payloadOffset]! >>> 4 : 0;
  const packetType = version === 4 ? LE_PT_IPV4 : version === 6 ? LE_PT_IPV6 : PT_ETH;
  return { ...common, payloadOffset, packetType };
}

function writeTunnel(packet: Packet, isIpv4: boolean, tunnel: Tunnel, portsWord: number): void {
  const { view, bytes, words, row } = packet;
  const ip = packet.layer(L3_WORD);
  tunnelWords.fill(0);
  tunnelWords[1] = swap32(tunnel.id ?? 0);
  let tos: number;
  let ttl: number;
  if (isIpv4) {
    tunnelWords[2] = view.getInt32(ip + 12, true);
    tunnelWords[3] = view.getInt32(ip + 16, true);
    tos = bytes[ip + 1]!;
    ttl = bytes[ip + 8]!;
  } else {
    for (let i = 0; i < 8; i++) tunnelWords[4 + i] = view.getInt32(ip + 8 + 4 * i, true);
    tos = (readU32(bytes, ip) >>> 20) & 0xff;
    ttl = bytes[ip + 7]!;
  }
  tunnelWords[12] = swap32((tunnel.flags << 16) | (tos << 8) | ttl);
  tunnelWords[14] = portsWord;
  const { gtpu, erspan } = tunnel;
  if (gtpu !== undefined) tunnelWords[15] = swap32((gtpu.flags << 24) | (gtpu.messageType << 16));
  if (erspan !== undefined) {
    tunnelWords[15] = swap32((erspan.version << 8) | erspan.direction);
    tunnelWords[16] = swap32(erspan.index);
    tunnelWords[17] = swap32(erspan.hardwareId << 24);
  }
  words.set(tunnelWords, row + TUNNEL_WORD);
  words[row + SHAPE_WORD] = words[row + SHAPE_WORD]! | SHAPE_TUNNEL;
  clearOptions(words, row);
  if (tunnel.options !== undefined) putOptions(words, row, tunnel.options);
}
