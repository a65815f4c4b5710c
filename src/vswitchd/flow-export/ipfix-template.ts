/**
 * IPFIX messages (RFC 7011): their header, the templates that say what stands in data records, and one for the
 * exporter's own reliability. Mirrors ipfix_define_template_fields() and its neighbours in ofproto-dpif-ipfix.c; numbers
 * and sizes of elements are IANA's, those from 891 on VMware's.
 *
 * The invariant: a record has exactly the fields, in order, that the template with its number has. There is one template
 * for each combination of layers.
 */
import { ByteWriter } from '../../openflow/wire/byte-writer.js';

const VERSION = 10;
const OFF_LENGTH = 2;
const TEMPLATE_SET = 2;
const OPTIONS_TEMPLATE_SET = 3;
const FIRST_TEMPLATE = 256;
const VMWARE = 6876;
const ENTERPRISE_BIT = 0x8000;
const VARIABLE_LENGTH = 0xffff;
/** A message that has become as long as this is sent. */
const MAX_MESSAGE_SIZE = 1024;

export type Layer2 = 'ethernet' | 'vlan';
export type Layer3 = 'unknown' | 'ipv4' | 'ipv6';
export type Layer4 = 'unknown' | 'tcp' | 'udp' | 'sctp' | 'icmp';

const LAYER2: readonly Layer2[] = ['ethernet', 'vlan'];
const LAYER3: readonly Layer3[] = ['unknown', 'ipv4', 'ipv6'];
const LAYER4: readonly Layer4[] = ['unknown', 'tcp', 'udp', 'sctp', 'icmp'];

/** What a sampled packet is, which chooses the template. */
export interface PacketShape {
  readonly layer2: Layer2;
  readonly layer3: Layer3;
  readonly layer4: Layer4;
  readonly isTunnelled: boolean;
  readonly isEgress: boolean;
}

/** Number and size; a size of 0 is variable. The third is the enterprise, where it is not IANA's. */
type Element = readonly [id: number, size: number, enterprise?: number];

const INTERFACE_NAME: readonly Element[] = [
  [82, 0], // interfaceName
  [83, 0], // interfaceDescription
];
const COMMON: readonly Element[] = [
  [138, 4], // observationPointId
  [61, 1], // flowDirection
  [56, 6], // sourceMacAddress
  [80, 6], // destinationMacAddress
  [256, 2], // ethernetType
  [240, 1], // ethernetHeaderLength
  [10, 4], // ingressInterface
  [368, 4], // ingressInterfaceType
  ...INTERFACE_NAME,
];
const EGRESS: readonly Element[] = [
  [14, 4], // egressInterface
  [369, 4], // egressInterfaceType
  ...INTERFACE_NAME,
];
const VLAN: readonly Element[] = [
  [58, 2], // vlanId
  [243, 2], // dot1qVlanId
  [244, 1], // dot1qPriority
];
const IP: readonly Element[] = [
  [60, 1], // ipVersion
  [192, 1], // ipTTL
  [4, 1], // protocolIdentifier
  [195, 1], // ipDiffServCodePoint
  [196, 1], // ipPrecedence
  [5, 1], // ipClassOfService
];
const IPV4: readonly Element[] = [
  [8, 4], // sourceIPv4Address
  [12, 4], // destinationIPv4Address
];
const IPV6: readonly Element[] = [
  [27, 16], // sourceIPv6Address
  [28, 16], // destinationIPv6Address
  [31, 4], // flowLabelIPv6
];
const PORTS: readonly Element[] = [
  [7, 2], // sourceTransportPort
  [11, 2], // destinationTransportPort
];
const ICMP: readonly Element[] = [
  [176, 1], // icmpTypeIPv4
  [177, 1], // icmpCodeIPv4
];
const ICMPV6: readonly Element[] = [
  [178, 1], // icmpTypeIPv6
  [179, 1], // icmpCodeIPv6
];
const TUNNEL: readonly Element[] = [
  [893, 4, VMWARE], // tunnelSourceIPv4Address
  [894, 4, VMWARE], // tunnelDestinationIPv4Address
  [895, 1, VMWARE], // tunnelProtocolIdentifier
  [896, 2, VMWARE], // tunnelSourceTransportPort
  [897, 2, VMWARE], // tunnelDestinationTransportPort
  [891, 1, VMWARE], // tunnelType
  [892, 0, VMWARE], // tunnelKey
];
const VIRTUAL_OBSERVATION: readonly Element[] = [
  [898, 0, VMWARE], // virtualObsID
];
const COUNTS: readonly Element[] = [
  [158, 4], // flowStartDeltaMicroseconds
  [159, 4], // flowEndDeltaMicroseconds
  [133, 8], // droppedPacketDeltaCount
  [135, 8], // droppedPacketTotalCount
  [2, 8], // packetDeltaCount
  [86, 8], // packetTotalCount
  [354, 8], // ingressUnicastPacketTotalCount
  [355, 8], // ingressMulticastPacketTotalCount
  [356, 8], // ingressBroadcastPacketTotalCount
  [357, 8], // egressUnicastPacketTotalCount
  [358, 8], // egressBroadcastPacketTotalCount
  [19, 8], // postMCastPacketDeltaCount
  [174, 8], // postMCastPacketTotalCount
  [352, 8], // layer2OctetDeltaCount
  [353, 8], // layer2OctetTotalCount
  [136, 1], // flowEndReason
];
const IP_COUNTS: readonly Element[] = [
  [132, 8], // droppedOctetDeltaCount
  [134, 8], // droppedOctetTotalCount
  [1, 8], // octetDeltaCount
  [85, 8], // octetTotalCount
  [198, 8], // octetDeltaSumOfSquares
  [199, 8], // octetTotalSumOfSquares
  [25, 8], // minimumIpTotalLength
  [26, 8], // maximumIpTotalLength
  [20, 8], // postMCastOctetDeltaCount
  [175, 8], // postMCastOctetTotalCount
];
const TCP_COUNTS: readonly Element[] = [
  [222, 8], // tcpAckTotalCount
  [219, 8], // tcpFinTotalCount
  [221, 8], // tcpPshTotalCount
  [220, 8], // tcpRstTotalCount
  [218, 8], // tcpSynTotalCount
  [223, 8], // tcpUrgTotalCount
];
const EXPORTER_SCOPE: readonly Element[] = [
  [144, 4], // exportingProcessId
];
const EXPORTER: readonly Element[] = [
  [167, 8], // notSentPacketTotalCount
];

const templateNumber = (l2: number, l3: number, l4: number, tunnel: number, egress: number): number =>
  FIRST_TEMPLATE + (((l2 * LAYER3.length + l3) * LAYER4.length + l4) * 2 + tunnel) * 2 + egress;

export const templateOf = (shape: PacketShape): number =>
  templateNumber(
    LAYER2.indexOf(shape.layer2),
    LAYER3.indexOf(shape.layer3),
    LAYER4.indexOf(shape.layer4),
    shape.isTunnelled ? 1 : 0,
    shape.isEgress ? 1 : 0,
  );

/** Above those of all templates, as OVS reckons them. */
export const EXPORTER_TEMPLATE = templateNumber(LAYER2.length, LAYER3.length, LAYER4.length, 2, 2);

function transportElements(layer3: Layer3, layer4: Layer4): readonly Element[] {
  if (layer4 === 'unknown') return [];
  if (layer4 === 'icmp') return layer3 === 'ipv4' ? ICMP : ICMPV6;
  return PORTS;
}

function elementsOf(shape: PacketShape, hasVirtualId: boolean): readonly Element[] {
  const { layer3, layer4 } = shape;
  const isIp = layer3 !== 'unknown';
  return [
    ...COMMON,
    ...(shape.isEgress ? EGRESS : []),
    ...(shape.layer2 === 'vlan' ? VLAN : []),
    ...(isIp ? IP : []),
    ...(isIp ? (layer3 === 'ipv4' ? IPV4 : IPV6) : []),
    ...(isIp ? transportElements(layer3, layer4) : []),
    ...(shape.isTunnelled ? TUNNEL : []),
    ...(hasVirtualId ? VIRTUAL_OBSERVATION : []),
    ...COUNTS,
    ...(isIp ? IP_COUNTS : []),
    ...(layer4 === 'tcp' ? TCP_COUNTS : []),
  ];
}

function writeElements(writer: ByteWriter, elements: readonly Element[]): void {
  for (const [id, size, enterprise] of elements) {
    writer.u16(enterprise === undefined ? id : id | ENTERPRISE_BIT);
    writer.u16(size === 0 ? VARIABLE_LENGTH : size);
    if (enterprise !== undefined) writer.u32(enterprise);
  }
}

export interface MessageHeader {
  readonly exportSec: number;
  readonly sequence: number;
  readonly domainId: number;
}

/** A message with one set. */
export function message(header: MessageHeader, setId: number, write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  writer.u16(VERSION);
  writer.u16(0);
  writer.u32(header.exportSec);
  writer.u32(header.sequence);
  writer.u32(header.domainId);
  const setAt = writer.size;
  writer.u16(setId);
  writer.u16(0);
  write(writer);
  writer.patchU16(setAt + 2, writer.size - setAt);
  writer.patchU16(OFF_LENGTH, writer.size);
  return writer.take();
}

const MESSAGE_OVERHEAD = 20;

/** All templates, in as many messages as they take. */
export function templateMessages(header: MessageHeader, hasVirtualId: boolean): readonly Uint8Array[] {
  const messages: Uint8Array[] = [];
  let records: Uint8Array[] = [];
  let size = MESSAGE_OVERHEAD;
  const finish = (): void => {
    const set = records;
    const write = (writer: ByteWriter): void => {
      for (const record of set) writer.put(record);
    };
    messages.push(message(header, TEMPLATE_SET, write));
    records = [];
    size = MESSAGE_OVERHEAD;
  };
  for (const shape of allShapes()) {
    if (size >= MAX_MESSAGE_SIZE) finish();
    const elements = elementsOf(shape, hasVirtualId);
    const writer = new ByteWriter();
    writer.u16(templateOf(shape));
    writer.u16(elements.length);
    writeElements(writer, elements);
    records.push(writer.take());
    size += writer.size;
  }
  finish();
  return messages;
}

function* allShapes(): IterableIterator<PacketShape> {
  for (const layer2 of LAYER2) {
    for (const layer3 of LAYER3) {
      for (const layer4 of layer3 === 'unknown' ? (['unknown'] as const) : LAYER4) {
        for (const isTunnelled of [false, true]) {
          for (const isEgress of [false, true]) yield { layer2, layer3, layer4, isTunnelled, isEgress };
        }
      }
    }
  }
}

export const exporterTemplateMessage = (header: MessageHeader): Uint8Array =>
  message({ ...header, domainId: 0 }, OPTIONS_TEMPLATE_SET, (writer) => {
    writer.u16(EXPORTER_TEMPLATE);
    writer.u16(EXPORTER_SCOPE.length + EXPORTER.length);
    writer.u16(EXPORTER_SCOPE.length);
    writeElements(writer, [...EXPORTER_SCOPE, ...EXPORTER]);
  });

export const exporterDataMessage = (header: MessageHeader, exporterId: number, notSent: number): Uint8Array =>
  message({ ...header, domainId: 0 }, EXPORTER_TEMPLATE, (writer) => {
    writer.u32(exporterId);
    writer.u64(notSent);
  });
