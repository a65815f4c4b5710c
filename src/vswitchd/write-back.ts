/**
 * What the database should show of the running switch: numbers, addresses, states and errors of interfaces, datapath
 * ids, and that this configuration is in force. Mirrors run_stats_update() and iface_refresh_netdev_status() of bridge.c.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Atom, Database, Datum, Row } from '#src/ovsdb/database.js';
import type { Bridge } from './bridge.js';
import { bfdStatus } from './bfd/bfd-text.js';
import type { SwitchPort } from './bundle.js';
import { cfmColumns } from './cfm/columns.js';
import { DummyNetdev, VirtualNetdev } from './netdev-dummy.js';
import { SUPPORTED_TUNNEL_TYPES } from './tunnel.js';

/** A bridge with its ports by interface name. */
export interface ShownBridge {
  readonly bridge: Bridge;
  readonly interfaces: ReadonlyMap<string, { readonly port: SwitchPort }>;
}

export function writeBack(
  database: Database,
  configured: ReadonlyMap<string, ShownBridge>,
  errors: ReadonlyMap<string, string>,
): void {
  const operations: Record<string, unknown>[] = [];
  const update = updater(operations);
  for (const row of database.rows('Bridge')) {
    const entry = configured.get(row.string('name') ?? '');
    // What was shown of a bridge that can no longer be made stays, as in OVS.
    if (entry === undefined) continue;
    update(row, { datapath_id: entry.bridge.datapathId.toString(16).padStart(16, '0') });
    for (const port of row.refs('ports')) {
      showBond(entry, port, update);
      for (const iface of port.refs('interfaces')) showInterface(entry, iface, errors, update);
    }
  }
  const root = database.rows('Open_vSwitch')[0];
  if (root !== undefined) {
    update(root, {
      cur_cfg: root.integer('next_cfg') ?? 0,
      datapath_types: ['set', ['dummy', 'netdev', 'system']],
      iface_types: ['set', ['dummy', 'internal', 'patch', 'system', 'tap', ...SUPPORTED_TUNNEL_TYPES].sort()],
    });
  }
  if (operations.length > 0) database.transact(operations as never);
}

type Update = (row: Row, values: Record<string, unknown>) => void;

/** Collects updates of the columns whose values differ from the row's. */
function updater(operations: Record<string, unknown>[]): Update {
  return (row, values) => {
    const changed = Object.entries(values).filter(([column, value]) => !isShown(row.get(column), value));
    if (changed.length === 0) return;
    const where = [['_uuid', '==', ['uuid', row.uuid]]];
    operations.push({ op: 'update', table: row.table, where, row: Object.fromEntries(changed) });
  };
}

/** Is the datum what this JSON (a scalar, or a set or map of them) stands for? */
function isShown(datum: Datum, json: unknown): boolean {
  if (!Array.isArray(json)) return Array.isArray(datum) && datum.length === 1 && datum[0] === json;
  const [kind, members] = json as [string, readonly unknown[]];
  if (kind === 'map') {
    if (!(datum instanceof Map) || datum.size !== members.length) return false;
    return (members as readonly [Atom, Atom][]).every(([key, value]) => datum.get(key) === value);
  }
  return Array.isArray(datum) && datum.length === members.length && members.every((member) => datum.includes(member));
}

/** Shows what spanning trees have come to: of bridges and of their ports. */
export function writeTreeStatus(database: Database, configured: ReadonlyMap<string, ShownBridge>, nowMs: number): void {
  const operations: Record<string, unknown>[] = [];
  const update = updater(operations);
  for (const row of database.rows('Bridge')) {
    const bridge = configured.get(row.string('name') ?? '')?.bridge;
    if (bridge === undefined) continue;
    update(row, statusColumns(bridge.tree?.protocol ?? null, bridge.tree?.bridgeColumns() ?? null));
    for (const port of row.refs('ports')) {
      const place = bridge.portNamed(port.string('name') ?? '');
      const columns = place === null ? null : (bridge.tree?.portColumns(place, nowMs) ?? null);
      update(port, statusColumns(bridge.tree?.protocol ?? null, columns));
    }
  }
  if (operations.length > 0) database.transact(operations as never);
}

const mapColumn = (values: Readonly<Record<string, unknown>> | null): unknown => ['map', Object.entries(values ?? {})];

/** Each protocol has a column of its own; the other's is empty. */
const statusColumns = (
  protocol: 'STP' | 'RSTP' | null,
  values: Readonly<Record<string, unknown>> | null,
): Record<string, unknown> => ({
  status: mapColumn(protocol === 'STP' ? values : null),
  rstp_status: mapColumn(protocol === 'RSTP' ? values : null),
});

/** Shows what interfaces and spanning trees have counted. */
export function writeStatistics(database: Database, configured: ReadonlyMap<string, ShownBridge>): void {
  const operations: Record<string, unknown>[] = [];
  const update = updater(operations);
  for (const row of database.rows('Bridge')) {
    const entry = configured.get(row.string('name') ?? '');
    if (entry === undefined) continue;
    const { tree } = entry.bridge;
    for (const port of row.refs('ports')) {
      const place = entry.bridge.portNamed(port.string('name') ?? '');
      const counts = place === null ? null : (tree?.portCounts(place) ?? null);
      update(port, {
        statistics: mapColumn(tree?.protocol === 'STP' ? counts : null),
        rstp_statistics: mapColumn(tree?.protocol === 'RSTP' ? counts : null),
      });
      for (const iface of port.refs('interfaces')) {
        const device = entry.interfaces.get(iface.string('name') ?? '')?.port;
        if (device !== undefined) update(iface, { statistics: statisticsOf(device) });
      }
    }
  }
  if (operations.length > 0) database.transact(operations as never);
}

/** Interface:statistics: the counters that a device keeps, by OVS's names of them. */
function statisticsOf(port: SwitchPort): unknown {
  const { netdev, credited } = port;
  const stats = netdev instanceof VirtualNetdev ? credited : netdev.stats();
  const { rxPackets, rxBytes, txPackets, txBytes } = stats;
  const counted: [string, number][] = [
    ['rx_bytes', rxBytes],
    ['rx_packets', rxPackets],
    ['tx_bytes', txBytes],
    ['tx_packets', txPackets],
  ];
  if (netdev instanceof DummyNetdev) {
    // A dummy has one queue, and two counters that show what counters of a driver's own look like.
    for (const [name, count] of counted.slice()) counted.push([name.replace('_', '_q0_'), count]);
    counted.push(['rx_custom_packets_1', rxPackets], ['rx_custom_packets_2', rxPackets]);
  } else if ('rxDropped' in stats) {
    const { rxDropped, rxErrors, txDropped, txErrors } = stats;
    counted.push(
      ['rx_dropped', rxDropped],
      ['rx_errors', rxErrors],
      ['tx_dropped', txDropped],
      ['tx_errors', txErrors],
    );
  }
  return ['map', counted.filter(([, count]) => count >= 0)];
}

/** Why a patch port leads nowhere, in OVS's words. */
function peerError({ peerName, bridge }: SwitchPort): string {
  return `No usable peer '${peerName}' exists in '${bridge.backer.name.split('@')[0]}' datapath.`;
}

/** Shows what mirrors have copied, where that has changed. */
export function writeMirrorStatistics(database: Database, configured: ReadonlyMap<string, ShownBridge>): void {
  const operations: Record<string, unknown>[] = [];
  for (const row of database.rows('Bridge')) {
    const mirrors = configured.get(row.string('name') ?? '')?.bridge.mirrors;
    for (const mirror of row.refs('mirrors')) {
      // A mirror that could not be made shows nothing.
      const counted = mirrors?.get(mirror.uuid);
      const statistics = new Map<unknown, unknown>();
      if (counted !== undefined) statistics.set('tx_bytes', counted.bytes).set('tx_packets', counted.packets);
      const shown = mirror.get('statistics');
      if (shown instanceof Map && isDeepStrictEqual(shown, statistics)) continue;
      const where = [['_uuid', '==', ['uuid', mirror.uuid]]];
      operations.push({ op: 'update', table: 'Mirror', where, row: { statistics: ['map', [...statistics]] } });
    }
  }
  if (operations.length > 0) database.transact(operations as never);
}

/** Which member of a bond is active, by its address: once there has been one. */
function showBond({ bridge }: ShownBridge, port: Row, update: Update): void {
  const name = port.string('name');
  const bond = bridge.bundles.find((bundle) => bundle.name === name)?.bond;
  if (bond?.hasChosen === true) update(port, { bond_active_slave: macColumn(bond.activeMac) });
}

const macColumn = (mac: Uint8Array): string => Buffer.from(mac).toString('hex').match(/../g)!.join(':');

function showInterface(entry: ShownBridge, iface: Row, errors: ReadonlyMap<string, string>, update: Update): void {
  const name = iface.string('name') ?? '';
  const port = entry.interfaces.get(name)?.port;
  const isAlone = port !== undefined && port.peerName !== null && port.bridge.peerOf(port) === null;
  const error = errors.get(name) ?? (isAlone ? peerError(port) : undefined);
  const none = ['set', []];
  if (port === undefined) {
    update(iface, {
      ofport: -1,
      error: error ?? none,
      mac_in_use: none,
      admin_state: none,
      link_state: none,
      // As in OVS the other columns of CFM, and BFD's, are not.
      cfm_fault: none,
      cfm_fault_status: none,
      cfm_remote_mpids: none,
    });
    return;
  }
  const { netdev } = port;
  const isVirtual = netdev instanceof VirtualNetdev;
  update(iface, {
    ofport: port.ofPort,
    error: error ?? none,
    mac_in_use: macColumn(netdev.mac),
    admin_state: netdev.up ? 'up' : 'down',
    link_state: netdev.carrier ? 'up' : 'down',
    ifindex: netdev.ifindex,
    lacp_current: port.bundle?.lacp == null ? none : port.bundle.lacp.isCurrent(port),
    mtu: isVirtual ? none : netdev.mtu,
    bfd_status: ['map', port.bfd === null ? [] : bfdStatus(port.bfd)],
    ...cfmColumns(port.cfm),
    // The first time at once, then as time goes on.
    ...((iface.get('statistics') as ReadonlyMap<Atom, Atom>).size === 0 ? { statistics: statisticsOf(port) } : {}),
  });
}
