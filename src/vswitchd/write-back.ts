/**
 * What the database should show of the running switch: numbers, addresses, states and errors of interfaces, datapath
 * ids, and that this configuration is in force. Mirrors run_stats_update() and iface_refresh_netdev_status() of bridge.c.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Database, Row } from '#src/ovsdb/database.js';
import type { Bridge } from './bridge.js';
import type { SwitchPort } from './bundle.js';
import { VirtualNetdev } from './netdev-dummy.js';
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
  const update = (row: Row, values: Record<string, unknown>): void => {
    operations.push({ op: 'update', table: row.table, where: [['_uuid', '==', ['uuid', row.uuid]]], row: values });
  };
  for (const row of database.rows('Bridge')) {
    const entry = configured.get(row.string('name') ?? '');
    if (entry !== undefined) update(row, { datapath_id: entry.bridge.datapathId.toString(16).padStart(16, '0') });
    for (const port of row.refs('ports')) {
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
  database.transact(operations as never);
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

function showInterface(
  entry: ShownBridge | undefined,
  iface: Row,
  errors: ReadonlyMap<string, string>,
  update: (row: Row, values: Record<string, unknown>) => void,
): void {
  const name = iface.string('name') ?? '';
  const port = entry?.interfaces.get(name)?.port;
  const error = errors.get(name);
  const none = ['set', []];
  if (port === undefined) {
    update(iface, { ofport: -1, error: error ?? none, mac_in_use: none, admin_state: none, link_state: none });
    return;
  }
  const { netdev } = port;
  const isVirtual = netdev instanceof VirtualNetdev;
  update(iface, {
    ofport: port.ofPort,
    error: error ?? none,
    mac_in_use: Buffer.from(netdev.mac).toString('hex').match(/../g)!.join(':'),
    admin_state: netdev.up ? 'up' : 'down',
    link_state: netdev.carrier ? 'up' : 'down',
    ifindex: netdev.ifindex,
    mtu: isVirtual ? none : netdev.mtu,
  });
}
