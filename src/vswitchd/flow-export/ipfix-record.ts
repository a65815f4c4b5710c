/**
 * An IPFIX flow: what a sampled packet is known by (its flow key, which stands in front of its records), and what has
 * been counted of such packets. Mirrors ipfix_cache_entry_init(), ipfix_cache_aggregate_entries() and
 * ipfix_put_data_set() of ofproto-dpif-ipfix.c.
 */
import {
  type FlowKey,
  OFF_ETH_DST,
  OFF_ETH_SRC,
  OFF_ETH_TYPE,
  OFF_IN_PORT,
  OFF_IPV6_DST,
  OFF_IPV6_LABEL,
  OFF_IPV6_SRC,
  OFF_NW_DST,
  OFF_NW_PROTO,
  OFF_NW_SRC,
  OFF_NW_TOS,
  OFF_NW_TTL,
  OFF_TCP_FLAGS,
  OFF_TP_DST,
  OFF_TP_SRC,
  OFF_VLAN_TCI,
  VLAN_VID_MASK,
} from '#flowtable/flow-key.js';
import type { SwitchPort } from '../bundle.js';
import { ByteWriter } from '../../openflow/wire/byte-writer.js';
import { type Layer3, type Layer4, type PacketShape, templateOf } from './ipfix-template.js';
import type { TunnelHeader } from './sflow-actions.js';

const ETH_HEADER_SIZE = 14;
const VLAN_ETH_HEADER_SIZE = 18;
const ETH_TYPE_IP = 0x0800;
const ETH_TYPE_IPV6 = 0x86dd;
const MAX_NAME_SIZE = 64;
const TCP_FLAGS = { ack: 0x10, fin: 0x01, psh: 0x08, rst: 0x04, syn: 0x02, urg: 0x20 } as const;

/** How a tunnel is told of: its type, the IP protocol that carries it, and the bytes of its key. */
const TUNNELS: Readonly<
  Record<string, { readonly type: number; readonly protocol: number; readonly keySize: number }>
> = {
  vxlan: { type: 1, protocol: 17, keySize: 3 },
  gre: { type: 2, protocol: 47, keySize: 4 },
  // OVS has no protocol where it looks for Geneve's.
  geneve: { type: 7, protocol: 0, keySize: 3 },
};

export interface Sample {
  readonly packet: Uint8Array;
  readonly key: FlowKey;
  /** How many packets this one stands for. */
  readonly weight: number;
  readonly domainId: number;
  readonly pointId: number;
  readonly direction: 'default' | 'ingress' | 'egress';
  /** Null where the packet is sampled as it comes in. */
  readonly outputPort: number | null;
  readonly tunnel: { readonly port: SwitchPort; readonly header: TunnelHeader } | null;
  /** Do the flow's actions send the packet anywhere? */
  readonly isForwarded: boolean;
  readonly nowUs: number;
  /** The bridge's port with a datapath number. */
  readonly portOf: (odpPort: number) => SwitchPort | null;
}

/** Counts of an exporter since it began. */
export class ExporterTotals {
  droppedPackets = 0;
  droppedOctets = 0;
  packets = 0;
  octets = 0;
  octetSquares = 0n;
  layer2Octets = 0;
  multicastPackets = 0;
  multicastOctets = 0;
  readonly ingress = { unicast: 0, multicast: 0, broadcast: 0 };
  readonly egress = { unicast: 0, broadcast: 0 };
  readonly tcp = { ack: 0, fin: 0, psh: 0, rst: 0, syn: 0, urg: 0 };
}

export type SampledKind = 'ipv4' | 'ipv6' | 'ipv4-error' | 'ipv6-error' | 'other';

export interface IpfixFlow {
  readonly id: string;
  readonly domainId: number;
  readonly template: number;
  readonly keyPart: Uint8Array;
  startUs: number;
  endUs: number;
  droppedPackets: number;
  packets: number;
  layer2Octets: number;
  multicastPackets: number;
  droppedOctets: number;
  octets: number;
  octetSquares: bigint;
  multicastOctets: number;
  minLength: number;
  maxLength: number;
  tcpPackets: number;
  /** The exporter's totals when the last packet was counted. */
  totals: ExporterTotals;
}

/** What kind of packet it is: which layers are told of, and whether OVS counts it as one that it knows. */
export function shapeOf({ key, tunnel, direction, outputPort }: Sample): PacketShape & { readonly kind: SampledKind } {
  const type = key.u16(OFF_ETH_TYPE);
  const layer3: Layer3 = type === ETH_TYPE_IP ? 'ipv4' : type === ETH_TYPE_IPV6 ? 'ipv6' : 'unknown';
  const layer4 = layer3 === 'unknown' ? 'unknown' : layer4Of(layer3, key.u8(OFF_NW_PROTO));
  const kind = layer3 === 'unknown' ? 'other' : layer4 === 'unknown' ? (`${layer3}-error` as const) : layer3;
  return {
    layer2: key.u16(OFF_VLAN_TCI) === 0 ? 'ethernet' : 'vlan',
    layer3,
    layer4,
    isTunnelled: tunnel !== null,
    isEgress: direction === 'default' ? outputPort !== null : direction === 'egress',
    kind,
  };
}

function layer4Of(layer3: Layer3, protocol: number): Layer4 {
  switch (protocol) {
    case 6:
      return 'tcp';
    case 17:
      return 'udp';
    case 132:
      return 'sctp';
    case 1:
      return layer3 === 'ipv4' ? 'icmp' : 'unknown';
    case 58:
      return layer3 === 'ipv6' ? 'icmp' : 'unknown';
    default:
      return 'unknown';
  }
}

/** A flow of this one packet, which is counted in the totals. */
export function flowOfSample(sample: Sample, shape: PacketShape, totals: ExporterTotals): IpfixFlow {
  const { key, packet, weight, nowUs, isForwarded } = sample;
  const { layer3, isEgress } = shape;
  const keyPart = keyPartOf(sample, shape);
  const template = templateOf(shape);
  const headerSize = shape.layer2 === 'vlan' ? VLAN_ETH_HEADER_SIZE : ETH_HEADER_SIZE;
  const isMulticast = (key.u8(OFF_ETH_DST) & 1) !== 0;
  const isBroadcast = key.u32(OFF_ETH_DST) === 0xffff_ffff && key.u16(OFF_ETH_DST + 4) === 0xffff;
  const isPostMulticast = isEgress && isMulticast && !isBroadcast;
  const ipLength = layer3 === 'unknown' ? 0 : (packet.length - headerSize) & 0xffff;
  const octets = weight * ipLength;
  const flow = {
    id: `${sample.domainId} ${template} ${Buffer.from(keyPart).toString('latin1')}`,
    domainId: sample.domainId,
    template,
    keyPart,
    startUs: nowUs,
    endUs: nowUs,
    droppedPackets: isForwarded ? 0 : weight,
    packets: weight,
    layer2Octets: weight * packet.length,
    multicastPackets: isPostMulticast ? weight : 0,
    droppedOctets: isForwarded ? 0 : octets,
    octets,
    octetSquares: BigInt(octets) * BigInt(ipLength),
    multicastOctets: isPostMulticast ? octets : 0,
    minLength: ipLength,
    maxLength: ipLength,
    tcpPackets: shape.layer4 === 'tcp' ? weight : 0,
  };
  totals.droppedPackets += flow.droppedPackets;
  totals.packets += weight;
  totals.layer2Octets += flow.layer2Octets;
  totals.droppedOctets += flow.droppedOctets;
  totals.octets += octets;
  totals.octetSquares += flow.octetSquares;
  totals.multicastPackets += flow.multicastPackets;
  totals.multicastOctets += flow.multicastOctets;
  const kind = isBroadcast ? 'broadcast' : isMulticast ? 'multicast' : 'unicast';
  if (!isEgress) totals.ingress[kind] += weight;
  else if (kind !== 'multicast') totals.egress[kind] += weight;
  if (flow.tcpPackets > 0) countTcp(totals, key.u16(OFF_TCP_FLAGS), weight);
  return { ...flow, totals: copyOf(totals) };
}

const copyOf = (totals: ExporterTotals): ExporterTotals => ({
  ...totals,
  ingress: { ...totals.ingress },
  egress: { ...totals.egress },
  tcp: { ...totals.tcp },
});

function countTcp(totals: ExporterTotals, flags: number, weight: number): void {
  for (const name of Object.keys(TCP_FLAGS) as (keyof typeof TCP_FLAGS)[]) {
    if ((flags & TCP_FLAGS[name]) !== 0) totals.tcp[name] += weight;
  }
}

/** Adds a flow of newer packets to what is known of the same flow. */
export function aggregate(known: IpfixFlow, newer: IpfixFlow): void {
  known.startUs = Math.min(known.startUs, newer.startUs);
  known.endUs = Math.max(known.endUs, newer.endUs);
  known.droppedPackets += newer.droppedPackets;
  known.packets += newer.packets;
  known.layer2Octets += newer.layer2Octets;
  known.multicastPackets += newer.multicastPackets;
  known.multicastOctets += newer.multicastOctets;
  known.droppedOctets += newer.droppedOctets;
  known.octets += newer.octets;
  known.octetSquares += newer.octetSquares;
  if (known.minLength === 0 || (newer.minLength !== 0 && known.minLength > newer.minLength)) {
    known.minLength = newer.minLength;
  }
  known.maxLength = Math.max(known.maxLength, newer.maxLength);
  known.tcpPackets += newer.tcpPackets;
  known.totals = newer.totals;
}

/** The part of a record that tells flows apart. */
function keyPartOf(sample: Sample, shape: PacketShape): Uint8Array {
  const { key, tunnel, outputPort, portOf } = sample;
  const writer = new ByteWriter();
  const copy = (offset: number, size: number): void => writer.put(key.bytes.subarray(offset, offset + size));
  writer.u32(sample.pointId);
  writer.u8(shape.isEgress ? 1 : 0);
  copy(OFF_ETH_SRC, 6);
  copy(OFF_ETH_DST, 6);
  copy(OFF_ETH_TYPE, 2);
  writer.u8(shape.layer2 === 'vlan' ? VLAN_ETH_HEADER_SIZE : ETH_HEADER_SIZE);
  writeInterface(writer, portOf(key.u32(OFF_IN_PORT)));
  if (shape.isEgress) writeInterface(writer, outputPort === null ? null : portOf(outputPort));
  if (shape.layer2 === 'vlan') {
    const tci = key.u16(OFF_VLAN_TCI);
    writer.u16(tci & VLAN_VID_MASK);
    writer.u16(tci & VLAN_VID_MASK);
    writer.u8(tci >> 13);
  }
  if (shape.layer3 !== 'unknown') {
    const isIpv4 = shape.layer3 === 'ipv4';
    const tos = key.u8(OFF_NW_TOS);
    writer.u8(isIpv4 ? 4 : 6);
    copy(OFF_NW_TTL, 1);
    copy(OFF_NW_PROTO, 1);
    writer.u8(tos >> 2);
    writer.u8(tos >> 5);
    writer.u8(tos);
    copy(isIpv4 ? OFF_NW_SRC : OFF_IPV6_SRC, isIpv4 ? 4 : 16);
    copy(isIpv4 ? OFF_NW_DST : OFF_IPV6_DST, isIpv4 ? 4 : 16);
    if (!isIpv4) copy(OFF_IPV6_LABEL, 4);
  }
  if (shape.layer4 === 'icmp') {
    copy(OFF_TP_SRC + 1, 1);
    copy(OFF_TP_DST + 1, 1);
  } else if (shape.layer4 !== 'unknown') copy(OFF_TP_SRC, 4);
  if (tunnel !== null) writeTunnel(writer, tunnel.port, tunnel.header);
  return writer.take();
}

/** Index, type, name and description: the devices here have no type and no description. */
function writeInterface(writer: ByteWriter, port: SwitchPort | null): void {
  const name = port === null ? new Uint8Array() : new TextEncoder().encode(port.name).subarray(0, MAX_NAME_SIZE);
  writer.u32(Math.max(0, port?.netdev.ifindex ?? 0));
  writer.u32(0);
  writer.u8(name.length);
  writer.put(name);
  writer.u8(0);
}

function writeTunnel(writer: ByteWriter, port: SwitchPort, header: TunnelHeader): void {
  const { type, protocol, keySize } = TUNNELS[port.tunnel!.type] ?? { type: 0, protocol: 0, keySize: 0 };
  writer.u32(header.source);
  writer.u32(header.destination);
  writer.u8(protocol);
  writer.u16(header.sourcePort);
  writer.u16(header.destinationPort);
  writer.u8(type);
  writer.u8(keySize);
  for (let i = keySize - 1; i >= 0; i--) writer.u8(Number((header.id >> BigInt(8 * i)) & 0xffn));
}

export function writeRecord(
  writer: ByteWriter,
  flow: IpfixFlow,
  end: { readonly reason: number; readonly exportSec: number },
  virtualId: string | null,
): void {
  const { totals } = flow;
  writer.put(flow.keyPart);
  if (virtualId !== null) {
    const bytes = new TextEncoder().encode(virtualId);
    writer.u8(bytes.length);
    writer.put(bytes);
  }
  const exportUs = 1e6 * end.exportSec;
  writer.u32(exportUs - flow.startUs);
  writer.u32(exportUs - flow.endUs);
  for (const count of [
    flow.droppedPackets,
    totals.droppedPackets,
    flow.packets,
    totals.packets,
    totals.ingress.unicast,
    totals.ingress.multicast,
    totals.ingress.broadcast,
    totals.egress.unicast,
    totals.egress.broadcast,
    flow.multicastPackets,
    totals.multicastPackets,
    flow.layer2Octets,
    totals.layer2Octets,
  ]) {
    writer.u64(count);
  }
  writer.u8(end.reason);
  if (flow.octetSquares !== 0n) {
    for (const count of [
      flow.droppedOctets,
      totals.droppedOctets,
      flow.octets,
      totals.octets,
      flow.octetSquares,
      totals.octetSquares,
      flow.minLength,
      flow.maxLength,
      flow.multicastOctets,
      totals.multicastOctets,
    ]) {
      writer.u64(count);
    }
  }
  if (flow.tcpPackets > 0) {
    const { ack, fin, psh, rst, syn, urg } = totals.tcp;
    for (const count of [ack, fin, psh, rst, syn, urg]) writer.u64(count);
  }
}
