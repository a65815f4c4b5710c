/**
 * Tunnel ports: their settings (Interface options), which port a tunnelled packet belongs to, and the outer header of
 * a packet that leaves by one. Mirrors lib/netdev-vport.c (set_tunnel_config) and ofproto/tunnel.c.
 */

import type { Dpif, VportType } from '#datapath/dpif.js';
import {
  type FlowKey,
  OFF_IN_PORT,
  OFF_NW_TOS,
  OFF_NW_TTL,
  OFF_PACKET_TYPE,
  OFF_PKT_MARK,
  OFF_TUN_DST,
  OFF_TUN_ERSPAN_DIR,
  OFF_TUN_ERSPAN_HWID,
  OFF_TUN_ERSPAN_IDX,
  OFF_TUN_ERSPAN_VER,
  OFF_TUN_FLAGS,
  OFF_TUN_ID,
  OFF_TUN_IPV6_DST,
  OFF_TUN_IPV6_SRC,
  OFF_TUN_SRC,
  OFF_TUN_TOS,
  OFF_TUN_TP_DST,
  OFF_TUN_TTL,
  TUN_F_CSUM,
  TUN_F_DF,
  TUN_F_KEY,
  TUN_F_OAM,
} from '#flowtable/flow-key.js';
import { setExact } from '#flowtable/flow-mask.js';
import type { Bridge } from './bridge.js';
import type { PacketTypes, SwitchPort } from './bundle.js';
import { parseIpAddress } from './ip-text.js';
import { NAMESPACE_ETHERTYPE } from '#src/openflow/packet-type.js';
import { dummyPortNumber } from './port-numbers.js';
import { isIp } from './translate/packet-kind.js';

/** What an ERSPAN header says; null where the flow says it, zero where nothing does. */
export interface ErspanConfig {
  readonly version: number | null;
  readonly index: number | null;
  readonly direction: number | null;
  readonly hardwareId: number | null;
}

export interface TunnelConfig {
  /** 'vxlan', … */
  readonly type: string;
  /** 4 or 16 bytes; null where the address is taken from the flow or is not set. */
  readonly localIp: Uint8Array | null;
  readonly remoteIp: Uint8Array | null;
  readonly localFromFlow: boolean;
  readonly remoteFromFlow: boolean;
  readonly inKey: bigint;
  readonly inKeyFromFlow: boolean;
  readonly inKeyPresent: boolean;
  readonly outKey: bigint;
  readonly outKeyFromFlow: boolean;
  readonly outKeyPresent: boolean;
  readonly ttl: number;
  readonly ttlInherit: boolean;
  readonly tos: number;
  readonly tosInherit: boolean;
  readonly dontFragment: boolean;
  readonly checksum: boolean;
  readonly udpPort: number;
  readonly gbp: boolean;
  readonly gpe: boolean;
  /** GRE packets are numbered. */
  readonly sequence: boolean;
  readonly egressPktMark: number | null;
  readonly packetTypes: PacketTypes;
  readonly erspan: ErspanConfig;
}

/** Tunnel types of OVS, and those that this switch speaks so far. */
export const TUNNEL_TYPES: ReadonlySet<string> = new Set([
  'vxlan',
  'gre',
  'geneve',
  'lisp',
  'stt',
  'erspan',
  'ip6erspan',
  'ip6gre',
  'gtpu',
  'bareudp',
]);
export const SUPPORTED_TUNNEL_TYPES: ReadonlySet<string> = new Set([
  'vxlan',
  'gre',
  'geneve',
  'erspan',
  'ip6erspan',
  'ip6gre',
  'gtpu',
]);
export const DEFAULT_UDP_PORTS: Readonly<Record<string, number>> = { vxlan: 4789, geneve: 6081, gtpu: 2152 };
export const DEFAULT_TTL = 64;

/** Can tunnels of the kind carry packets without an Ethernet header? */
const carriesLayer3 = (type: string, gpe: boolean): boolean =>
  type === 'gre' || type === 'gtpu' || (type === 'vxlan' && gpe);

/** And those that cannot carry others. */
export const defaultPacketTypes = (type: string): PacketTypes => (type === 'gtpu' ? 'legacy_l3' : 'legacy_l2');

/** What the port's packets are, or what is wrong with the setting. */
function parsePacketTypes(
  text: string | undefined,
  type: string,
  gpe: boolean,
): PacketTypes | { readonly error: string } {
  switch (text) {
    case undefined:
      return defaultPacketTypes(type);
    case 'legacy_l2':
      if (defaultPacketTypes(type) === text) return text;
      return { error: `legacy_l2 configured on ${type} tunnel that cannot carry L2 traffic` };
    case 'ptap':
      return text;
    case 'legacy_l3': {
      if (carriesLayer3(type, gpe)) return text;
      const kind = type !== 'vxlan' ? type : gpe ? 'VXLAN-GPE' : 'VXLAN (without GPE)';
      return { error: `legacy_l3 configured on ${kind} tunnel that cannot carry L3 traffic` };
    }
    default:
      return { error: `unknown packet_type '${text}'` };
  }
}

function parseKey(text: string | undefined): { key: bigint; fromFlow: boolean; present: boolean } {
  if (text === undefined) return { key: 0n, fromFlow: false, present: false };
  if (text === 'flow') return { key: 0n, fromFlow: true, present: true };
  return { key: /^(0x[0-9a-f]+|\d+)$/i.test(text) ? BigInt(text) : 0n, fromFlow: false, present: true };
}

const ERSPAN_NUMBERS = [
  { option: 'erspan_idx', key: 'index', base: 16, max: 0xfffff, what: 'index' },
  { option: 'erspan_ver', key: 'version', base: 10, max: 2, what: 'version' },
  { option: 'erspan_dir', key: 'direction', base: 10, max: 1, what: 'direction' },
  { option: 'erspan_hwid', key: 'hardwareId', base: 16, max: 0x3f, what: 'hardware ID' },
] as const;

/** A version from the flow leaves all to the flow that is not given. */
function parseErspanConfig(options: ReadonlyMap<string, string>): ErspanConfig | { readonly error: string } {
  const rest = options.get('erspan_ver') === 'flow' ? null : 0;
  const config = { version: rest, index: rest, direction: rest, hardwareId: rest } as {
    -readonly [K in keyof ErspanConfig]: ErspanConfig[K];
  };
  for (const { option, key, base, max, what } of ERSPAN_NUMBERS) {
    const text = options.get(option);
    if (text === undefined) continue;
    const value = text === 'flow' ? null : Number.parseInt(text, base) || 0;
    const isWrong = value !== null && (value < 0 || value > max || (key === 'version' && value === 0));
    if (isWrong) return { error: `invalid erspan ${what}: ${text}` };
    config[key] = value;
  }
  return config;
}

/** The settings of a tunnel Interface, or what is wrong with them in OVS's words. */
export function parseTunnelConfig(
  name: string,
  type: string,
  options: ReadonlyMap<string, string>,
): TunnelConfig | { readonly error: string } {
  const problems: string[] = [];
  const remote = options.get('remote_ip');
  const local = options.get('local_ip');
  const remoteIp = remote === undefined || remote === 'flow' ? null : parseIpAddress(remote);
  if (remote !== undefined && remote !== 'flow' && remoteIp === null) problems.push(`bad ${type} 'remote_ip'`);
  if (remoteIp?.length === 4 && (remoteIp[0]! & 0xf0) === 0xe0) {
    return { error: `${name}: multicast remote_ip=${remote} not allowed` };
  }
  const localIp = local === undefined || local === 'flow' ? null : parseIpAddress(local);
  if (local !== undefined && local !== 'flow' && localIp === null) problems.push(`bad ${type} 'local_ip'`);
  const extensions = type === 'vxlan' ? (options.get('exts') ?? '').split(',') : [];
  const gpe = extensions.includes('gpe');
  const packetTypes = parsePacketTypes(options.get('packet_type'), type, gpe);
  const erspan = parseErspanConfig(options);
  let failed = false;
  if ('error' in erspan) {
    problems.push(erspan.error);
    failed = true;
  } else if (typeof packetTypes === 'object') {
    problems.push(packetTypes.error);
    failed = true;
  } else if (remoteIp === null && remote !== 'flow') {
    problems.push(`${type} type requires valid 'remote_ip' argument`);
    failed = true;
  } else if (local === 'flow' && remote !== 'flow') {
    problems.push(`${type} type requires 'remote_ip=flow' with 'local_ip=flow'`);
    failed = true;
  } else if (remoteIp !== null && localIp !== null && remoteIp.length !== localIp.length) {
    problems.push("'remote_ip' and 'local_ip' has to be of the same address family");
    failed = true;
  }
  if (failed || typeof packetTypes === 'object' || 'error' in erspan)
    return { error: problems.map((problem) => `${name}: ${problem}`).join('\n') };
  const key = options.get('key');
  const inKey = parseKey(options.get('in_key') ?? key);
  const outKey = parseKey(options.get('out_key') ?? key);
  const ttl = options.get('ttl');
  const tos = options.get('tos');
  const mark = options.get('egress_pkt_mark');
  return {
    type,
    localIp,
    remoteIp,
    localFromFlow: local === 'flow',
    remoteFromFlow: remote === 'flow',
    inKey: inKey.key,
    inKeyFromFlow: inKey.fromFlow,
    inKeyPresent: inKey.present,
    outKey: outKey.key,
    outKeyFromFlow: outKey.fromFlow,
    outKeyPresent: outKey.present,
    ttl: (ttl === undefined || ttl === 'inherit' ? 0 : Number.parseInt(ttl, 10) & 0xff) || DEFAULT_TTL,
    ttlInherit: ttl === 'inherit',
    // Anything but a DSCP (the ECN bits zero) is ignored.
    tos: tos === undefined || (Number(tos) & ~0xfc) !== 0 ? 0 : Number(tos) || 0,
    tosInherit: tos === 'inherit',
    dontFragment: options.get('df_default') !== 'false',
    checksum: options.get('csum') === 'true',
    udpPort: Number(options.get('dst_port') ?? DEFAULT_UDP_PORTS[type] ?? 0),
    sequence: (type === 'gre' || type === 'ip6gre') && options.get('seq') === 'true',
    gbp: extensions.includes('gbp'),
    gpe,
    egressPktMark: mark === undefined ? null : Number(mark) >>> 0,
    packetTypes,
    erspan,
  };
}

/** The datapath port that tunnels of a kind share. */
export function tunnelDeviceName({ type, udpPort }: TunnelConfig): string {
  if (DEFAULT_UDP_PORTS[type] === undefined) return `${type}_sys`;
  return `${type === 'geneve' ? 'genev' : type}_sys_${udpPort}`;
}

/** Did the packet come in by a tunnel? (It then has an outer destination.) */
export const isTunnelled = (flow: FlowKey): boolean =>
  flow.u32(OFF_TUN_DST) !== 0 || !flow.isZero(OFF_TUN_IPV6_DST, 16);

function addressIs(flow: FlowKey, offset4: number, offset6: number, address: Uint8Array | null): boolean {
  if (address === null) return flow.u32(offset4) === 0 && flow.isZero(offset6, 16);
  const offset = address.length === 4 ? offset4 : offset6;
  return address.every((byte, i) => flow.bytes[offset + i] === byte);
}

/**
 * The tunnel port that a packet of this (datapath) flow came in by, or null. Ports that name more of the outer header
 * win, in OVS's order: key, remote address, local address.
 */
export function findTunnelPort(flow: FlowKey, ports: Iterable<SwitchPort>): SwitchPort | null {
  let best: SwitchPort | null = null;
  let bestRank = 24;
  // A port for packets of the kind wins over one for all.
  const isLayer3 = flow.u16(OFF_PACKET_TYPE) === NAMESPACE_ETHERTYPE;
  for (const port of ports) {
    const config = port.tunnel;
    if (config === null || port.odpPort !== flow.u32(OFF_IN_PORT)) continue;
    if (!config.inKeyFromFlow && config.inKey !== flow.u64(OFF_TUN_ID)) continue;
    if (!config.remoteFromFlow && !addressIs(flow, OFF_TUN_SRC, OFF_TUN_IPV6_SRC, config.remoteIp)) continue;
    const hasLocal = config.localIp !== null;
    if (hasLocal && !addressIs(flow, OFF_TUN_DST, OFF_TUN_IPV6_DST, config.localIp)) continue;
    const localRank = config.localFromFlow ? 2 : hasLocal ? 0 : 1;
    if (config.packetTypes === (isLayer3 ? 'legacy_l2' : 'legacy_l3')) continue;
    const addressRank = (config.inKeyFromFlow ? 6 : 0) + (config.remoteFromFlow ? 3 : 0) + localRank;
    const rank = 2 * addressRank + (config.packetTypes === 'ptap' ? 1 : 0);
    if (rank < bestRank) {
      best = port;
      bestRank = rank;
    }
  }
  return best;
}

/** What translation of a packet that came in by a tunnel depends on from the start. */
export function initTunnelMask(flow: FlowKey, wc: FlowKey): void {
  if (!isTunnelled(flow)) return;
  setExact(wc, OFF_TUN_ID, 8);
  if (flow.u32(OFF_TUN_DST) !== 0) {
    setExact(wc, OFF_TUN_SRC, 4);
    setExact(wc, OFF_TUN_DST, 4);
  } else {
    setExact(wc, OFF_TUN_IPV6_SRC, 16);
    setExact(wc, OFF_TUN_IPV6_DST, 16);
  }
  wc.setU16(OFF_TUN_FLAGS, TUN_F_DF | TUN_F_CSUM | TUN_F_KEY);
  wc.setU8(OFF_TUN_TOS, 0xff);
  if (isIp(flow) && (flow.u8(OFF_TUN_TOS) & 3) === 3) wc.setU8(OFF_NW_TOS, wc.u8(OFF_NW_TOS) | 3);
}

/** Applies congestion marks of the outer header to the inner one (RFC 6040 §4.2); false when the packet must go. */
export function processTunnelEcn(flow: FlowKey): boolean {
  if (!isTunnelled(flow) || !isIp(flow) || (flow.u8(OFF_TUN_TOS) & 3) !== 3) return true;
  if ((flow.u8(OFF_NW_TOS) & 3) === 0) return false;
  flow.setU8(OFF_NW_TOS, flow.u8(OFF_NW_TOS) | 3);
  return true;
}

function setAddress(flow: FlowKey, offset4: number, offset6: number, address: Uint8Array | null): void {
  flow.bytes.fill(0, offset4, offset4 + 4);
  flow.bytes.fill(0, offset6, offset6 + 16);
  if (address !== null) flow.bytes.set(address, address.length === 4 ? offset4 : offset6);
}

/** Writes the outer header of a packet that leaves by the tunnel into the flow. */
export function setTunnelForOutput(config: TunnelConfig, flow: FlowKey, wc: FlowKey): void {
  if (!config.localFromFlow) setAddress(flow, OFF_TUN_SRC, OFF_TUN_IPV6_SRC, config.localIp);
  if (!config.remoteFromFlow) setAddress(flow, OFF_TUN_DST, OFF_TUN_IPV6_DST, config.remoteIp);
  flow.setU16(OFF_TUN_TP_DST, config.udpPort);
  if (!config.outKeyFromFlow) flow.setU64(OFF_TUN_ID, config.outKey);
  if (config.ttlInherit && isIp(flow)) {
    wc.setU8(OFF_NW_TTL, 0xff);
    flow.setU8(OFF_TUN_TTL, flow.u8(OFF_NW_TTL));
  } else {
    flow.setU8(OFF_TUN_TTL, config.ttl);
  }
  if (config.tosInherit && isIp(flow)) {
    wc.setU8(OFF_NW_TOS, wc.u8(OFF_NW_TOS) | 0xfc);
    flow.setU8(OFF_TUN_TOS, flow.u8(OFF_NW_TOS) & 0xfc);
  } else {
    flow.setU8(OFF_TUN_TOS, config.tos);
  }
  if (isIp(flow)) {
    // ECN is always inherited; a CE mark goes out as ECT(0).
    wc.setU8(OFF_NW_TOS, wc.u8(OFF_NW_TOS) | 3);
    const ecn = flow.u8(OFF_NW_TOS) & 3;
    flow.setU8(OFF_TUN_TOS, flow.u8(OFF_TUN_TOS) | (ecn === 3 ? 2 : ecn));
  }
  flow.setU16(
    OFF_TUN_FLAGS,
    (flow.u16(OFF_TUN_FLAGS) & TUN_F_OAM) |
      (config.dontFragment ? TUN_F_DF : 0) |
      (config.checksum ? TUN_F_CSUM : 0) |
      (config.outKeyPresent ? TUN_F_KEY : 0),
  );
  const { version, index, direction, hardwareId } = config.erspan;
  if (version !== null) flow.setU8(OFF_TUN_ERSPAN_VER, version);
  if (index !== null) flow.setU32(OFF_TUN_ERSPAN_IDX, index);
  if (direction !== null) flow.setU8(OFF_TUN_ERSPAN_DIR, direction);
  if (hardwareId !== null) flow.setU8(OFF_TUN_ERSPAN_HWID, hardwareId);
  if (config.egressPktMark !== null) {
    flow.setU32(OFF_PKT_MARK, config.egressPktMark);
    setExact(wc, OFF_PKT_MARK, 4);
  }
}

/** Is there a tunnel that would take the same packets? (tnl_port_add__() of ofproto/tunnel.c) */
export function hasTunnelLike(bridges: Iterable<Bridge>, tunnel: TunnelConfig): boolean {
  const wanted = receivingSettings(tunnel);
  for (const { ports } of bridges) {
    for (const port of ports.values()) {
      if (port.tunnel !== null && receivingSettings(port.tunnel) === wanted) return true;
    }
  }
  return false;
}

const receivingSettings = (tunnel: TunnelConfig): string =>
  [
    tunnel.type,
    tunnel.udpPort,
    tunnel.inKeyFromFlow ? 'flow' : tunnel.inKey,
    tunnel.remoteFromFlow ? 'flow' : tunnel.remoteIp,
    tunnel.localFromFlow ? 'flow' : tunnel.localIp,
    tunnel.egressPktMark ?? 0,
    tunnel.packetTypes,
  ].join(' ');

/** Gives a tunnel its place in the datapath: one port carries all of a kind. Returns its number. */
export function attachTunnel(dpif: Dpif, tunnel: TunnelConfig): number {
  const name = tunnelDeviceName(tunnel);
  const existing = dpif.portDump().find((port) => port.name === name);
  if (existing !== undefined) return existing.port;
  const isDummy = dpif.name.startsWith('dummy@');
  return dpif.portAdd({
    name,
    type: tunnel.type as Exclude<VportType, 'internal' | 'netdev' | 'dummy'>,
    ...(isDummy ? { port: dummyPortNumber(name, (free) => dpif.portGet(free) === null) } : {}),
    udpPort: tunnel.udpPort,
    gbp: tunnel.gbp,
  });
}
