/**
 * ovs-appctl's commands about native tunnels: ovs/route/*, tnl/*, netdev-dummy/ip4addr and ip6addr. Mirrors the unixctl
 * callbacks of lib/ovs-router.c, tnl-neigh-cache.c, tnl-ports.c, netdev-native-tnl.c and netdev-dummy.c.
 */
import { parseLeadingDecimal } from '#src/openflow/number-text.js';
import { formatMac, scanMac } from '../odp/address-text.js';
import { formatOdpKey } from '../odp/odp-format.js';
import { reply, replyError, type UnixctlCommand } from '../unixctl/command.js';
import type { UnixctlResult } from '../vswitchd-api.js';
import {
  formatAddress,
  isMapped,
  isSet,
  NO_ADDRESS,
  type ParsedAddress,
  parseAnyNetwork,
  parseHost,
  parseIpv4Masked,
  parseIpv6Network,
} from './address.js';
import type { NativeTunnels } from './native-tunnels.js';
import type { Route } from './routes.js';

const MAPPED_PREFIX = 96;
/** INET6_ADDRSTRLEN. */
const ADDRESS_WIDTH = 46;
const MAX_AGING_SEC = 3600;
const MS_PER_SEC = 1000;
const DEFAULT_PORT_RANGE = '32768-61000';

const OK = reply('OK');
const INVALID = replyError('Invalid parameters');
const BAD_MARK = replyError('Invalid pkt_mark');

/** `pkt_mark=N`, as %i reads numbers and whatever follows; null for other texts. */
function parseMark(text: string): number | null {
  const found = /^pkt_mark=\s*([-+]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)/.exec(text);
  if (found === null) return null;
  const digits = /^0\d/.test(found[2]!) ? `0o${found[2]!.slice(1)}` : found[2]!;
  const value = BigInt(digits);
  return Number(BigInt.asUintN(32, found[1] === '-' ? -value : value));
}

type Run = (native: NativeTunnels, args: readonly string[]) => UnixctlResult;

interface Entry {
  readonly names: readonly string[];
  readonly usage: string;
  readonly args: readonly [min: number, max: number];
  readonly run: Run;
}

function addRoute(native: NativeTunnels, [networkText, device, third, fourth]: readonly string[]): UnixctlResult {
  const network = parseAnyNetwork(networkText!);
  if (network === null) return INVALID;
  const isIpv4 = isMapped(network.ip);
  let gateway: Uint8Array = NO_ADDRESS;
  let mark = 0;
  if (third !== undefined) {
    const given = parseMark(third);
    const address = given === null ? parseHost(third, isIpv4) : null;
    if (given === null && address === null) {
      return replyError(`Invalid pkt_mark or ${isIpv4 ? '' : 'IPv6 '}gateway`);
    }
    mark = given ?? 0;
    // 0.0.0.0 is none.
    if (address !== null && (!isIpv4 || isSet(address.subarray(12)))) gateway = address;
  }
  if (fourth !== undefined) {
    const given = parseMark(fourth);
    if (given === null) return BAD_MARK;
    mark = given;
  }
  const isAdded = native.addRoute(network.ip, network.prefix, device!, gateway, mark);
  return isAdded ? OK : replyError('Error while inserting route.');
}

function deleteRoute(native: NativeTunnels, [networkText, markText]: readonly string[]): UnixctlResult {
  const network = parseAnyNetwork(networkText!);
  if (network === null) return INVALID;
  const mark = markText === undefined ? 0 : parseMark(markText);
  if (mark === null) return BAD_MARK;
  return native.deleteRoute(network.ip, network.prefix, mark) ? OK : replyError('Not found');
}

function describeRoute({ network, prefix, mark, device, gateway, source }: Route): string {
  const length = isMapped(network) ? prefix - MAPPED_PREFIX : prefix;
  const markText = mark === 0 ? '' : ` MARK ${mark}`;
  const gatewayText = isSet(gateway) ? ` GW ${formatAddress(gateway)}` : '';
  return `User: ${formatAddress(network)}/${length}${markText} dev ${device}${gatewayText} SRC ${formatAddress(source)}\n`;
}

const showRoutes: Run = (native) => reply(`Route Table:\n${native.routes.list().map(describeRoute).join('')}`);

function lookupRoute(native: NativeTunnels, [text, markText]: readonly string[]): UnixctlResult {
  const host = parseAnyNetwork(text!);
  if (host?.prefix !== 128) return INVALID;
  const mark = markText === undefined ? 0 : parseMark(markText);
  if (mark === null) return BAD_MARK;
  const route = native.routes.lookup(mark, host.ip);
  if (route === null) return replyError('Not found');
  return reply(`src ${formatAddress(route.source)}\ngateway ${formatAddress(route.gateway)}\ndev ${route.device}\n`);
}

const showNeighbours: Run = (native) => {
  // Those that are too old are gone by the time that a command comes, so that OVS's " STALE" is never seen.
  native.housekeep();
  const lines = native.neighbours
    .list()
    .map(({ ip, mac, bridge }) => `${formatAddress(ip).padEnd(ADDRESS_WIDTH)}${formatMac(mac, 0)}   ${bridge}\n`);
  const heading = `${'IP'.padEnd(ADDRESS_WIDTH)}MAC                 Bridge\n${'='.repeat(74)}\n`;
  return reply(heading + lines.join(''));
};

function setNeighbour(native: NativeTunnels, args: readonly string[]): UnixctlResult {
  const [bridge, ipText, macText] = args as [string, string, string];
  const ip = parseHost(ipText, !ipText.includes(':'));
  if (ip === null) return replyError('bad IP address');
  const mac = scanMac(macText);
  if (mac === null || mac.length !== macText.length) return replyError('bad MAC address');
  native.setNeighbour(bridge, ip, mac.bytes);
  return OK;
}

const flushNeighbours: Run = (native) => {
  native.flushNeighbours();
  return OK;
};

function aging(native: NativeTunnels, [text]: readonly string[]): UnixctlResult {
  const { neighbours } = native;
  if (text === undefined) return reply(String(neighbours.agingMs / MS_PER_SEC));
  const found = /^\s*\+?(\d+)/.exec(text);
  const seconds = found === null ? 0 : Number(found[1]);
  if (seconds === 0 || seconds > MAX_AGING_SEC) return replyError('bad aging value');
  neighbours.setAging(seconds * MS_PER_SEC, native.nowMs);
  return OK;
}

function showPorts(native: NativeTunnels, [option]: readonly string[]): UnixctlResult {
  const table = native.terminations();
  const lines =
    option?.toLowerCase() === '-v'
      ? table
          .list()
          .map(({ match, port }) => `${port.name} (${port.odpPort}) : ${formatOdpKey(match.key, match.mask)}\n`)
      : table.ports.map(({ name, odpPort, count }) => `${name} (${odpPort}) ref_cnt=${count}\n`);
  return reply(`Listening ports:\n${lines.join('')}`);
}

function egressPortRange(_native: NativeTunnels, args: readonly string[]): UnixctlResult {
  if (args.length < 2) return reply(`Tunnel UDP source port range: ${DEFAULT_PORT_RANGE}\n`);
  const ports = args.map(parseLeadingDecimal);
  const bad = ports.findIndex((port) => port <= 0 || port > 0xffff);
  if (bad >= 0) return reply(bad === 0 ? 'Invalid min.' : 'Invalid max.');
  const range = ports.sort((a, b) => a - b).join('-');
  return range === DEFAULT_PORT_RANGE
    ? OK
    : replyError('ranges of source ports other than the usual are not built yet');
}

function setAddress(native: NativeTunnels, device: string, address: ParsedAddress): UnixctlResult {
  if (!native.hasDevice(device)) return replyError('Unknown Dummy Interface');
  if ('error' in address) return replyError(address.error);
  native.setAddress(device, address);
  return OK;
}

const both = (command: string): readonly string[] => [`tnl/arp/${command}`, `tnl/neigh/${command}`];

const ENTRIES: readonly Entry[] = [
  {
    names: ['ovs/route/add'],
    usage: 'ip_addr/prefix_len out_br_name [gw] [pkt_mark=mark]',
    args: [2, 4],
    run: addRoute,
  },
  { names: ['ovs/route/del'], usage: 'ip_addr/prefix_len [pkt_mark=mark]', args: [1, 2], run: deleteRoute },
  { names: ['ovs/route/show'], usage: '', args: [0, 0], run: showRoutes },
  { names: ['ovs/route/lookup'], usage: 'ip_addr [pkt_mark=mark]', args: [1, 2], run: lookupRoute },
  { names: both('show'), usage: '', args: [0, 0], run: showNeighbours },
  { names: both('set'), usage: 'BRIDGE IP MAC', args: [3, 3], run: setNeighbour },
  { names: both('flush'), usage: '', args: [0, 0], run: flushNeighbours },
  { names: both('aging'), usage: '[SECS]', args: [0, 1], run: aging },
  { names: ['tnl/ports/show'], usage: '-v', args: [0, 1], run: showPorts },
  { names: ['tnl/egress_port_range'], usage: 'min max', args: [0, 2], run: egressPortRange },
  {
    names: ['netdev-dummy/ip4addr'],
    usage: '[netdev] ipaddr/mask-prefix-len',
    args: [2, 2],
    run: (native, [device, text]) => setAddress(native, device!, parseIpv4Masked(text!)),
  },
  {
    names: ['netdev-dummy/ip6addr'],
    usage: '[netdev] ip6addr',
    args: [2, 2],
    run: (native, [device, text]) => setAddress(native, device!, parseIpv6Network(text!)),
  },
];

export const nativeTunnelCommands = (native: NativeTunnels): readonly UnixctlCommand[] =>
  ENTRIES.flatMap(({ names, usage, args: [minArgs, maxArgs], run }) =>
    names.map((name) => ({ name, usage, minArgs, maxArgs, run: (args) => run(native, args) })),
  );
