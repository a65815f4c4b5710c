/**
 * How a Port record says a bundle carries VLANs (ovs-vswitchd.conf.db(5), "VLAN Configuration").
 * Mirrors port_configure() of bridge.c and bundle_set() of ofproto-dpif.c.
 */
import type { Row } from '#src/ovsdb/database.js';
import type { Bundle, PriorityTags, VlanMode } from './bundle.js';
import { ETH_TYPE_8021AD, ETH_TYPE_8021Q } from './translate/vlan.js';

export type VlanSettings = Pick<
  Bundle,
  'vlanMode' | 'vlan' | 'trunks' | 'cvlans' | 'qinqEthertype' | 'priorityTags' | 'isProtected'
>;

const MODES: ReadonlySet<string> = new Set(['access', 'trunk', 'native-tagged', 'native-untagged', 'dot1q-tunnel']);

function priorityTags(text: string | undefined): PriorityTags {
  if (text === 'if-nonzero' || text === 'true') return 'if-nonzero';
  return text === 'always' ? 'always' : 'never';
}

export function vlanSettings(port: Row): VlanSettings {
  const tag = port.integer('tag');
  const wanted = port.string('vlan_mode');
  const mode: VlanMode =
    wanted !== undefined && MODES.has(wanted) ? (wanted as VlanMode) : tag === undefined ? 'trunk' : 'access';
  const vlan = mode === 'trunk' ? 0 : (tag ?? 0);
  const listed = port.integers('trunks');
  let trunks: Set<number> | null = listed.length === 0 ? null : new Set(listed);
  if (mode === 'access' || mode === 'dot1q-tunnel') trunks = null;
  if ((mode === 'native-tagged' || mode === 'native-untagged') && vlan !== 0) {
    // The native VLAN is always carried, and VLAN 0 is not another name for it.
    if (trunks === null) trunks = new Set(Array.from({ length: 4095 }, (_, i) => i + 1));
    trunks.add(vlan);
    trunks.delete(0);
  }
  const cvlans = port.integers('cvlans');
  const other = port.map('other_config');
  return {
    vlanMode: mode,
    vlan,
    trunks,
    cvlans: mode === 'dot1q-tunnel' && cvlans.length > 0 ? new Set(cvlans) : null,
    qinqEthertype: other.get('qinq-ethtype') === '802.1q' ? ETH_TYPE_8021Q : ETH_TYPE_8021AD,
    priorityTags: priorityTags(other.get('priority-tags')),
    isProtected: port.boolean('protected') ?? false,
  };
}

const sameSet = (a: ReadonlySet<number> | null, b: ReadonlySet<number> | null): boolean =>
  a === null || b === null ? a === b : a.size === b.size && [...a].every((vlan) => b.has(vlan));

/** Would frames be carried otherwise? Then what was learned on the bundle is no longer true. */
export const sameVlanSettings = (a: VlanSettings, b: VlanSettings): boolean =>
  a.vlanMode === b.vlanMode &&
  a.vlan === b.vlan &&
  sameSet(a.trunks, b.trunks) &&
  sameSet(a.cvlans, b.cvlans) &&
  a.qinqEthertype === b.qinqEthertype &&
  a.priorityTags === b.priorityTags &&
  a.isProtected === b.isProtected;
