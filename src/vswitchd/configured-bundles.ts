/** Brings the bundles of a bridge in line with its Port records. Mirrors port_configure() and bundle_set(). */
import type { Row } from '#src/ovsdb/database.js';
import type { Bonds } from './bond/bonds.js';
import type { Bridge } from './bridge.js';
import type { Bundle, SwitchPort } from './bundle.js';
import type { ConfiguredBridge } from './configured-bridge.js';
import { hashString, OvsHmap } from './ovs-hmap.js';
import { updateFlooding } from './spanning-tree/port-state.js';
import { forwardsIn } from './spanning-tree/tree.js';
import type { SpanningTrees } from './spanning-tree/spanning-trees.js';
import { sameVlanSettings, vlanSettings } from './vlan-settings.js';

/** A bridge's own port, unless it has a record. */
const PLAIN_TRUNK = {
  vlanMode: 'trunk',
  vlan: 0,
  trunks: null,
  cvlans: null,
  qinqEthertype: 0x88a8,
  priorityTags: 'never',
  isProtected: false,
} as const;

export interface BundleSurroundings {
  readonly bonds: Bonds;
  /** All bridges, of whatever datapath. */
  readonly bridges: ReadonlyMap<string, { readonly bridge: Bridge }>;
}

export function configureBundles(entry: ConfiguredBridge, row: Row, surroundings: BundleSurroundings): void {
  const { bridge } = entry;
  const rows = new Map(row.refs('ports').map((port) => [port.string('name') ?? '', port] as const));
  const names = new OvsHmap<string, true>(hashString);
  for (const name of [bridge.name, ...rows.keys()]) names.set(name, true);
  for (const name of names.keys()) {
    const port = rows.get(name) ?? null;
    const members = membersOf(name, port);
    const known = entry.bundles.get(name);
    const isSettled = members.every((member) => entry.interfaces.get(member)?.port.bundle === known);
    if (known !== undefined && entry.portRows.get(name) === port && isSettled) continue;
    entry.portRows.set(name, port);
    const settings = port === null ? PLAIN_TRUNK : vlanSettings(port);
    let bundle = known;
    if (bundle === undefined) {
      bundle = { name, bridge, ports: [], ...settings, bond: null, lacp: null, floodsInTree: true };
      entry.bundles.set(name, bundle);
      bridge.bundles.push(bundle);
    } else if (!sameVlanSettings(bundle, settings)) {
      Object.assign(bundle, settings);
      bridge.forgetLearned(bundle);
    }
    for (const member of members) {
      const switchPort = entry.interfaces.get(member)?.port;
      if (switchPort === undefined || switchPort.bundle === bundle) continue;
      leaveBundle(switchPort, surroundings);
      switchPort.bundle = bundle;
      bundle.ports.push(switchPort);
      if (bridge.tree !== null && !forwardsIn(switchPort.tree.state)) bundle.floodsInTree = false;
    }
  }
}

/** Bonds, LACP and the spanning tree, once it is known which MAC address the bridge has: they go by it. */
export function configureProtocols(entry: ConfiguredBridge, row: Row, bonds: Bonds, trees: SpanningTrees): void {
  const { bridge, portRows } = entry;
  const local = [...bridge.ports.values()].find(({ name }) => name === bridge.name);
  const mac = local?.netdev.mac ?? new Uint8Array(6);
  const bundles = [...entry.bundles.values()].map((bundle) => [bundle, portRows.get(bundle.name) ?? null] as const);
  trees.configure(bridge, row, bundles, mac);
  for (const [bundle, port] of bundles) bonds.configure(bundle, port, mac);
}

const membersOf = (name: string, port: Row | null): readonly string[] =>
  port?.refs('interfaces').map((iface) => iface.string('name') ?? '') ?? [name];

export function removeBundle(entry: ConfiguredBridge, bundle: Bundle, surroundings: BundleSurroundings): void {
  entry.bundles.delete(bundle.name);
  entry.portRows.delete(bundle.name);
  surroundings.bonds.forget(bundle);
  const { bundles, mcast } = entry.bridge;
  const at = bundles.indexOf(bundle);
  if (at >= 0) bundles.splice(at, 1);
  forgetEverywhere(bundle, surroundings);
  mcast?.removeBundle(bundle);
}

/** Takes the port out of the bundle that it is in. What was learned there is no longer true once the bundle is empty. */
export function leaveBundle(port: SwitchPort, surroundings: BundleSurroundings): void {
  const { bundle } = port;
  if (bundle === null) return;
  bundle.ports.splice(bundle.ports.indexOf(port), 1);
  surroundings.bonds.forgetPort(bundle, port);
  if (bundle.ports.length === 0) forgetEverywhere(bundle, surroundings);
  port.bundle = null;
  updateFlooding(bundle);
}

/**
 * Unlearns the machines behind a bundle that goes away, on all bridges: they move elsewhere, and may well be reached by
 * another bridge than before.
 */
function forgetEverywhere(bundle: Bundle, { bridges }: BundleSurroundings): void {
  for (const { mac, vlan } of bundle.bridge.forgetLearned(bundle)) {
    for (const { bridge } of bridges.values()) if (bridge.fdb.lookup(mac, vlan) !== null) bridge.fdb.delete(mac, vlan);
  }
}
