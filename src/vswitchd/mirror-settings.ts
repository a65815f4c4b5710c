/** What the Mirror records of a bridge ask for. Mirrors bridge_configure_mirrors() of vswitchd/bridge.c. */
import type { Row } from '#src/ovsdb/database.js';
import type { Bridge } from './bridge.js';
import type { Bundle } from './bundle.js';
import type { MirrorSettings } from './mirror.js';

/** Brings a bridge's mirrors in line with its record. */
export function configureMirrors(bridge: Bridge, row: Row): void {
  const wanted = new Map<string, MirrorSettings>();
  for (const mirror of row.refs('mirrors')) {
    const settings = settingsOf(bridge, mirror);
    if (settings !== null) wanted.set(mirror.uuid, settings);
  }
  bridge.mirrors.retain((uuid) => wanted.has(uuid));
  for (const [uuid, settings] of wanted) bridge.mirrors.set(uuid, settings);
}

/** Null when the mirror has no output on this bridge. */
function settingsOf(bridge: Bridge, mirror: Row): MirrorSettings | null {
  const byName = new Map(bridge.bundles.map((bundle) => [bundle.name, bundle]));
  const bundlesOf = (column: string): ReadonlySet<Bundle> =>
    new Set(mirror.refs(column).flatMap((port) => byName.get(port.string('name') ?? '') ?? []));
  const outputPort = mirror.refs('output_port')[0];
  const output = outputPort === undefined ? mirror.integer('output_vlan') : byName.get(outputPort.string('name') ?? '');
  if (output === undefined) return null;
  const all = mirror.boolean('select_all') === true ? new Set(bridge.bundles) : null;
  const vlans = mirror.integers('select_vlan');
  return {
    name: mirror.string('name') ?? '',
    sources: all ?? bundlesOf('select_src_port'),
    destinations: all ?? bundlesOf('select_dst_port'),
    vlans: vlans.length === 0 ? null : new Set(vlans),
    output,
    snaplen: mirror.integer('snaplen') ?? 0,
  };
}
