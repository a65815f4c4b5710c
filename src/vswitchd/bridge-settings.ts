/** Settings of a bridge as a whole: its datapath, the versions of OpenFlow that it speaks, its MTU. Mirrors bridge.c. */
import { OFPP_LOCAL } from '#src/openflow/ports.js';
import type { OpenFlowVersion } from '#src/openflow/protocol.js';
import type { Row } from '#src/ovsdb/database.js';
import type { Bridge } from './bridge.js';
import type { SwitchPort } from './bundle.js';
import { DEFAULT_GROUP_IDLE_SEC, DEFAULT_MAX_GROUPS, McastSnooping } from './mcast-snooping.js';
import { DummyNetdev } from './netdev-dummy.js';

export const backerType = (row: Row): string => {
  const type = row.string('datapath_type') ?? '';
  return type === '' ? 'system' : type;
};

/** Types of datapaths that there are (ofproto_enumerate_types). */
const DATAPATH_TYPES: ReadonlySet<string> = new Set(['system', 'netdev', 'dummy']);

/** OVS makes no bridge of a name that would be a path, nor on a datapath that it does not have. */
export const canBeBridge = (row: Row): boolean =>
  !(row.string('name') ?? '').includes('/') && DATAPATH_TYPES.has(backerType(row));

/** Bridge:protocols. */
export const versionsOf = (row: Row): readonly OpenFlowVersion[] =>
  row.strings('protocols').map((name) => Number(name.replace('OpenFlow', '')) as OpenFlowVersion);

/**
 * The bridge's MAC is the least of its ports' (those that are the maker's own, not locally administered), or else
 * defaultMac; its datapath id follows from it.
 */
export function configureIdentity(bridge: Bridge, defaultMac: Uint8Array, other: ReadonlyMap<string, string>): void {
  const local = bridge.ports.get(OFPP_LOCAL);
  const candidates = [...bridge.ports.values()]
    .filter((port) => port !== local && port.odpPort !== null && port.tunnel === null)
    .map((port) => port.netdev.mac)
    .filter((mac) => (mac[0]! & 3) === 0 && mac.some((byte) => byte !== 0))
    .sort((a, b) => Buffer.compare(a, b));
  const mac = parseMac(other.get('hwaddr')) ?? candidates[0] ?? defaultMac;
  if (local !== undefined && Buffer.compare(mac, local.netdev.mac) !== 0) local.netdev.setMac(mac);
  const wanted = other.get('datapath-id');
  const isId = wanted !== undefined && /^([0-9a-f]{16}|0x[0-9a-f]{1,16})$/i.test(wanted);
  bridge.datapathId = BigInt(`0x${isId ? wanted.replace(/^0x/i, '') : Buffer.from(mac).toString('hex')}`);
}

/** Six bytes of a whole address in hexadecimal, or null. */
export function parseMac(text: string | undefined): Uint8Array | null {
  if (text === undefined || !/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)) return null;
  return Uint8Array.from(text.split(':'), (byte) => Number.parseInt(byte, 16));
}

/** Bridge:mcast_snooping_enable, and what other_config of the bridge and its ports says about it. */
export function configureMcastSnooping(bridge: Bridge, row: Row): void {
  const change = (): void => bridge.backer.noteChange();
  if (row.boolean('mcast_snooping_enable') !== true) {
    if (bridge.mcast !== null) change();
    bridge.mcast = null;
    return;
  }
  if (bridge.mcast === null) change();
  const mcast = bridge.mcast ?? new McastSnooping(change);
  bridge.mcast = mcast;
  const other = row.map('other_config');
  mcast.setIdleSec(Number(other.get('mcast-snooping-aging-time') ?? 0) || DEFAULT_GROUP_IDLE_SEC);
  mcast.setMaxGroups(Number(other.get('mcast-snooping-table-size') ?? 0) || DEFAULT_MAX_GROUPS);
  const floods = other.get('mcast-snooping-disable-flood-unregistered') !== 'true';
  if (floods !== mcast.floodsUnregistered) change();
  mcast.floodsUnregistered = floods;
  const ports = new Map(row.refs('ports').map((port) => [port.string('name'), port.map('other_config')]));
  for (const bundle of bridge.bundles) {
    const settings = ports.get(bundle.name);
    const isSet = (name: string): boolean => settings?.get(name) === 'true';
    mcast.setFlood(bundle, isSet('mcast-snooping-flood'), isSet('mcast-snooping-flood-reports'));
  }
}

/** Internal ports that ask for no MTU have the least of the other ports' (update_mtu() of ofproto.c). */
export function configureMtu(bridge: Bridge, row: Row): void {
  const others: number[] = [];
  const internal: SwitchPort[] = [];
  for (const port of bridge.ports.values()) {
    if (!(port.netdev instanceof DummyNetdev)) continue;
    if (port.netdev.type === 'dummy-internal') internal.push(port);
    else others.push(port.netdev.mtu);
  }
  const mtu = others.length === 0 ? 1500 : Math.min(...others);
  const asking = new Set<string>();
  if (internal.some((port) => port.netdev.mtu !== mtu)) {
    for (const port of row.refs('ports')) {
      for (const iface of port.refs('interfaces')) {
        if (iface.integer('mtu_request') !== undefined) asking.add(iface.string('name') ?? '');
      }
    }
  }
  for (const { name, netdev } of internal) if (netdev.mtu !== mtu && !asking.has(name)) netdev.setMtu(mtu);
}
