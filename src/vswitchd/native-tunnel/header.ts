/**
 * The outer headers of a native tunnel, from Ethernet to the tunnel's own, as tnl_push writes them before it fills in
 * lengths and checksums. Mirrors netdev_*_build_header() of lib/netdev-native-tnl.c.
 *
 * VXLAN's group policy is not written; OVS writes none either.
 */
import type { TunnelPushType } from '#datapath/dpif.js';
import { writeU16, writeU32 } from '#datapath/packet/byte-order.js';
import { checksum } from '#datapath/packet/checksum.js';
import { buildEthernet, ETH_HEADER_SIZE, ETH_TYPE_IP, ETH_TYPE_IPV6 } from '#datapath/packet/ethernet.js';
import { buildErspan, ERSPAN_MAX_SESSION, type ErspanHeader, erspanHeaderSize } from '#datapath/packet/erspan.js';
import { buildGtpu, GTPU_FLAGS, GTPU_HEADER_SIZE, GTPU_USER_PACKET } from '#datapath/packet/gtpu.js';
import { buildGeneve, GENEVE_BASE_SIZE, GENEVE_PROTO_ETHERNET } from '#datapath/packet/geneve.js';
import {
  GRE_FLAG_CHECKSUM,
  GRE_FLAG_KEY,
  GRE_FLAG_SEQUENCE,
  GRE_PROTO_TEB,
  greHeaderSize,
} from '#datapath/packet/gre.js';
import { IPV4_DONT_FRAGMENT, IPV4_HEADER_SIZE } from '#datapath/packet/ipv4.js';
import { IPV6_HEADER_SIZE } from '#datapath/packet/ipv6.js';
import { UDP_HEADER_SIZE } from '#datapath/packet/udp.js';
import {
  buildVxlan,
  VXLAN_GPE_ETHERNET,
  VXLAN_GPE_IPV4,
  VXLAN_GPE_IPV6,
  VXLAN_GPE_NSH,
  VXLAN_HEADER_SIZE,
} from '#datapath/packet/vxlan.js';
import {
  type FlowKey,
  OFF_PACKET_TYPE,
  OFF_TUN_DST,
  OFF_TUN_ERSPAN_DIR,
  OFF_TUN_ERSPAN_HWID,
  OFF_TUN_ERSPAN_IDX,
  OFF_TUN_ERSPAN_VER,
  OFF_TUN_FLAGS,
  OFF_TUN_GTPU_FLAGS,
  OFF_TUN_GTPU_MSGTYPE,
  OFF_TUN_ID,
  OFF_TUN_IPV6_DST,
  OFF_TUN_TOS,
  OFF_TUN_TTL,
  TUN_F_CSUM,
  TUN_F_DF,
  TUN_F_OAM,
} from '#flowtable/flow-key.js';
import { encodeOptions } from '#flowtable/tunnel-options.js';
import { NAMESPACE_ETHERTYPE, PT_ETH, PT_IPV4, PT_IPV6, PT_NSH } from '#src/openflow/packet-type.js';
import type { TunnelConfig } from '../tunnel.js';
import { ipv4Of, isMapped } from './address.js';
import { tunnelProtocol } from './termination.js';

/** Transparent to a sum, and a sign that one is wanted. */
const CHECKSUM_WANTED = 0xffff;
const OPTION_SIZE = 4;
const NO_OPTIONS = new Uint8Array(0);
const VNI_MASK = 0xffffff;

export interface HeaderRequest {
  readonly config: TunnelConfig;
  /** Its tunnel section says what goes into the header. */
  readonly flow: FlowKey;
  /** 16 bytes; of IPv4 where it is mapped. */
  readonly source: Uint8Array;
  readonly sourceMac: Uint8Array;
  readonly destinationMac: Uint8Array;
}

/** Null for a kind of tunnel that cannot be native. */
export const pushTypeOf = (type: string): TunnelPushType | null => PUSH_TYPES.get(type) ?? null;

const PUSH_TYPES: ReadonlyMap<string, TunnelPushType> = new Map([
  ['vxlan', 'vxlan'],
  ['gre', 'gre'],
  ['ip6gre', 'gre'],
  ['geneve', 'geneve'],
  ['erspan', 'erspan'],
  ['ip6erspan', 'erspan'],
  ['gtpu', 'gtpu'],
]);

/** Null where tunnels of the kind have no number for what the packet is, or no such version. */
export function buildHeader(request: HeaderRequest, type: TunnelPushType): Uint8Array | null {
  const { config, flow, source } = request;
  const payload = payloadOf(config, flow.u32(OFF_PACKET_TYPE));
  if (payload === null) return null;
  const isIpv4 = isMapped(source);
  const transport = ETH_HEADER_SIZE + (isIpv4 ? IPV4_HEADER_SIZE : IPV6_HEADER_SIZE);
  const flags = flow.u16(OFF_TUN_FLAGS);
  const hasChecksum = (flags & TUN_F_CSUM) !== 0;
  const id = flow.u32(OFF_TUN_ID + 4);
  const vni = id & VNI_MASK;
  const over = transport + UDP_HEADER_SIZE;
  const greFlags =
    (hasChecksum ? GRE_FLAG_CHECKSUM : 0) |
    (config.outKeyPresent ? GRE_FLAG_KEY : 0) |
    (config.sequence ? GRE_FLAG_SEQUENCE : 0);
  const { options, isCritical } = type === 'geneve' ? encodeOptions(flow) : { options: NO_OPTIONS, isCritical: false };
  const erspan = type === 'erspan' ? erspanOf(flow) : null;
  if (type === 'erspan' && erspan === null) return null;
  const size = {
    erspan: transport + erspanHeaderSize(erspan?.version ?? 1),
    gtpu: over + GTPU_HEADER_SIZE,
    gre: transport + greHeaderSize(greFlags),
    vxlan: over + VXLAN_HEADER_SIZE,
    geneve: over + GENEVE_BASE_SIZE + options.length,
  }[type];
  const header = new Uint8Array(size);
  buildEthernet(header, 0, {
    destination: request.destinationMac,
    source: request.sourceMac,
    type: isIpv4 ? ETH_TYPE_IP : ETH_TYPE_IPV6,
  });
  if (isIpv4) writeIpv4(header, request);
  else writeIpv6(header, request);
  if (erspan !== null) {
    buildErspan(header, transport, erspan);
    return header;
  }
  if (type === 'gre') {
    writeU16(header, transport, greFlags);
    writeU16(header, transport + 2, payload);
    const keyAt = transport + 4 + (hasChecksum ? OPTION_SIZE : 0);
    if (config.outKeyPresent) writeU32(header, keyAt, id);
    return header;
  }
  writeU16(header, transport + 2, config.udpPort);
  if (!isIpv4 || hasChecksum) writeU16(header, transport + 6, CHECKSUM_WANTED);
  if (type === 'gtpu') {
    buildGtpu(header, over, {
      flags: flow.u8(OFF_TUN_GTPU_FLAGS) || GTPU_FLAGS,
      messageType: flow.u8(OFF_TUN_GTPU_MSGTYPE) || GTPU_USER_PACKET,
      teid: id,
    });
  } else if (type === 'vxlan')
    buildVxlan(header, over, { vni, gbp: null, ...(config.gpe ? { nextProtocol: payload } : {}) });
  else {
    buildGeneve(header, over, {
      isControl: (flags & TUN_F_OAM) !== 0,
      isCritical,
      protocol: GENEVE_PROTO_ETHERNET,
      vni,
      options,
    });
  }
  return header;
}

/** What the flow says of the header, or null for what no header can say. */
function erspanOf(flow: FlowKey): ErspanHeader | null {
  const version = flow.u8(OFF_TUN_ERSPAN_VER);
  const session = flow.u32(OFF_TUN_ID + 4);
  if ((version !== 1 && version !== 2) || session > ERSPAN_MAX_SESSION) return null;
  return {
    version,
    session,
    index: flow.u32(OFF_TUN_ERSPAN_IDX),
    direction: flow.u8(OFF_TUN_ERSPAN_DIR),
    hardwareId: flow.u8(OFF_TUN_ERSPAN_HWID),
  };
}

const VXLAN_GPE_PROTOCOLS: ReadonlyMap<number, number> = new Map([
  [PT_IPV4, VXLAN_GPE_IPV4],
  [PT_IPV6, VXLAN_GPE_IPV6],
  [PT_NSH, VXLAN_GPE_NSH],
  [PT_ETH, VXLAN_GPE_ETHERNET],
  [(NAMESPACE_ETHERTYPE << 16) | GRE_PROTO_TEB, VXLAN_GPE_ETHERNET],
]);

/** How a GRE or VXLAN-GPE header names a packet of the type; 0 for headers that do not. */
function payloadOf({ type, gpe }: TunnelConfig, packetType: number): number | null {
  if (type === 'gre' || type === 'ip6gre') {
    if (packetType === PT_ETH) return GRE_PROTO_TEB;
    return packetType >>> 16 === NAMESPACE_ETHERTYPE ? packetType & 0xffff : null;
  }
  return gpe ? (VXLAN_GPE_PROTOCOLS.get(packetType) ?? null) : 0;
}

function writeIpv4(header: Uint8Array, { config, flow, source }: HeaderRequest): void {
  const ip = ETH_HEADER_SIZE;
  header[ip] = 0x45;
  header[ip + 1] = flow.u8(OFF_TUN_TOS);
  writeU16(header, ip + 6, (flow.u16(OFF_TUN_FLAGS) & TUN_F_DF) !== 0 ? IPV4_DONT_FRAGMENT : 0);
  header[ip + 8] = flow.u8(OFF_TUN_TTL);
  header[ip + 9] = tunnelProtocol(config.type);
  header.set(ipv4Of(source), ip + 12);
  header.set(flow.bytes.subarray(OFF_TUN_DST, OFF_TUN_DST + 4), ip + 16);
  writeU16(header, ip + 10, checksum(header, ip, IPV4_HEADER_SIZE));
}

function writeIpv6(header: Uint8Array, { config, flow, source }: HeaderRequest): void {
  const ip = ETH_HEADER_SIZE;
  writeU32(header, ip, ((6 << 28) | (flow.u8(OFF_TUN_TOS) << 20)) >>> 0);
  header[ip + 6] = tunnelProtocol(config.type);
  header[ip + 7] = flow.u8(OFF_TUN_TTL);
  header.set(source, ip + 8);
  header.set(flow.bytes.subarray(OFF_TUN_IPV6_DST, OFF_TUN_IPV6_DST + 16), ip + 24);
}
