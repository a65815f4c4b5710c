/**
 * The tnl_push action as text, header by header:
 * `tnl_push(tnl_port(4789),header(size=50,type=4,eth(dst=...,src=...,dl_type=0x0800),ipv4(...),udp(...),vxlan(...)),out_port(100))`.
 *
 * Mirrors format_odp_tnl_push_action() of lib/odp-util.c; RFC 7348 (VXLAN), RFC 8926 (Geneve), RFC 2890 (GRE).
 */
import type { TunnelPushAction } from '#datapath/dpif.js';
import { readU16, readU32 } from '#datapath/packet/byte-order.js';
import { parseErspan } from '#datapath/packet/erspan.js';
import { formatHex } from '#src/openflow/number-text.js';
import type { PortNames } from '#src/openflow/ports.js';
import { formatIpv4, formatIpv6, formatMac } from './address-text.js';
import { formatGeneveOptions } from './odp-geneve.js';
import { formatOdpPort } from './odp-format.js';

/** OVS_VPORT_TYPE_* of linux/openvswitch.h. */
export const VPORT_TYPE_GRE = 3;
export const VPORT_TYPE_VXLAN = 4;
export const VPORT_TYPE_GENEVE = 5;
export const VPORT_TYPE_ERSPAN = 107;
export const VPORT_TYPE_IP6ERSPAN = 108;
export const VPORT_TYPE_IP6GRE = 109;
export const VPORT_TYPE_GTPU = 110;

export const GRE_CHECKSUM = 0x8000;
export const GRE_KEY = 0x2000;
export const GRE_SEQUENCE = 0x1000;

const IPV4 = 0x0800;

/** The number that OVS has for the kind of tunnel. */
export function tunnelTypeNumber(type: TunnelPushAction['type'], isIpv4: boolean): number {
  switch (type) {
    case 'gre':
      return isIpv4 ? VPORT_TYPE_GRE : VPORT_TYPE_IP6GRE;
    case 'vxlan':
      return VPORT_TYPE_VXLAN;
    case 'geneve':
      return VPORT_TYPE_GENEVE;
    case 'erspan':
      return isIpv4 ? VPORT_TYPE_ERSPAN : VPORT_TYPE_IP6ERSPAN;
    case 'gtpu':
      return VPORT_TYPE_GTPU;
  }
}

export function formatTunnelPush(action: TunnelPushAction, names: PortNames | undefined): string {
  const { header, type } = action;
  const ethertype = readU16(header, 12);
  const isIpv4 = ethertype === IPV4;
  const transport = isIpv4 ? 34 : 54;
  const parts = [
    `size=${header.length}`,
    `type=${tunnelTypeNumber(type, isIpv4)}`,
    `eth(dst=${formatMac(header, 0)},src=${formatMac(header, 6)},dl_type=0x${hex4(ethertype)})`,
    isIpv4 ? formatOuterIpv4(header) : formatOuterIpv6(header),
  ];
  if (type === 'gre') parts.push(formatGre(header, transport));
  else if (type === 'erspan') parts.push(formatErspan(header, transport));
  else {
    parts.push(
      `udp(src=${readU16(header, transport)},dst=${readU16(header, transport + 2)}` +
        `,csum=0x${readU16(header, transport + 6).toString(16)})`,
      formatOverUdp(type, header, transport + 8),
    );
  }
  const ports = [action.port, action.outPort].map((port) => formatOdpPort(port, names));
  return `tnl_push(tnl_port(${ports[0]}),header(${parts.join(',')}),out_port(${ports[1]}))`;
}

const hex4 = (value: number): string => value.toString(16).padStart(4, '0');

function formatOuterIpv4(header: Uint8Array): string {
  return (
    `ipv4(src=${formatIpv4(header, 26)},dst=${formatIpv4(header, 30)},proto=${header[23]}` +
    `,tos=${formatHex(header[15]!)},ttl=${header[22]},frag=0x${readU16(header, 20).toString(16)})`
  );
}

function formatOuterIpv6(header: Uint8Array): string {
  const word = readU32(header, 14);
  return (
    `ipv6(src=${formatIpv6(header, 22)},dst=${formatIpv6(header, 38)},label=${word & 0xfffff}` +
    `,proto=${header[20]},tclass=0x${((word >>> 20) & 0xff).toString(16)},hlimit=${header[21]})`
  );
}

function formatVxlan(header: Uint8Array, at: number): string {
  const vni = readU32(header, at + 4) >>> 8;
  return `vxlan(flags=0x${readU32(header, at).toString(16)},vni=0x${vni.toString(16)})`;
}

function formatGeneve(header: Uint8Array, at: number): string {
  const flags = `${(header[at + 1]! & 0x80) === 0 ? '' : 'oam,'}${(header[at + 1]! & 0x40) === 0 ? '' : 'crit,'}`;
  const optionSize = (header[at]! & 0x3f) * 4;
  const options =
    optionSize === 0 ? '' : `,options(${formatGeneveOptions(header.subarray(at + 8, at + 8 + optionSize))})`;
  return `geneve(${flags}vni=0x${(readU32(header, at + 4) >>> 8).toString(16)}${options})`;
}

function formatOverUdp(type: TunnelPushAction['type'], header: Uint8Array, at: number): string {
  if (type === 'vxlan') return formatVxlan(header, at);
  if (type === 'geneve') return formatGeneve(header, at);
  const teid = readU32(header, at + 4).toString(16);
  return `gtpu(flags=0x${header[at]!.toString(16)},msgtype=${header[at + 1]},teid=0x${teid})`;
}

function formatErspan(header: Uint8Array, at: number): string {
  const parsed = parseErspan(header, at);
  if (!parsed.ok) return '';
  const { version, session, index, direction, hardwareId } = parsed.header;
  const rest = version === 1 ? `idx=0x${index.toString(16)}` : `dir=${direction},hwid=0x${hardwareId.toString(16)}`;
  return `erspan(ver=${version},sid=0x${session.toString(16)},${rest})`;
}

function formatGre(header: Uint8Array, at: number): string {
  const flags = readU16(header, at);
  let text = `gre((flags=0x${flags.toString(16)},proto=0x${readU16(header, at + 2).toString(16)})`;
  let option = at + 4;
  for (const [bit, name] of GRE_OPTIONS) {
    if ((flags & bit) === 0) continue;
    // The checksum has 16 bits, and 16 reserved ones behind it.
    const value = bit === GRE_CHECKSUM ? readU16(header, option) : readU32(header, option);
    text += `,${name}=0x${value.toString(16)}`;
    option += 4;
  }
  return `${text})`;
}

export const GRE_OPTIONS: readonly (readonly [bit: number, name: string])[] = [
  [GRE_CHECKSUM, 'csum'],
  [GRE_KEY, 'key'],
  [GRE_SEQUENCE, 'seq'],
];
