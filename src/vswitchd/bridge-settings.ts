/** Settings of a bridge as a whole: its datapath, the versions of OpenFlow that it speaks, its MTU. Mirrors bridge.c. */
import type { OpenFlowVersion } from '#src/openflow/protocol.js';
import type { Row } from '#src/ovsdb/database.js';
import type { Bridge } from './bridge.js';
import type { SwitchPort } from './bundle.js';
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
